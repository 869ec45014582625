//! The scopes that an operation needs, as Atlassian's API documents list them.

use axum::{
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::MethodRouter,
};

use super::Caller;
use crate::{app::Sandbox, oauth::scope_does_not_match};

/// Makes an operation ask for scopes: a token must have all of at least one of the sets. Operations of Jira have a
/// classic and a granular set; operations of Confluence v2 have a granular one only.
pub fn needs(
    operation: MethodRouter<Sandbox>,
    any_of: &'static [&'static [&'static str]],
) -> MethodRouter<Sandbox> {
    operation.route_layer(middleware::from_fn(async move |request: Request, next: Next| -> Response {
        let scopes = request.extensions().get::<Caller>().and_then(|caller| caller.scopes.as_ref());
        let fits = |set: &&[&str]| scopes.is_none_or(|scopes| set.iter().all(|scope| scopes.contains(scope)));
        if any_of.iter().any(fits) { next.run(request).await } else { scope_does_not_match() }
    }))
}
