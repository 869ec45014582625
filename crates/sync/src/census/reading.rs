use std::collections::HashSet;

use connector_store::Checkpoint;
use connector_store::Durability;
use serde::{Deserialize, Serialize};

use super::Census;
use super::listed::Listed;
use crate::Stream;
use crate::run::{Fate, Place, RunError};

/// How far the list of a part is read. A list can cost more than the points of an hour: what was read before a wait is
/// kept, and goes on behind it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Reading {
    pub(super) listed: Listed,
    /// Where the list goes on; `None` at its beginning and behind its last page.
    pub(super) next: Option<String>,
    pub(super) is_whole: bool,
    /// Whether it was begun before a wait.
    #[serde(skip)]
    pub(super) was_kept: bool,
    /// The places that it has been at since then.
    #[serde(skip)]
    seen: HashSet<String>,
}

impl Reading {
    /// Turns to the page at `next`; without one the list is read to its end.
    ///
    /// # Errors
    /// Where the list leads back to a page that was read.
    pub(super) fn turn(&mut self, next: Option<String>) -> Result<(), RunError> {
        match &next {
            Some(next) if !self.seen.insert(next.clone()) => {
                return Err(RunError::Incomplete("a list leads back to an earlier page".to_owned()));
            }
            Some(_) => {}
            None => {
                self.is_whole = true;
                self.listed.sort();
            }
        }
        self.next = next;
        Ok(())
    }
}

impl Census<'_> {
    /// What this run has read of a part before it was interrupted; `None` where it is through with it.
    pub(super) async fn resume(&self, stream: Stream, scope: &str) -> Result<Option<Reading>, RunError> {
        let stored = self.site.syncs.store.find_checkpoint(&self.place(stream, scope)).await?;
        let cursor = stored.as_ref().and_then(|checkpoint| checkpoint.cursor.as_ref());
        let start = Place::start(self.progress.id().await, self.streams, None);
        let Some(place) = start.resume(cursor, true) else { return Ok(None) };
        let kept = place.at.and_then(|at| serde_json::from_value::<Reading>(at).ok());
        Ok(Some(kept.map_or_else(Reading::default, |kept| Reading { was_kept: true, ..kept })))
    }

    /// Keeps what was read of a part, where it was interrupted by something that passes.
    pub(super) async fn keep(&self, stream: Stream, scope: &str, reading: &Reading, by: &RunError) {
        let passes =
            matches!(by, RunError::Stopped) || matches!(by.fate(), Fate::Passes(_) | Fate::Limited(_));
        if passes && let Err(error) = self.store_reading(stream, scope, reading).await {
            tracing::warn!(stream = stream.as_str(), %error, "what a census has read so far could not be kept");
        }
    }

    async fn store_reading(&self, stream: Stream, scope: &str, reading: &Reading) -> Result<(), RunError> {
        let (store, at) = (&self.site.syncs.store, self.place(stream, scope));
        let place = Place {
            at: serde_json::to_value(reading).ok(),
            ..Place::start(self.progress.id().await, self.streams, None)
        };
        let before = store.find_checkpoint(&at).await?.and_then(|checkpoint| checkpoint.watermark);
        let updated_at = self.site.syncs.clock.now();
        let mut tx = store.begin_write(Durability::Mirror).await?;
        tx.put_checkpoint(&Checkpoint { at, cursor: place.to_json(), watermark: before, updated_at }).await?;
        self.progress.commit(tx, |_| {}).await
    }
}
