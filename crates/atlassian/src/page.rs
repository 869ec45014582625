use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

use connector_domain::{AccessToken, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::ApiError;

/// One page of a list. `N` says where the next page begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T, N = String> {
    pub items: Vec<T>,
    /// Records that could not be read. They do not make the page fail.
    pub bad: Vec<BadRecord>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<N>,
    /// How many records the whole list has, where Atlassian says so.
    pub total: Option<u64>,
    /// When Atlassian answered, by its own clock: the time to base a watermark on.
    pub date: Option<Timestamp>,
}

/// A record of a list that is not what Atlassian documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    pub id: Option<String>,
    /// Which field, and what was expected there. Never the field's value.
    pub what: String,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.id.as_deref().unwrap_or("without an id"), self.what)
    }
}

/// Reads each record by itself.
pub(crate) fn read_records<T: DeserializeOwned>(records: &[&RawValue]) -> (Vec<T>, Vec<BadRecord>) {
    let mut items = Vec::with_capacity(records.len());
    let mut bad = Vec::new();
    for record in records {
        match serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(record.get())) {
            Ok(item) => items.push(item),
            Err(error) => bad.push(BadRecord { id: id_of(record), what: describe(&error) }),
        }
    }
    (items, bad)
}

fn id_of(record: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct WithId {
        #[serde(deserialize_with = "crate::lenient::id")]
        id: String,
    }

    serde_json::from_str::<WithId>(record.get()).ok().map(|WithId { id }| crate::scrub::scrub(&id, &[]))
}

/// The field and what was expected. Serde's own text holds the value that it found, which is not for logs.
fn describe(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let text = error.inner().to_string();
    let reason = match text.split_once("expected ") {
        Some((_, expected)) => format!("expected {}", expected.split(" at line ").next().unwrap_or_default()),
        None if text.starts_with("missing field") => {
            text.split(" at line ").next().unwrap_or_default().to_owned()
        }
        None => "has another form than documented".to_owned(),
    };
    format!("`{}`: {reason}", error.path())
}

/// A list that is read page by page.
pub trait Listing {
    type Item;
    /// Where a page begins: a cursor or an index. Keep it to go on after a restart.
    type Position: Clone + Eq + Hash;

    /// Reads the page at `position`, or the first one.
    fn fetch(
        &self,
        token: &AccessToken,
        position: Option<&Self::Position>,
    ) -> impl Future<Output = Result<Page<Self::Item, Self::Position>, ApiError>> + Send;
}

/// Goes through a list page by page, with a token given for each page.
#[derive(Debug)]
pub struct Pager<L: Listing> {
    listing: L,
    /// Where the next page begins; `None` for the first one.
    position: Option<L::Position>,
    seen: HashSet<L::Position>,
    finished: bool,
}

impl<L: Listing> Pager<L> {
    pub(crate) fn new(listing: L) -> Self {
        Self { listing, position: None, seen: HashSet::new(), finished: false }
    }

    /// Goes on where an earlier pager stopped: at the `next` of the last page that was dealt with.
    #[must_use]
    pub fn starting_at(mut self, position: L::Position) -> Self {
        self.seen = HashSet::from([position.clone()]);
        self.position = Some(position);
        self
    }

    /// The next page; `None` behind the last one.
    ///
    /// After an error the pager stays where it is: with another token, or later, the same page is asked for
    /// again. A position that comes a second time is [`ApiError::Malformed`]: the list would never end.
    pub async fn next(
        &mut self,
        token: &AccessToken,
    ) -> Result<Option<Page<L::Item, L::Position>>, ApiError> {
        if self.finished {
            return Ok(None);
        }
        let page = self.listing.fetch(token, self.position.as_ref()).await?;
        match &page.next {
            None => self.finished = true,
            Some(next) if self.seen.insert(next.clone()) => self.position = Some(next.clone()),
            Some(_) => return Err(ApiError::malformed("its list leads back to an earlier page")),
        }
        Ok(Some(page))
    }
}
