//! The lists of Jira that are read by `startAt`: `{"startAt", "total", "isLast", "values": […]}`, with or without
//! `isLast`, and with the array under a name of its own in older calls.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::ApiError;
use crate::http::Answer;
use crate::page::Page;

/// Reads one page, whose records stand under `array`.
///
/// Steps by what came, not by what was asked for: Jira gives fewer than that as it likes.
pub fn read_page<T: DeserializeOwned>(
    answer: &Answer,
    array: &str,
    asked_start: u64,
) -> Result<Page<T, u64>, ApiError> {
    let body: HashMap<&str, &RawValue> = answer.json()?;
    let number = |name| body.get(name).and_then(|value| serde_json::from_str::<u64>(value.get()).ok());
    let records: Vec<&RawValue> = body
        .get(array)
        .and_then(|records| serde_json::from_str(records.get()).ok())
        .ok_or_else(|| ApiError::malformed("its fields are not those documented"))?;
    let is_last = body.get("isLast").and_then(|value| serde_json::from_str::<bool>(value.get()).ok());
    let total = number("total");
    let start = number("startAt").unwrap_or(asked_start);
    if start != asked_start {
        return Err(ApiError::malformed(format!("a page from {start} instead of {asked_start}")));
    }
    let end = start.saturating_add(records.len() as u64);
    let is_complete = total.is_some_and(|total| end >= total);
    if records.is_empty() && is_last == Some(false) && !is_complete {
        return Err(ApiError::malformed("an empty page before the end of the list"));
    }
    let is_last = records.is_empty() || is_last.unwrap_or(is_complete);
    Ok(Page::read(answer, &records, (!is_last).then_some(end)).with_total(total))
}
