//! Confluence Cloud REST API: version 2, and what is left of version 1.

mod attachment;
mod body;
mod comment;
mod error;
mod label;
mod page;
mod paging;
mod space;
mod time;
mod tree;
mod v1;
mod version;

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
        .route("/pages/{id}/children", needs(get(tree::children), &[READ_PAGE]))
        .route("/pages/{id}/direct-children", needs(get(tree::direct_children), &[READ_TREE]))
        .route("/pages/{id}/ancestors", needs(get(tree::ancestors), &[READ_METADATA]))
        .route("/folders/{id}", needs(get(tree::folder), &[READ_FOLDER]))
        .route("/pages/{id}/versions", needs(get(version::list), &[READ_PAGE]))
        .route("/pages/{id}/versions/{number}", needs(get(version::show), &[READ_PAGE]))
        .route("/pages/{id}/labels", needs(get(label::list), &[READ_PAGE]))
        .route("/pages/{id}/attachments", needs(get(attachment::list), &[READ_ATTACHMENT]))
        .route("/attachments/{id}", needs(get(attachment::show), &[READ_ATTACHMENT]))
        .route("/pages/{id}/footer-comments", needs(get(comment::footer), &[READ_COMMENT]))
        .route("/pages/{id}/inline-comments", needs(get(comment::inline), &[READ_COMMENT]))
        .route("/footer-comments/{id}/children", needs(get(comment::replies), &[READ_COMMENT]))
        .route("/inline-comments/{id}/children", needs(get(comment::replies), &[READ_COMMENT]))
        .route("/{*path}", any(error::unknown_route));
    let v1 = Router::new()
        .route("/search", needs(get(v1::search::search), &[&["search:confluence"], CONTENT_DETAILS]))
        .route("/user/current", needs(get(v1::user::current), &[&["read:confluence-user"], CONTENT_DETAILS]))
        .route("/{*path}", any(v1::gone));
    Router::new().nest("/api/v2", v2).nest("/rest/api", v1)
}

// Version 2 knows granular scopes only.
const READ_SPACE: &[&str] = &["read:space:confluence"];
const READ_PAGE: &[&str] = &["read:page:confluence"];
const READ_TREE: &[&str] = &["read:hierarchical-content:confluence"];
const READ_METADATA: &[&str] = &["read:content.metadata:confluence"];
const READ_FOLDER: &[&str] = &["read:folder:confluence"];
const READ_ATTACHMENT: &[&str] = &["read:attachment:confluence"];
const READ_COMMENT: &[&str] = &["read:comment:confluence"];
const CONTENT_DETAILS: &[&str] = &["read:content-details:confluence"];
