use axum::Json;
use axum::extract::State;
use connector_domain::{CloudId, Timestamp};
use connector_store::{ContentFilter, MirrorKind};
use serde::Deserialize;
use utoipa::IntoParams;

use super::content::{BodyQuery, WithBody, with_body};
use super::mirrored::{DeletedRows, page_of};
use super::rows::{BlogPost, Page};
use crate::App;
use crate::http::access::{Access, Read};
use crate::http::cursor;
use crate::http::extract::{Path, Query};
use crate::http::problem::{Problem, Problems};

#[derive(Deserialize, IntoParams)]
pub(crate) struct PostQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// Only those of this site.
    cloud_id: Option<String>,
    /// Only those of this space.
    space_key: Option<String>,
    /// Only those that changed in Confluence at this time (RFC 3339) or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_since: Option<Timestamp>,
    /// Whether those that are gone from Confluence are shown too, or alone.
    #[serde(default)]
    #[param(inline)]
    deleted: DeletedRows,
    /// The most rows to answer with, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// List the mirrored blog posts, by title.
#[utoipa::path(get, path = "/api/confluence/blog-posts", tag = "Confluence", params(PostQuery), responses(
    (status = 200, description = "A part of the blog posts.", body = Page<BlogPost>),
    Problems,
))]
pub(crate) async fn list_blog_posts(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<PostQuery>,
) -> Result<Json<Page<BlogPost>>, Problem> {
    let Some(owner) = caller.owner(&app, query.owner_id).await? else {
        return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
    };
    let limit = cursor::page_limit(query.limit)?;
    let after = cursor::decode::<(String, i64)>(query.cursor.as_deref())?;
    let after = after.as_ref().map(|(title, id)| (title.as_str(), *id));
    let cloud_id = query.cloud_id.map(CloudId::new);
    let filter = ContentFilter {
        cloud_id: cloud_id.as_ref(),
        space_key: query.space_key.as_deref(),
        updated_since: query.updated_since,
        deleted: query.deleted.into(),
    };
    let rows = app.store().list_by_title(owner, &filter, after, Some(limit + 1)).await?;
    Ok(Json(page_of(rows, limit)))
}

/// Find a mirrored blog post by Confluence's id of it.
#[utoipa::path(get, path = "/api/confluence/blog-posts/{id}", tag = "Confluence",
    params(("id" = String, Path), BodyQuery),
    responses((status = 200, description = "The blog post.", body = WithBody<BlogPost>), Problems)
)]
pub(crate) async fn find_blog_post(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id): Path<String>,
    Query(query): Query<BodyQuery>,
) -> Result<Json<WithBody<BlogPost>>, Problem> {
    let post: BlogPost = query.find(&app, &caller, &id, "There is no such blog post.").await?;
    let place = Some((post.cloud_id.clone(), post.body_version));
    with_body(&app, MirrorKind::ConfluenceBlogPosts, post.owner_id, &id, place, query.body, post).await
}
