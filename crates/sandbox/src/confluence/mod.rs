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
pub mod truth;
mod v1;
mod version;

use axum::{
    Extension, Router,
    routing::{any, get},
};

pub use body::document;
pub use page::webui;
pub use time::timestamp;

use crate::{app::Sandbox, gateway::needs, world::pages::ContentKind};

/// All operations at the gateway, under `/api/v2` and `/rest/api`, and downloads.
pub fn routes() -> Router<Sandbox> {
    with_v1(Router::new())
}

/// The same at a site, where more of version 1 is left.
pub fn site_routes() -> Router<Sandbox> {
    let more = Router::new()
        .route("/content", get(v1::content::list))
        .route("/content/search", get(v1::content::search))
        .route("/content/{id}", get(v1::content::show))
        .route("/content/{id}/label", get(v1::content::labels))
        .route("/content/{id}/child/{kind}", get(v1::content::children))
        .route("/space", get(v1::space::list))
        .route("/space/{key}", get(v1::space::show));
    with_v1(more)
}

fn with_v1(more: Router<Sandbox>) -> Router<Sandbox> {
    let v2 = Router::new()
        .route("/spaces", needs(get(space::list), &[READ_SPACE]))
        .route("/spaces/{id}", needs(get(space::show), &[READ_SPACE]))
        .route("/pages/{id}/children", needs(get(tree::children), &[READ_PAGE]))
        .route("/pages/{id}/direct-children", needs(get(tree::direct_children), &[READ_TREE]))
        .route("/pages/{id}/descendants", needs(get(tree::descendants_of_page), &[READ_TREE]))
        .route("/pages/{id}/ancestors", needs(get(tree::ancestors), &[READ_METADATA]))
        .route("/folders/{id}", needs(get(tree::folder), &[READ_FOLDER]))
        .route("/folders/{id}/descendants", needs(get(tree::descendants_of_folder), &[READ_TREE]))
        .route("/attachments", needs(get(attachment::list), &[READ_ATTACHMENT]))
        .route("/attachments/{id}", needs(get(attachment::show), &[READ_ATTACHMENT]))
        .route("/footer-comments", needs(get(comment::all_footer), &[READ_COMMENT]))
        .route("/footer-comments/{id}", needs(get(comment::show), &[READ_COMMENT]))
        .route("/footer-comments/{id}/children", needs(get(comment::replies), &[READ_COMMENT]))
        .route("/inline-comments", needs(get(comment::all_inline), &[READ_COMMENT]))
        .route("/inline-comments/{id}", needs(get(comment::show), &[READ_COMMENT]))
        .route("/inline-comments/{id}/children", needs(get(comment::replies), &[READ_COMMENT]))
        .merge(contents(ContentKind::Page))
        .merge(contents(ContentKind::BlogPost))
        .route("/{*path}", any(error::unknown_route));
    let v1 = more
        .route("/search", needs(get(v1::search::search), &[&["search:confluence"], CONTENT_DETAILS]))
        .route("/user/current", needs(get(v1::user::current), &[&["read:confluence-user"], CONTENT_DETAILS]))
        .route("/{*path}", any(v1::gone));
    Router::new()
        .nest("/api/v2", v2)
        .nest("/rest/api", v1)
        .route("/download/attachments/{id}/{name}", needs(get(attachment::download), &[DOWNLOAD]))
}

/// What pages and blog posts have in common.
fn contents(kind: ContentKind) -> Router<Sandbox> {
    let path = |rest: &str| format!("/{}{rest}", kind.folder());
    Router::new()
        .route(&path(""), needs(get(page::list), &[READ_PAGE]))
        .route(&format!("/spaces/{{id}}/{}", kind.folder()), needs(get(page::list_of_space), &[READ_PAGE]))
        .route(&path("/{id}"), needs(get(page::show), &[READ_PAGE]))
        .route(&path("/{id}/versions"), needs(get(version::list), &[READ_PAGE]))
        .route(&path("/{id}/versions/{number}"), needs(get(version::show), &[READ_PAGE]))
        .route(&path("/{id}/labels"), needs(get(label::list), &[READ_PAGE]))
        .route(&path("/{id}/attachments"), needs(get(attachment::list_of_content), &[READ_ATTACHMENT]))
        .route(&path("/{id}/footer-comments"), needs(get(comment::footer), &[READ_COMMENT]))
        .route(&path("/{id}/inline-comments"), needs(get(comment::inline), &[READ_COMMENT]))
        .layer(Extension(kind))
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
const DOWNLOAD: &[&str] = &["readonly:content.attachment:confluence"];
