//! The lists of Jira that are read by `startAt`: `{"startAt", "total", "isLast", "values": […]}`, with or without
//! `isLast`, and with the array under a name of its own in older calls.

use std::collections::HashMap;
use std::marker::PhantomData;

use connector_domain::AccessToken;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::Url;

use super::Jira;
use crate::ApiError;
use crate::http::Answer;
use crate::page::{Listing, Page};

/// A list that is read by `startAt`. Go through it by [`Listing::pager`], or page by page by [`Listing::fetch`].
#[derive(Debug, Clone)]
pub struct Offsets<'a, T> {
    jira: Jira<'a>,
    route: &'static str,
    url: Url,
    /// Under which name the records stand; `None` for a bare array, which ends with an empty page.
    array: Option<&'static str>,
    /// How many a page.
    max_results: u32,
    /// What a record costs, in points.
    cost: u64,
    item: PhantomData<fn() -> T>,
}

impl<'a, T> Offsets<'a, T> {
    pub(super) fn new(
        jira: Jira<'a>,
        route: &'static str,
        url: Url,
        array: &'static str,
        max_results: u32,
    ) -> Self {
        Self { jira, route, url, array: Some(array), max_results, cost: 1, item: PhantomData }
    }

    /// People cost two points each.
    pub(super) fn of_people(self) -> Self {
        Self { cost: 2, ..self }
    }

    pub(super) fn bare(self) -> Self {
        Self { array: None, ..self }
    }
}

impl<T: DeserializeOwned + Send> Listing for Offsets<'_, T> {
    type Item = T;
    type Position = u64;

    async fn fetch(&self, token: &AccessToken, position: Option<&u64>) -> Result<Page<T, u64>, ApiError> {
        let start_at = position.copied().unwrap_or(0);
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("startAt", &start_at.to_string())
            .append_pair("maxResults", &self.max_results.to_string());
        let call = self.jira.get(self.route, url).objects(u64::from(self.max_results) * self.cost);
        let read = |answer: &Answer| {
            let page = match self.array {
                Some(array) => read_page(answer, array, start_at)?,
                None => read_bare_page(answer, start_at)?,
            };
            answer.objects.set(answer.objects.get() * self.cost);
            Ok(page)
        };
        self.jira.client.call(call, token, read).await
    }
}

/// Reads a bare array, which says nothing of what else there is. Jira filters a page after it has cut it: only an
/// empty one is the end, and as each page begins where the records so far end, some come twice and none is lost.
fn read_bare_page<T: DeserializeOwned>(answer: &Answer, start_at: u64) -> Result<Page<T, u64>, ApiError> {
    let records: Vec<&RawValue> = answer.json()?;
    let next = (!records.is_empty()).then(|| start_at + records.len() as u64);
    Ok(Page::read(answer, &records, next).overlapping(start_at))
}

/// Reads a bare array that is the whole list.
pub fn read_array<T: DeserializeOwned>(answer: &Answer) -> Result<Page<T, u64>, ApiError> {
    Ok(Page::read(answer, &answer.json::<Vec<&RawValue>>()?, None))
}

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
