use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use super::rows::{Page, Space};
use crate::App;
use crate::http::caller::Caller;
use crate::http::cursor;
use crate::http::extract::Query;
use crate::http::problem::{Problem, Problems};

#[derive(Deserialize, IntoParams)]
pub(crate) struct PageQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
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
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Space>>, Problem> {
    let Some(owner) = caller.owner(&app, query.owner_id).await? else {
        return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
    };
    let limit = cursor::limit(Some(query.limit.unwrap_or(cursor::USUAL)))?;
    let after = cursor::decode::<(String, i64)>(query.cursor.as_deref())?;
    let after = after.as_ref().map(|(key, id)| (key.as_str(), *id));
    let mut rows = app.store().list_spaces(owner, after, limit.map(|limit| limit + 1)).await?;
    let more = cursor::cut(&mut rows, limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| cursor::encode(&(&last.key, last.id)));
    Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next_cursor }))
}
