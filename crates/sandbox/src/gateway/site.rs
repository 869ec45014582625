//! A site's own address, `{site}.atlassian.net` on the real thing.

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::json;

use super::{Caller, limits::Tenant, unknown_path};
use crate::{
    API_TOKEN,
    app::Sandbox,
    oauth::{Product, bearer_token},
    world::{World, people::PersonIndex, site::Site},
};

#[derive(Deserialize)]
pub struct SitePath {
    site: String,
}

/// Lets everybody in, but who has no valid e-mail address and API token sees nothing: sites answer such requests
/// with empty lists and 404 rather than with 401.
pub async fn enter(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    mut request: Request,
    next: Next,
) -> Response {
    if bearer_token(request.headers()).is_some() {
        let body = json!({ "error": "Failed to parse Connect Session Auth Token" });
        return (StatusCode::FORBIDDEN, Json(body)).into_response();
    }
    let found = {
        let world = sandbox.world();
        world.site_by_name(&path.site).map(|index| {
            let site = &world.sites[index];
            (index, site.name.clone(), site.confluence, person(&world, site, request.headers()))
        })
    };
    let Some((site, name, confluence, person)) = found else {
        return unknown_path().await;
    };
    let product = product(request.uri().path());
    if product == Product::Confluence && !confluence {
        return unknown_path().await;
    }
    let site_url = sandbox.site_url(&name);
    request.extensions_mut().insert(Caller { site, person, scopes: None, root: site_url.clone(), site_url });
    sandbox.limits().admit(sandbox.now(), Tenant { site, product, pays_points: false }, request, next).await
}

/// Jira's resources lie under `/rest/api/2` and `/rest/api/3`; everything else is Confluence's.
pub fn product(path: &str) -> Product {
    if path.contains("/rest/api/2") || path.contains("/rest/api/3") {
        Product::Jira
    } else {
        Product::Confluence
    }
}

/// Basic authentication with e-mail address and API token.
fn person(world: &World, site: &Site, headers: &HeaderMap) -> Option<PersonIndex> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (email, token) = credentials.split_once(':')?;
    let person = world.account_by_email(email)?;
    (token == API_TOKEN && site.has_member(person)).then_some(person)
}
