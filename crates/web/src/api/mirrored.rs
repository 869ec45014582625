//! What the lists of the mirror have in common.

use axum::Json;
use connector_domain::{CloudId, UserId};
use connector_store::{Deleted, Listed, View};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rows::Page;
use crate::App;
use crate::http::cursor;
use crate::http::problem::Problem;

/// Whether rows of things that are gone are shown.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeletedRows {
    #[default]
    Exclude,
    Include,
    Only,
}

impl From<DeletedRows> for Deleted {
    fn from(rows: DeletedRows) -> Self {
        match rows {
            DeletedRows::Exclude => Self::Exclude,
            DeletedRows::Include => Self::Include,
            DeletedRows::Only => Self::Only,
        }
    }
}

/// The answer of rows that were read with one more than `limit`.
pub(crate) fn page_of<V, P: Serialize>(mut rows: Vec<Listed<V, P>>, limit: u64) -> Page<V> {
    let more = cursor::cut(&mut rows, Some(limit));
    let next_cursor = rows.last().filter(|_| more).map(|last| cursor::encode(&last.place));
    Page { items: rows.into_iter().map(|listed| listed.row).collect(), next_cursor }
}

/// A part of what lies below one thing, which is given by its owner, site and id.
pub(crate) async fn below<V: View>(
    app: &App,
    (owner, cloud_id, id): &(i64, CloudId, String),
    limit: Option<u64>,
    cursor: Option<&str>,
) -> Result<Json<Page<V>>, Problem> {
    let limit = cursor::page_limit(limit)?;
    let after = cursor::decode::<(i64, i64)>(cursor)?.map(|(_, id)| id);
    let rows = app.store().list_below(UserId(*owner), cloud_id, id, after, limit + 1).await?;
    Ok(Json(page_of(rows, limit)))
}
