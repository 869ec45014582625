//! Walks: how each list of Atlassian's is read page by page, from a place that can be kept.

mod attachments;
mod content;
mod content_parts;
mod issue_parts;
mod issues;
mod lists;
mod projects;
mod second_look;
mod spaces;
mod worklog_changes;

pub(crate) use attachments::Attachments;
pub(crate) use content::{ContentKind, Contents, list as list_contents, rows_of as content_rows};
pub(crate) use content_parts::add_parts;
pub(crate) use issues::{IssueStreams, Issues};
pub(crate) use lists::{Fields, IssueTypes, Statuses, Users};
pub(crate) use projects::Projects;
pub(crate) use second_look::{gone_by, parts_by_id};
pub(crate) use spaces::Spaces;
pub(crate) use worklog_changes::WorklogChanges;

use connector_atlassian::{BadRecord, ListGuard, Listing, Page};
use connector_connections::TokenUnavailable;
use connector_domain::Timestamp;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use crate::Stream;
use crate::rows::Rows;
use crate::run::{RunError, SiteContext};

/// A list of Atlassian's.
pub(crate) trait Walk: Send + Sync {
    /// Reads the page at a place, or the first one. `since`: only what changed from then on is wanted.
    fn fetch(&self, since: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>>;
}

/// What one page brought.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    pub(crate) rows: Rows,
    pub(crate) bad: Vec<(Stream, BadRecord)>,
    /// How many records there are in all, where Atlassian says so.
    pub(crate) total: Option<u64>,
    /// How many ids were found, for a point each: of this page and of later ones.
    pub(crate) found: u64,
    /// Points that the page has cost, without those for finding ids.
    pub(crate) cost: u64,
    /// Atlassian's clock.
    pub(crate) date: Option<Timestamp>,
    /// Where the next page begins; `None` behind the last one.
    pub(crate) next: Option<Value>,
    /// The right to have it in memory, given back once it is written.
    pub(crate) room: Vec<OwnedSemaphorePermit>,
}

impl Fetched {
    /// Whether a record with this id came and could not be read.
    pub(crate) fn names(&self, id: &str) -> bool {
        self.bad.iter().any(|(_, record)| record.id.as_deref() == Some(id))
    }
}

/// A place as the checkpoint keeps it.
fn to_value(place: &impl Serialize) -> Value {
    serde_json::to_value(place).unwrap_or_default()
}

/// A place that the checkpoint kept. One that cannot be read is that of another version: the list begins anew.
fn from_value<T: DeserializeOwned>(at: Option<Value>) -> Option<T> {
    at.and_then(|value| serde_json::from_value(value).ok())
}

pub(crate) fn bad_of(stream: Stream, bad: Vec<BadRecord>) -> Vec<(Stream, BadRecord)> {
    bad.into_iter().map(|record| (stream, record)).collect()
}

/// What was read of one thing; `None` where it has gone, or is hidden, since its list was read. The census will tell
/// which, and what is here of it stays until then.
fn unless_gone<T>(read: Result<T, RunError>, of: &str) -> Result<Option<T>, RunError> {
    match read {
        Err(error) if error.is_not_visible() => {
            tracing::debug!(of, %error, "gone since its list was read");
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// Reads a list to its end. Says besides whether it is known to be whole: none was unreadable, and there are as many as
/// Atlassian says.
pub(crate) async fn all<L: Listing>(
    site: &SiteContext,
    list: &L,
    stream: Stream,
    bad: &mut Vec<(Stream, BadRecord)>,
) -> Result<(Vec<L::Item>, bool), RunError> {
    let (mut items, mut position, mut is_whole) = (Vec::new(), None, true);
    let mut guard = ListGuard::new(None);
    loop {
        let at = position.as_ref();
        let page: Page<_, _> = site.call(|token| async move { list.fetch(&token, at).await }).await?;
        guard.check(&page).map_err(TokenUnavailable::Api)?;
        is_whole &= page.bad.is_empty();
        bad.extend(bad_of(stream, page.bad));
        items.extend(page.items);
        position = page.next;
        if position.is_none() {
            is_whole &= page.total.is_none_or(|total| total == items.len() as u64);
            return Ok((items, is_whole));
        }
    }
}
