//! The ways in to a site: with a bearer token through `api.atlassian.com/ex/{product}/{cloudId}`, with an API token
//! at the site's own address.

mod bearer;
mod caller;
mod limits;
mod needs;
mod site;

use axum::{
    Json, Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
};
use serde_json::json;

pub use caller::{Caller, View, sees_project, sees_space};
pub use limits::{Counted, Limits, Refusal429};
pub use needs::needs;
pub use site::product as product_of;

use crate::{app::Sandbox, browse, confluence, jira};

pub fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let through = |state: &Sandbox| state.clone();
    let jira_gateway = jira::routes()
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(through(sandbox), bearer::enter_jira));
    // Here, too, Confluence's paths work with and without `/wiki`.
    let confluence_gateway = confluence::routes()
        .nest("/wiki", confluence::routes())
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(through(sandbox), bearer::enter_confluence));
    // At the site itself as well.
    let site = jira::routes()
        .merge(confluence::site_routes())
        .nest("/wiki", confluence::site_routes())
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(through(sandbox), site::enter));
    Router::new()
        .nest("/ex/jira/{cloud_id}", jira_gateway)
        .nest("/ex/confluence/{cloud_id}", confluence_gateway)
        .nest("/sites/{site}", site)
        .merge(jira::media_routes())
        .merge(browse::routes())
}

/// What the gateway says to a path that no product has.
pub async fn unknown_path() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "code": 404, "message": "Not Found" }))).into_response()
}
