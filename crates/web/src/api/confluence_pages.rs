use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use connector_domain::{CloudId, Timestamp, UserId};
use connector_store::{ContentFilter, Dataset, MirrorKind, PageKey, StoreError};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::content::{BodyQuery, WithBody, with_body};
use super::mirrored::{DeletedRows, page_of};
use super::rows::{FullWikiPage, Page, WikiPage};
use crate::App;
use crate::http::access::{Access, Read, Write};
use crate::http::caller::{existing_owner, unknown_owner};
use crate::http::cursor;
use crate::http::extract::{self, Path, Query};
use crate::http::json::JsonBytes;
use crate::http::list::bare_list;
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;

/// A page to be put in by hand.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UpsertPage {
    /// Whose it is.
    owner_id: i64,
    #[schema(example = "ENG", min_length = 1, max_length = 255)]
    space_key: String,
    /// Confluence's id of the page.
    #[schema(example = "294916", min_length = 1, max_length = 128)]
    page_id: String,
    #[schema(min_length = 1, max_length = 512)]
    title: String,
    /// Deep link.
    #[schema(max_length = 1024)]
    url: Option<String>,
}

/// Create a page, or update the one with this owner, space and id.
#[utoipa::path(post, path = "/confluence/pages", tag = "Confluence", request_body = UpsertPage, responses(
    (status = 201, description = "The page.", body = WikiPage),
    Problems,
))]
pub(crate) async fn upsert_page(
    State(app): State<App>,
    caller: Access<Write>,
    extract::Json(body): extract::Json<UpsertPage>,
) -> Result<(StatusCode, Json<WikiPage>), Problem> {
    Checks::new()
        .required("/space_key", &body.space_key, 255)
        .required("/page_id", &body.page_id, 128)
        .required("/title", &body.title, 512)
        .optional("/url", body.url.as_deref(), 1024)
        .finish()?;
    let owner_id = caller.named_owner(&app, body.owner_id)?;
    let UpsertPage { space_key, page_id, title, url, .. } = body;
    let new = PageKey { owner_id, space_key, page_id, title, url };
    match app.store().upsert_page(new, app.now()).await {
        Ok(page) => Ok((StatusCode::CREATED, Json(page.into()))),
        Err(StoreError::MissingReference(_)) => Err(unknown_owner(owner_id)),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// The most rows to answer with, 1 to 1000; all where it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Where to go on: from the `Link` header of the answer before.
    cursor: Option<String>,
}

/// List the pages of a user, by title.
#[utoipa::path(get, path = "/confluence/pages/{owner_id}", tag = "Confluence", params(("owner_id" = i64, Path), ListQuery),
    responses(
        (status = 200, description = "The pages.", body = Vec<WikiPage>, headers(
            ("Link" = Option<String>, description = "`rel=\"next\"` where there are more (RFC 8288).")
        )),
        Problems,
    )
)]
pub(crate) async fn list_pages_of_owner(
    State(app): State<App>,
    caller: Access<Read>,
    OriginalUri(uri): OriginalUri,
    Path(owner_id): Path<i64>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let owner = caller.named_owner(&app, owner_id)?;
    if query.limit.is_none() && query.cursor.is_none() {
        return all_pages(&app, owner, "list", |pages| serde_json::to_vec(&pages)).await;
    }
    existing_owner(&app, owner).await?;
    let limit = cursor::limit(query.limit)?;
    let after = cursor::decode::<(String, i64)>(query.cursor.as_deref())?;
    let after = after.as_ref().map(|(title, id)| (title.as_str(), *id));
    let more = limit.map(|limit| limit + 1);
    let rows = app.store().list_by_title::<WikiPage>(owner, &ContentFilter::default(), after, more).await?;
    let page = page_of(rows, limit.unwrap_or(u64::MAX));
    Ok(bare_list(&uri, &page.items, page.next_cursor.as_deref()))
}

/// All pages of an owner, as `write` puts them, kept as bytes for as long as they do not change.
pub(crate) async fn all_pages(
    app: &App,
    owner: UserId,
    shape: &str,
    write: impl FnOnce(Vec<WikiPage>) -> serde_json::Result<Vec<u8>>,
) -> Result<Response, Problem> {
    let answer = async {
        let rows = app.store().list_by_title(owner, &ContentFilter::default(), None, None).await?;
        // Only who has nothing may be nobody.
        if rows.is_empty() {
            existing_owner(app, owner).await?;
        }
        write(rows.into_iter().map(|listed| listed.row).collect()).map_err(|_| Problem::internal())
    };
    let bytes = app.store().cached(Dataset::ConfluencePages(owner), shape, answer).await?;
    Ok(JsonBytes(bytes).into_response())
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct PageQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// Only those of this site.
    cloud_id: Option<String>,
    /// Only the pages of this space.
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

/// List the stored Confluence pages, by title.
#[utoipa::path(get, path = "/api/confluence/pages", tag = "Confluence", params(PageQuery), responses(
    (status = 200, description = "A part of the pages.", body = Page<FullWikiPage>),
    Problems,
))]
pub(crate) async fn list_pages(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FullWikiPage>>, Problem> {
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

/// Find a stored page by Confluence's id of it.
#[utoipa::path(get, path = "/api/confluence/pages/{page_id}", tag = "Confluence",
    params(("page_id" = String, Path), BodyQuery),
    responses((status = 200, description = "The page.", body = WithBody<FullWikiPage>), Problems)
)]
pub(crate) async fn find_page(
    State(app): State<App>,
    caller: Access<Read>,
    Path(page_id): Path<String>,
    Query(query): Query<BodyQuery>,
) -> Result<Json<WithBody<FullWikiPage>>, Problem> {
    let page: FullWikiPage = query.find(&app, &caller, &page_id, "There is no such page.").await?;
    let place = page.cloud_id.clone().map(|cloud_id| (cloud_id, page.body_version));
    with_body(&app, MirrorKind::ConfluencePages, page.owner_id, &page_id, place, query.body, page).await
}
