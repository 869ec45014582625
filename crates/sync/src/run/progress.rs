use std::sync::OnceLock;

use connector_atlassian::HourlyPoints;
use connector_domain::failpoint::{Failpoint, try_reach};
use connector_domain::{StreamProgress, SyncRun, SyncRunId};
use connector_store::{Durability, Job, StoreError, WriteTx};
use tokio::sync::Mutex;

use super::RunError;
use super::pace::Pace;
use crate::{Stream, Syncs};

/// What one page changed, per stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) fetched: u64,
    pub(crate) written: u64,
    pub(crate) deleted: u64,
}

/// How far a run is. Windows that run at the same time all write through this, one after another.
pub(crate) struct Progress {
    syncs: Syncs,
    job: Job,
    /// What the calls of the run may cost, where that is known.
    points: OnceLock<Vec<PointsOf>>,
    row: Mutex<Told>,
}

type PointsOf = Box<dyn Fn() -> Option<HourlyPoints> + Send + Sync>;

/// The run as the database has it, and how fast it goes.
struct Told {
    row: SyncRun,
    pace: Pace,
}

impl Progress {
    pub(crate) fn new(syncs: Syncs, job: Job, row: SyncRun) -> Self {
        Self { syncs, job, points: OnceLock::new(), row: Mutex::new(Told { row, pace: Pace::default() }) }
    }

    /// Lets estimates count with the points of these sites.
    pub(crate) fn count_points(&self, of_sites: Vec<PointsOf>) {
        let _ = self.points.set(of_sites);
    }

    /// Of several sites the one with the fewest left.
    fn hourly(&self) -> Option<HourlyPoints> {
        self.points.get()?.iter().filter_map(|points| points()).min_by_key(|hourly| hourly.left)
    }

    /// Notes how many points a page of a stream has cost, for the estimates; how many records were in it.
    pub(crate) async fn note_cost(&self, stream: Stream, records: u64, points: u64) {
        self.row.lock().await.pace.note_cost(stream.as_str(), records, points);
    }

    pub(crate) async fn row(&self) -> SyncRun {
        self.row.lock().await.row.clone()
    }

    /// Commits what `tx` has written together with what it means for the progress.
    ///
    /// # Errors
    /// [`RunError::LeaseLost`] where the job is another worker's by now: nothing is written then.
    pub(crate) async fn commit(
        &self,
        mut tx: WriteTx,
        change: impl FnOnce(&mut SyncRun) + Send,
    ) -> Result<(), RunError> {
        let mut told = self.row.lock().await;
        let mut next = told.row.clone();
        change(&mut next);
        told.pace.estimate(&mut next, self.syncs.clock.now(), self.hourly());
        // One transaction at a time holds the job: were there always one that does, it could not be extended.
        if !tx.holds_job(self.job.id, self.job.lease_owner.as_deref().unwrap_or_default()).await? {
            return Err(RunError::LeaseLost);
        }
        tx.update_sync_run(&next).await?;
        try_reach(Failpoint::SyncBeforeCommit).await.map_err(StoreError::from)?;
        tx.commit().await?;
        count_rows(&told.row, &next);
        let (id, grown) = (next.id, grown(&told.row, &next));
        told.row = next;
        drop(told);
        self.syncs.announce(id);
        for stream in grown {
            if let Err(error) = self.syncs.store.learn_statistics(stream.kind()).await {
                tracing::warn!(stream = stream.as_str(), %error, "the database has not looked at its rows");
            }
        }
        Ok(())
    }

    /// [`commit`](Self::commit) with nothing but the progress itself.
    pub(crate) async fn note(&self, change: impl FnOnce(&mut SyncRun) + Send) -> Result<(), RunError> {
        let tx = self.syncs.store.begin_write(Durability::Normal).await?;
        self.commit(tx, change).await
    }

    /// Writes how the run ended and takes its job out of the queue, both or neither: a request that comes right after
    /// the end is a new run. `false` where the job is not ours any more; nothing is written then.
    pub(crate) async fn end(&self, change: impl FnOnce(&mut SyncRun) + Send) -> Result<bool, StoreError> {
        // In the order of `commit`: first the turn to write, then the row.
        let mut tx = self.syncs.store.begin_write(Durability::Normal).await?;
        let row = &mut self.row.lock().await.row;
        let owner = self.job.lease_owner.as_deref().unwrap_or_default();
        if !tx.finish_job(self.job.id, owner).await? {
            return Ok(false);
        }
        change(row);
        for stream in &mut row.streams {
            (stream.rate, stream.ends_at) = (None, None);
        }
        tx.update_sync_run(row).await?;
        tx.commit().await?;
        let (mode, status) = (row.mode.as_str(), row.status.as_str());
        metrics::counter!("connector_sync_runs_ended_total", "mode" => mode, "status" => status).increment(1);
        self.syncs.announce(row.id);
        Ok(true)
    }

    pub(crate) async fn id(&self) -> SyncRunId {
        self.row.lock().await.row.id
    }
}

/// The streams of which by now so many rows are written that the database should look at them.
fn grown(before: &SyncRun, after: &SyncRun) -> Vec<Stream> {
    const MARKS: [u64; 4] = [200, 2_000, 20_000, 200_000];
    let streams = before.streams.iter().zip(&after.streams);
    let passes = |(before, after): &(&StreamProgress, &StreamProgress)| {
        MARKS.iter().any(|mark| before.written < *mark && after.written >= *mark)
    };
    streams.filter(passes).filter_map(|(_, after)| after.name.parse().ok()).collect()
}

/// Counts for the operator what was committed.
fn count_rows(before: &SyncRun, after: &SyncRun) {
    for (before, after) in before.streams.iter().zip(&after.streams) {
        let Ok(stream) = after.name.parse::<Stream>() else { continue };
        let counts = [
            ("fetched", before.fetched, after.fetched),
            ("written", before.written, after.written),
            ("deleted", before.deleted, after.deleted),
        ];
        for (what, before, after) in counts.into_iter().filter(|(_, before, after)| after > before) {
            metrics::counter!("connector_sync_rows_total", "stream" => stream.as_str(), "what" => what)
                .increment(after - before);
        }
    }
}

/// The progress of a stream, where the run has the stream: what is read for the sake of others is not counted.
pub(crate) fn stream_of(row: &mut SyncRun, stream: Stream) -> Option<&mut StreamProgress> {
    row.streams.iter_mut().find(|progress| progress.name == stream.as_str())
}

/// Adds what a page brought.
pub(crate) fn add(row: &mut SyncRun, stream: Stream, counts: Counts) {
    if let Some(progress) = stream_of(row, stream) {
        progress.fetched += counts.fetched;
        progress.written += counts.written;
        progress.deleted += counts.deleted;
    }
}

/// Notes something that could not be read. The first few are named, the others counted in the log only.
pub(crate) fn note_error(row: &mut SyncRun, stream: Stream, error: &str) {
    const LONGEST: usize = 500;
    let Some(progress) = stream_of(row, stream) else { return };
    match &mut progress.error {
        None => progress.error = Some(error.to_owned()),
        Some(told) if told.len() + error.len() < LONGEST && !told.contains(error) => {
            told.push_str("; ");
            told.push_str(error);
        }
        Some(_) => {}
    }
}

/// Notes why a stream is left out on a site.
pub(crate) fn note_skipped(row: &mut SyncRun, stream: Stream, why: String) {
    let Some(progress) = stream_of(row, stream) else { return };
    progress.skipped = Some(match progress.skipped.take() {
        Some(told) => format!("{told}; {why}"),
        None => why,
    });
}

/// Notes what was left as it is.
pub(crate) fn note_notice(row: &mut SyncRun, stream: Stream, notice: &str) {
    let Some(progress) = stream_of(row, stream) else { return };
    progress.notice = Some(match progress.notice.take() {
        Some(told) if told.contains(notice) => told,
        Some(told) => format!("{told}; {notice}"),
        None => notice.to_owned(),
    });
}
