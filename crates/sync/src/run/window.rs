use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use connector_atlassian::ApiError;
use connector_connections::TokenUnavailable;
use connector_domain::failpoint::{Failpoint, reach};
use connector_domain::{Json, Timestamp};
use connector_store::{Checkpoint, Durability, StreamScope};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::place::Place;
use super::progress::{Progress, add, stream_of};
use super::{Fate, RunError, SiteContext};
use crate::Stream;
use crate::rows::Target;
use crate::scheduler::with_cost;
use crate::walk::{Fetched, Walk, gone_by};

/// How often a window begins anew in one run, where Atlassian's list loses its place again and again.
const MOST_RESTARTS: u32 = 2;

/// A part of one or more streams that is read by itself: one list of one site, project or space.
pub(crate) struct Window {
    pub(crate) site: Arc<SiteContext>,
    /// What it feeds. The first one holds the place.
    pub(crate) streams: Vec<Stream>,
    /// The id of a project or a space; empty for a list of the whole site.
    pub(crate) scope: String,
    /// What it is called where it fails: `project ALPHA`.
    pub(crate) name: String,
    /// Whether it is of one project or space, which may be gone since the list was read.
    pub(crate) of_container: bool,
    /// From which change on; `None` for everything.
    pub(crate) since: Option<Timestamp>,
    /// Whether places of other runs do not count.
    pub(crate) anew: bool,
    /// Whether it is read also where this run was through with it before: changes go on while a run waits.
    pub(crate) again: bool,
    pub(crate) walk: Box<dyn Walk>,
}

impl Window {
    /// Reads the window to its end. A page is fetched once the one before it is written, while other windows fetch
    /// theirs: so one page of a window is in memory, and a process that dies has at most that one fetched again.
    pub(crate) async fn read(&self, progress: &Progress, stop: &CancellationToken) -> Result<(), RunError> {
        let run = progress.id().await;
        let start = Place::start(run, &self.streams, self.since);
        let stored = self.site.syncs.store.find_checkpoint(&self.at(self.streams[0])).await?;
        let cursor = stored.as_ref().and_then(|checkpoint| checkpoint.cursor.as_ref());
        let place = start.clone().resume(cursor, self.anew);
        let Some(mut place) = place.or_else(|| self.again.then(|| start.clone())) else { return Ok(()) };
        let mut restarts = 0;
        loop {
            match self.read_from(place, stored.as_ref(), progress, stop).await {
                Err(error) if error.fate() == Fate::Restarts && restarts < MOST_RESTARTS => {
                    tracing::warn!(window = self.name, streams = ?self.streams, %error, "a window begins anew");
                    restarts += 1;
                    place = start.clone();
                }
                result => return result,
            }
        }
    }

    async fn read_from(
        &self,
        mut place: Place,
        stored: Option<&Checkpoint>,
        progress: &Progress,
        stop: &CancellationToken,
    ) -> Result<(), RunError> {
        let mut seen = HashSet::new();
        let mut fetched = self.fetch(place.since, place.at.take(), stop).await?;
        loop {
            place.begun = place.begun.or(fetched.date.map(Timestamp::as_millis));
            place.at = fetched.next.take();
            if place.at.as_ref().is_some_and(|at| !seen.insert(fingerprint(at))) {
                let what = "it leads back to an earlier page".to_owned();
                return Err(TokenUnavailable::Api(ApiError::LostPlace { what }).into());
            }
            place.done = place.at.is_none();
            reach(Failpoint::SyncPageFetched).await;
            self.write(&place, stored, fetched, progress).await?;
            reach(Failpoint::SyncPageCommitted).await;
            if place.done {
                return Ok(());
            }
            fetched = self.fetch(place.since, place.at.clone(), stop).await?;
        }
    }

    async fn fetch(
        &self,
        since: Option<i64>,
        at: Option<Value>,
        stop: &CancellationToken,
    ) -> Result<Fetched, RunError> {
        let (fetched, cost) = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(RunError::Stopped),
            fetched = with_cost(self.walk.fetch(since.map(Timestamp::from_millis), at)) => fetched,
        };
        let fetched = fetched?;
        Ok(Fetched { cost: cost.saturating_sub(fetched.found), ..fetched })
    }

    /// Writes one page: its rows, the place behind it and the progress, in one transaction.
    async fn write(
        &self,
        place: &Place,
        stored: Option<&Checkpoint>,
        fetched: Fetched,
        progress: &Progress,
    ) -> Result<(), RunError> {
        let site = &*self.site;
        let (store, now) = (&site.syncs.store, site.syncs.clock.now());
        let target = Target { owner: site.owner, cloud_id: &site.site.cloud_id, now };
        let gone = gone_by(site, &fetched.rows, target).await?;
        let mut tx = store.begin_write(Durability::Mirror).await?;
        let counts = fetched.rows.write(&mut tx, target, gone).await?;
        site.note_bad(&mut tx, &fetched.bad, &fetched.rows, now).await?;
        for checkpoint in self.checkpoints(place, stored, now) {
            tx.put_checkpoint(&checkpoint).await?;
        }
        let (lead, total) = (self.streams[0], fetched.total);
        let records = counts.get(&lead).map_or(0, |counts| counts.fetched);
        progress.note_cost(lead, records, fetched.cost).await;
        progress
            .commit(tx, |row| {
                for (stream, counts) in counts {
                    add(row, stream, counts);
                }
                if let Some(progress) = stream_of(row, lead) {
                    progress.pages += 1;
                    if total.is_some() {
                        progress.total = total;
                    }
                }
            })
            .await
    }

    /// The first stream holds the place. All of them have the new watermark once the window is through.
    fn checkpoints(&self, place: &Place, stored: Option<&Checkpoint>, now: Timestamp) -> Vec<Checkpoint> {
        let old = stored.and_then(|checkpoint| checkpoint.watermark);
        let checkpoint = |stream: &Stream, cursor: Option<Json>, watermark| Checkpoint {
            at: self.at(*stream),
            cursor,
            watermark,
            updated_at: now,
        };
        if !place.done {
            return vec![checkpoint(&self.streams[0], place.to_json(), old)];
        }
        // Where Atlassian has not said what time it is, the next run reads from the same time again.
        let watermark = Some(Timestamp::from_millis(place.begun.or(place.since).unwrap_or_default()));
        self.streams.iter().map(|stream| checkpoint(stream, place.to_json(), watermark)).collect()
    }

    fn at(&self, stream: Stream) -> StreamScope {
        self.site.scope(stream, &self.scope)
    }
}

fn fingerprint(at: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    at.to_string().hash(&mut hasher);
    hasher.finish()
}
