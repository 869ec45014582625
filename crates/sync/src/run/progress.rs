use connector_domain::{StreamProgress, SyncRun, SyncRunId};
use connector_store::{Durability, Job, StoreError, WriteTx};
use tokio::sync::Mutex;

use super::RunError;
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
    row: Mutex<SyncRun>,
}

impl Progress {
    pub(crate) fn new(syncs: Syncs, job: Job, row: SyncRun) -> Self {
        Self { syncs, job, row: Mutex::new(row) }
    }

    pub(crate) async fn row(&self) -> SyncRun {
        self.row.lock().await.clone()
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
        let mut row = self.row.lock().await;
        let mut next = row.clone();
        change(&mut next);
        if !tx.holds_job(self.job.id, self.job.lease_owner.as_deref().unwrap_or_default()).await? {
            return Err(RunError::LeaseLost);
        }
        tx.update_sync_run(&next).await?;
        tx.commit().await?;
        *row = next;
        let id = row.id;
        drop(row);
        self.syncs.announce(id);
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
        let mut row = self.row.lock().await;
        let owner = self.job.lease_owner.as_deref().unwrap_or_default();
        if !tx.finish_job(self.job.id, owner).await? {
            return Ok(false);
        }
        change(&mut row);
        tx.update_sync_run(&row).await?;
        tx.commit().await?;
        self.syncs.announce(row.id);
        Ok(true)
    }

    pub(crate) async fn id(&self) -> SyncRunId {
        self.row.lock().await.id
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

/// Notes what was left as it is.
pub(crate) fn note_notice(row: &mut SyncRun, stream: Stream, notice: &str) {
    if let Some(progress) = stream_of(row, stream) {
        progress.notice = Some(notice.to_owned());
    }
}
