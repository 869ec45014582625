use axum::Json;
use axum::extract::State;
use connector_domain::CloudId;
use connector_store::ContentFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::mirrored::{DeletedRows, page_of};
use super::rows::{Page, Space};
use crate::App;
use crate::http::access::{Access, Read};
use crate::http::cursor;
use crate::http::extract::Query;
use crate::http::problem::{Problem, Problems};

#[derive(Deserialize, IntoParams)]
pub(crate) struct PageQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// Only those of this site.
    cloud_id: Option<String>,
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

/// List the stored Confluence spaces, by key.
#[utoipa::path(get, path = "/api/confluence/spaces", tag = "Confluence", params(PageQuery), responses(
    (status = 200, description = "A part of the spaces.", body = Page<Space>),
    Problems,
))]
pub(crate) async fn list_spaces(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Space>>, Problem> {
    let Some(owner) = caller.owner(&app, query.owner_id).await? else {
        return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
    };
    let limit = cursor::page_limit(query.limit)?;
    let after = cursor::decode::<(String, i64)>(query.cursor.as_deref())?;
    let after = after.as_ref().map(|(key, id)| (key.as_str(), *id));
    let cloud_id = query.cloud_id.map(CloudId::new);
    let filter = ContentFilter {
        cloud_id: cloud_id.as_ref(),
        deleted: query.deleted.into(),
        ..ContentFilter::default()
    };
    let rows = app.store().list_by_key(owner, &filter, after, Some(limit + 1)).await?;
    Ok(Json(page_of(rows, limit)))
}
