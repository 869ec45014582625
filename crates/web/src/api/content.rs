//! Bodies of pages and blog posts, and what lies below them.

use axum::Json;
use axum::extract::State;
use connector_domain::{CloudId, UserId};
use connector_store::{MirrorKind, View};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::mirrored::below;
use super::rows::{Attachment, BlogPost, ContentComment, FullWikiPage, Label, Page};
use crate::App;
use crate::http::access::{Access, Read};
use crate::http::caller::Caller;
use crate::http::extract::{Path, Query};
use crate::http::problem::{Problem, Problems};

/// How the body is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BodyFormat {
    #[default]
    Markdown,
    /// Confluence's storage format.
    Storage,
    None,
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct BodyQuery {
    /// Whose; the session's person where it is left out, else the first user.
    pub(crate) owner_id: Option<i64>,
    /// The site, where several know this id.
    pub(crate) cloud_id: Option<String>,
    /// How the body is given.
    #[serde(default)]
    #[param(inline)]
    pub(crate) body: BodyFormat,
}

impl BodyQuery {
    pub(crate) async fn find<V: View>(
        &self,
        app: &App,
        caller: &Caller,
        id: &str,
        missing: &str,
    ) -> Result<V, Problem> {
        find(app, caller, id, self.owner_id, self.cloud_id.as_deref(), missing).await
    }
}

async fn find<V: View>(
    app: &App,
    caller: &Caller,
    id: &str,
    owner_id: Option<i64>,
    cloud_id: Option<&str>,
    missing: &str,
) -> Result<V, Problem> {
    let missing = || Problem::not_found(missing);
    let owner = caller.owner(app, owner_id).await?.ok_or_else(missing)?;
    let cloud_id = cloud_id.map(CloudId::new);
    app.store().find_remote(owner, cloud_id.as_ref(), id).await?.ok_or_else(missing)
}

/// A page or a blog post with its body.
#[derive(Serialize, ToSchema)]
pub(crate) struct WithBody<T> {
    #[serde(flatten)]
    row: T,
    /// Null where none is stored or asked for.
    body: Option<ContentBody>,
}

/// The body of a page or a blog post.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContentBody {
    format: BodyFormat,
    /// The version that this is the body of. The row may be newer for as long as its body was not read.
    version: i64,
    value: String,
}

/// Adds the body; `place` is the site and the version of the body.
pub(crate) async fn with_body<T>(
    app: &App,
    kind: MirrorKind,
    owner_id: i64,
    id: &str,
    place: Option<(String, Option<i64>)>,
    format: BodyFormat,
    row: T,
) -> Result<Json<WithBody<T>>, Problem> {
    let stored = match format {
        BodyFormat::Markdown => Some(connector_store::BodyFormat::Markdown),
        BodyFormat::Storage => Some(connector_store::BodyFormat::Storage),
        BodyFormat::None => None,
    };
    let (Some(stored), Some((cloud_id, Some(version)))) = (stored, place) else {
        return Ok(Json(WithBody { row, body: None }));
    };
    let value = app.store().find_body(UserId(owner_id), kind, &CloudId::new(cloud_id), id, stored).await?;
    Ok(Json(WithBody { row, body: value.map(|value| ContentBody { format, version, value }) }))
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct BelowQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// The site, where several know this id.
    cloud_id: Option<String>,
    /// The most rows to answer with, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

impl BelowQuery {
    async fn of_page<V: View>(self, app: &App, caller: &Caller, id: &str) -> Result<Json<Page<V>>, Problem> {
        let missing = "There is no such page.";
        let page: FullWikiPage =
            find(app, caller, id, self.owner_id, self.cloud_id.as_deref(), missing).await?;
        // Below a page that was put in by hand is nothing.
        let Some(cloud_id) = page.cloud_id else {
            return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
        };
        let parent = (page.owner_id, CloudId::new(cloud_id), page.page_id);
        below(app, &parent, self.limit, self.cursor.as_deref()).await
    }

    async fn of_blog_post<V: View>(
        self,
        app: &App,
        caller: &Caller,
        id: &str,
    ) -> Result<Json<Page<V>>, Problem> {
        let missing = "There is no such blog post.";
        let post: BlogPost = find(app, caller, id, self.owner_id, self.cloud_id.as_deref(), missing).await?;
        let parent = (post.owner_id, CloudId::new(post.cloud_id), post.remote_id);
        below(app, &parent, self.limit, self.cursor.as_deref()).await
    }
}

/// The list of one kind below a page or a blog post.
macro_rules! below_content {
    ($($(#[doc = $doc:literal])* $name:ident: $path:literal, $row:ident, $of:ident;)*) => {$(
        $(#[doc = $doc])*
        #[utoipa::path(get, path = $path, tag = "Confluence", params(("id" = String, Path), BelowQuery),
            responses((status = 200, description = "A part of them.", body = Page<$row>), Problems)
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            caller: Access<Read>,
            Path(id): Path<String>,
            Query(query): Query<BelowQuery>,
        ) -> Result<Json<Page<$row>>, Problem> {
            query.$of(&app, &caller, &id).await
        }
    )*};
}

below_content! {
    /// List the comments on a page.
    list_page_comments: "/api/confluence/pages/{id}/comments", ContentComment, of_page;
    /// List the labels on a page.
    list_page_labels: "/api/confluence/pages/{id}/labels", Label, of_page;
    /// List the attachments of a page.
    list_page_attachments: "/api/confluence/pages/{id}/attachments", Attachment, of_page;
    /// List the comments on a blog post.
    list_blog_post_comments: "/api/confluence/blog-posts/{id}/comments", ContentComment, of_blog_post;
    /// List the labels on a blog post.
    list_blog_post_labels: "/api/confluence/blog-posts/{id}/labels", Label, of_blog_post;
    /// List the attachments of a blog post.
    list_blog_post_attachments: "/api/confluence/blog-posts/{id}/attachments", Attachment, of_blog_post;
}
