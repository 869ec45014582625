//! Where a list goes on: an opaque text that names the last row given.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The most rows of one page, for lists that have a limit.
pub(crate) const MOST: u64 = 1000;
/// How many where the caller does not say, for lists that are always paged.
pub(crate) const USUAL: u64 = 50;

pub(crate) fn encode(place: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

/// Cursors are values that queries bind as parameters: a forged one finds another place in the caller's own rows.
pub(crate) fn decode<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    place.map(Some).ok_or_else(|| {
        Problem::invalid_field(
            "/query/cursor",
            "is not a cursor of this list: take it from the answer before, unchanged",
        )
    })
}

pub(crate) fn limit(limit: Option<u64>) -> Result<Option<u64>, Problem> {
    if limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
        return Err(Problem::invalid_field("/query/limit", format!("must be from 1 to {MOST}")));
    }
    Ok(limit)
}

/// The limit of a list that is always paged.
pub(crate) fn page_limit(named: Option<u64>) -> Result<u64, Problem> {
    Ok(limit(named)?.unwrap_or(USUAL))
}

/// Cuts what was read with one row more than `limit`: whether there is a next page is known by that row.
pub(crate) fn cut<T>(rows: &mut Vec<T>, limit: Option<u64>) -> bool {
    let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { return false };
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}
