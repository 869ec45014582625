//! Confluence Cloud REST API: version 2, and what is left of version 1.

mod body;
mod error;
mod page;
mod paging;
mod space;
mod time;
mod v1;

use axum::{
    Router,
    routing::{any, get},
};

pub use time::timestamp;

use crate::{app::Sandbox, gateway::needs};

/// All operations, under `/api/v2` and `/rest/api`.
pub fn routes() -> Router<Sandbox> {
    let v2 = Router::new()
        .route("/spaces", needs(get(space::list), &[READ_SPACE]))
        .route("/spaces/{id}", needs(get(space::show), &[READ_SPACE]))
        .route("/spaces/{id}/pages", needs(get(page::list_of_space), &[READ_PAGE]))
        .route("/pages", needs(get(page::list), &[READ_PAGE]))
        .route("/pages/{id}", needs(get(page::show), &[READ_PAGE]))
        .route("/{*path}", any(error::unknown_route));
    let v1 = Router::new()
        .route("/user/current", needs(get(v1::user::current), &[&["read:confluence-user"], CONTENT_DETAILS]))
        .route("/{*path}", any(v1::gone));
    Router::new().nest("/api/v2", v2).nest("/rest/api", v1)
}

// Version 2 knows granular scopes only.
const READ_SPACE: &[&str] = &["read:space:confluence"];
const READ_PAGE: &[&str] = &["read:page:confluence"];
const CONTENT_DETAILS: &[&str] = &["read:content-details:confluence"];
