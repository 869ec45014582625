//! The authorization server and what hangs on its tokens: `auth.atlassian.com`, `/oauth/token/accessible-resources`
//! and `/me` of `api.atlassian.com`.

mod accessible_resources;
mod app;
mod authorize;
mod bearer;
mod grants;
mod limit;
mod me;
mod scopes;
mod token;

use axum::{
    Router,
    routing::{get, post},
};

pub use app::App;
pub use bearer::{Bearer, bearer_token, scope_does_not_match};
pub use grants::{
    Answer, CodeRequest, Delivery, Fingerprint, GrantRow, Grants, Sequence, Standing, TokenEvent, TokenRow,
};
pub use limit::TokenLimit;
pub use scopes::{Product, ScopeSet};
pub use token::{ErrorCode, note_unworked};

use crate::app::Sandbox;

pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/authorize", get(authorize::show).post(authorize::decide))
        .route("/oauth/token", post(token::exchange))
        .route("/oauth/token/accessible-resources", get(accessible_resources::list))
        .route("/me", get(me::show))
}
