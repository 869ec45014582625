//! Answers kept as bytes for as long as the data below them does not change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use connector_domain::UserId;
use moka::sync::Cache;

/// What a cached answer was made from. A change to any row of it makes the answer void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dataset {
    User(UserId),
    JiraProjects(UserId),
    ConfluencePages(UserId),
}

type Question = (Dataset, String);
type Answer = (u64, Arc<[u8]>);

/// Bytes per dataset and query, each with the version of the dataset that it was read at.
///
/// Exact only while every write goes through this process, so it is on for SQLite, where one process serves the
/// file, and off for PostgreSQL.
#[derive(Debug)]
pub(crate) struct AnswerCache {
    versions: Mutex<HashMap<Dataset, u64>>,
    answers: Cache<Question, Answer>,
}

/// How many bytes of answers are kept at most.
const CAPACITY: u64 = 16 * 1024 * 1024;

impl AnswerCache {
    pub(crate) fn new() -> Self {
        let weigh = |(_, query): &Question, (_, bytes): &Answer| {
            u32::try_from(query.len() + bytes.len() + 128).unwrap_or(u32::MAX)
        };
        Self {
            versions: Mutex::default(),
            answers: Cache::builder().max_capacity(CAPACITY).weigher(weigh).build(),
        }
    }

    /// To be read before the data: what is read later is at least as new.
    pub(crate) fn version(&self, dataset: Dataset) -> u64 {
        *self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(&dataset).unwrap_or(&0)
    }

    /// To be called after the commit and never skipped: see [`crate::WriteTx::commit`].
    pub(crate) fn changed(&self, dataset: Dataset) {
        *self.versions.lock().unwrap_or_else(PoisonError::into_inner).entry(dataset).or_default() += 1;
    }

    pub(crate) fn get(&self, dataset: Dataset, query: &str) -> Option<Arc<[u8]>> {
        let (version, bytes) = self.answers.get(&(dataset, query.to_owned()))?;
        (version == self.version(dataset)).then_some(bytes)
    }

    pub(crate) fn put(&self, dataset: Dataset, query: &str, version: u64, bytes: Arc<[u8]>) {
        self.answers.insert((dataset, query.to_owned()), (version, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_read_before_a_change_is_void_after_it() {
        let cache = AnswerCache::new();
        let data = Dataset::User(UserId(1));
        let version = cache.version(data);
        cache.changed(data);
        cache.put(data, "", version, Arc::from(*b"old"));
        assert_eq!(cache.get(data, ""), None);
        cache.put(data, "", cache.version(data), Arc::from(*b"new"));
        assert_eq!(cache.get(data, "").as_deref(), Some(&b"new"[..]));
    }
}
