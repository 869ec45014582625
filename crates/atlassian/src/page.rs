use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use connector_domain::{AccessToken, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::http::Answer;
use crate::{ApiError, RateLimits};

/// More pages than any list has: Jira's largest sites have some ten million issues.
const MOST_PAGES: u32 = 200_000;
/// So many pages without a record, one after another, are no list.
const MOST_EMPTY_PAGES: u32 = 20;

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
    /// What the answer's headers say about limits.
    pub rate: RateLimits,
    /// Of the records as they came; `None` for a page without any.
    fingerprint: Option<u64>,
}

impl<T: DeserializeOwned, N> Page<T, N> {
    /// Reads each of `records` by itself.
    pub(crate) fn read(answer: &Answer, records: &[&RawValue], next: Option<N>) -> Self {
        let (items, bad) = answer.records(records);
        let fingerprint = (!records.is_empty()).then(|| {
            let mut hasher = DefaultHasher::new();
            for record in records {
                record.get().hash(&mut hasher);
            }
            hasher.finish()
        });
        let rate = RateLimits::of(answer);
        Self { items, bad, next, total: None, date: answer.date(), rate, fingerprint }
    }

    /// For a list whose pages overlap: the same records may stand in two pages.
    pub(crate) fn overlapping(self, start: u64) -> Self {
        Self { fingerprint: self.fingerprint.map(|fingerprint| fingerprint.wrapping_add(start)), ..self }
    }

    pub(crate) fn with_total(self, total: Option<u64>) -> Self {
        Self { total, ..self }
    }
}

/// A record of a list that is not what Atlassian documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Answer {
    /// Reads each record by itself.
    pub(crate) fn records<T: DeserializeOwned>(&self, records: &[&RawValue]) -> (Vec<T>, Vec<BadRecord>) {
        self.objects.set(records.len() as u64);
        let mut items = Vec::with_capacity(records.len());
        let mut bad = Vec::new();
        for record in records {
            // To know where a mistake is takes time, and nearly no record has one: it is looked for by a second reading.
            match serde_json::from_str(record.get()) {
                Ok(item) => items.push(item),
                Err(_) => bad.push(BadRecord { id: id_of(record), what: describe::<T>(record) }),
            }
        }
        (items, bad)
    }
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
fn describe<T: DeserializeOwned>(record: &RawValue) -> String {
    let mut reader = serde_json::Deserializer::from_str(record.get());
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else { return String::new() };
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
pub trait Listing: Sized {
    type Item;
    /// Where a page begins: a cursor or an index. Keep it to go on after a restart.
    type Position: Clone + Eq + Hash;

    /// Reads the page at `position`, or the first one. Who goes through a list in this way asks a [`ListGuard`]
    /// after each page.
    fn fetch(
        &self,
        token: &AccessToken,
        position: Option<&Self::Position>,
    ) -> impl Future<Output = Result<Page<Self::Item, Self::Position>, ApiError>> + Send;

    /// All pages, from the first one on.
    fn pager(self) -> Pager<Self> {
        Pager::new(self)
    }
}

/// Notices a list that would never end.
#[derive(Debug, Clone)]
pub struct ListGuard<N> {
    seen: HashSet<N>,
    /// Fingerprints of the pages so far: a list that begins anew may have new positions each time.
    pages: HashSet<u64>,
    count: u32,
    empty: u32,
}

impl<N: Clone + Eq + Hash> ListGuard<N> {
    /// For a list that is read from `position` on, or from its beginning.
    pub fn new(position: Option<&N>) -> Self {
        Self { seen: position.cloned().into_iter().collect(), pages: HashSet::new(), count: 0, empty: 0 }
    }

    /// [`ApiError::LostPlace`] where the next page begins at a position that came before, where the records of this
    /// one came before, all of them in one page, and after very many empty pages.
    pub fn check<T>(&mut self, page: &Page<T, N>) -> Result<(), ApiError> {
        let Some(next) = &page.next else { return Ok(()) };
        let is_empty = page.fingerprint.is_none();
        let is_new = page.fingerprint.is_none_or(|fingerprint| self.pages.insert(fingerprint));
        if !self.seen.insert(next.clone()) || !is_new {
            return Err(ApiError::lost_place("it leads back to an earlier page"));
        }
        self.count += 1;
        self.empty = if is_empty { self.empty + 1 } else { 0 };
        if self.count > MOST_PAGES || self.empty > MOST_EMPTY_PAGES {
            return Err(ApiError::lost_place("it does not end"));
        }
        Ok(())
    }
}

/// Goes through a list page by page, with a token given for each page.
#[derive(Debug)]
pub struct Pager<L: Listing> {
    listing: L,
    /// Where the next page begins; `None` for the first one.
    position: Option<L::Position>,
    guard: ListGuard<L::Position>,
    finished: bool,
}

impl<L: Listing> Pager<L> {
    pub(crate) fn new(listing: L) -> Self {
        Self { listing, position: None, guard: ListGuard::new(None), finished: false }
    }

    /// Goes on where an earlier pager stopped: at the `next` of the last page that was dealt with.
    #[must_use]
    pub fn starting_at(mut self, position: L::Position) -> Self {
        self.guard = ListGuard::new(Some(&position));
        self.position = Some(position);
        self
    }

    /// The next page; `None` behind the last one.
    ///
    /// After an error the pager stays where it is: with another token, or later, the same page is asked for
    /// again. A list that would never end is [`ApiError::LostPlace`], see [`ListGuard`].
    pub async fn next(
        &mut self,
        token: &AccessToken,
    ) -> Result<Option<Page<L::Item, L::Position>>, ApiError> {
        if self.finished {
            return Ok(None);
        }
        let page = self.listing.fetch(token, self.position.as_ref()).await?;
        self.guard.check(&page)?;
        match &page.next {
            None => self.finished = true,
            Some(next) => self.position = Some(next.clone()),
        }
        Ok(Some(page))
    }
}
