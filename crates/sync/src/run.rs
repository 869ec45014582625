use connector_connections::TokenUnavailable;
use connector_domain::{Connection, Site, StreamProgress, SyncRun, SyncStatus};
use connector_store::{Durability, Job, StoreError, WriteTx};
use tokio_util::sync::CancellationToken;

use crate::streams::{confluence_pages, confluence_spaces, jira_projects};
use crate::{Stream, Syncs};

/// Why a run stopped before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("{0}")]
    Token(#[from] TokenUnavailable),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error(
        "the stream {stream} needs the scope {scope}, which the consent does not cover: connect the account again"
    )]
    MissingScope { stream: Stream, scope: &'static str },
    #[error("the consent reaches no Atlassian site: connect again and choose one")]
    NoSites,
    #[error("the run was asked to stop")]
    Stopped,
}

/// A run under way.
pub(crate) struct Run<'a> {
    pub(crate) syncs: &'a Syncs,
    pub(crate) connection: Connection,
    pub(crate) row: SyncRun,
}

impl<'a> Run<'a> {
    pub(crate) async fn begin(syncs: &'a Syncs, mut row: SyncRun, attempt: i32) -> Result<Self, StoreError> {
        let connection = syncs.store.find_connection(row.connection_id).await?;
        // The run goes away with its connection.
        let connection = connection.ok_or_else(|| StoreError::Corrupt {
            table: "sync_runs",
            row: row.id.to_string(),
            what: "belongs to no connection".to_owned(),
        })?;
        row.status = SyncStatus::Running;
        row.started_at.get_or_insert(syncs.clock.now());
        row.attempt = attempt;
        row.waiting = None;
        row.error = None;
        for stream in &mut row.streams {
            *stream = StreamProgress { name: std::mem::take(&mut stream.name), ..StreamProgress::default() };
        }
        let run = Self { syncs, connection, row };
        run.save().await?;
        tracing::info!(sync.id = %run.row.id, connection.id = %run.row.connection_id, attempt, "sync started");
        Ok(run)
    }

    pub(crate) async fn all_streams(&mut self, stop: &CancellationToken) -> Result<(), RunError> {
        let sites = self.syncs.connections.refresh_sites(self.connection.id).await?;
        if sites.is_empty() {
            return Err(RunError::NoSites);
        }
        for at in 0..self.row.streams.len() {
            let Ok(stream) = self.row.streams[at].name.parse::<Stream>() else { continue };
            for site in &sites {
                if site.scopes.covers(stream.product()) {
                    self.stream(stream, site, at, stop).await?;
                }
            }
            self.row.streams[at].done = true;
            self.save().await?;
        }
        Ok(())
    }

    async fn stream(
        &mut self,
        stream: Stream,
        site: &Site,
        at: usize,
        stop: &CancellationToken,
    ) -> Result<(), RunError> {
        if let Some(scope) = stream.missing(&site.scopes).into_iter().next() {
            return Err(RunError::MissingScope { stream, scope });
        }
        let mut window = Window { run: self, site, at, stop };
        match stream {
            Stream::JiraProjects => jira_projects::sync(&mut window).await,
            Stream::ConfluenceSpaces => confluence_spaces::sync(&mut window).await,
            Stream::ConfluencePages => confluence_pages::sync(&mut window).await,
        }
    }

    /// Writes how far the run is, and tells who watches.
    pub(crate) async fn save(&self) -> Result<(), StoreError> {
        self.syncs.store.update_sync_run(&self.row).await?;
        self.syncs.announce(self.row.id);
        Ok(())
    }

    /// Writes how the run ended and takes its job out of the queue, both or neither: a request that comes right after
    /// the end is a new run. `false` where the job is not ours any more; nothing is written then.
    pub(crate) async fn end(&self, job: &Job) -> Result<bool, StoreError> {
        let mut tx = self.syncs.store.begin_write(Durability::Normal).await?;
        let owner = job.lease_owner.as_deref().unwrap_or_default();
        if !tx.finish_job(job.id, owner).await? {
            return Ok(false);
        }
        tx.update_sync_run(&self.row).await?;
        tx.commit().await?;
        self.syncs.announce(self.row.id);
        Ok(true)
    }

    pub(crate) fn log_end(&self) {
        let row = &self.row;
        let sum = |count: fn(&StreamProgress) -> u64| row.streams.iter().map(count).sum::<u64>();
        let (fetched, written) = (sum(|stream| stream.fetched), sum(|stream| stream.written));
        let status = row.status.as_str();
        match (&row.error, &row.waiting) {
            (Some(error), _) => {
                tracing::error!(sync.id = %row.id, status, fetched, written, error, "sync ended");
            }
            (None, Some(waiting)) => {
                let (until, reason) = (waiting.until, &waiting.reason);
                tracing::warn!(sync.id = %row.id, fetched, written, %until, reason, "sync waits");
            }
            (None, None) if row.status.is_final() => {
                tracing::info!(sync.id = %row.id, status, fetched, written, "sync ended");
            }
            (None, None) => {
                tracing::info!(sync.id = %row.id, fetched, written, "sync interrupted; it will go on");
            }
        }
    }
}

/// One stream of one site within a run: the unit that is read page by page.
pub(crate) struct Window<'r, 'a> {
    pub(crate) run: &'r mut Run<'a>,
    pub(crate) site: &'r Site,
    at: usize,
    stop: &'r CancellationToken,
}

impl Window<'_, '_> {
    /// To be asked before each page.
    pub(crate) fn check_stop(&self) -> Result<(), RunError> {
        if self.stop.is_cancelled() { Err(RunError::Stopped) } else { Ok(()) }
    }

    /// Commits a page: its rows and the progress in one transaction.
    pub(crate) async fn commit(&mut self, mut tx: WriteTx, counts: PageCounts) -> Result<(), RunError> {
        let progress = &mut self.run.row.streams[self.at];
        progress.fetched += counts.fetched;
        progress.written += counts.written;
        if let Some(total) = counts.total {
            progress.total = Some(total);
        }
        tx.update_sync_run(&self.run.row).await?;
        tx.commit().await?;
        self.run.syncs.announce(self.run.row.id);
        Ok(())
    }
}

/// What one page brought.
pub(crate) struct PageCounts {
    pub(crate) fetched: u64,
    pub(crate) written: u64,
    /// How many there are in all, where Atlassian says so.
    pub(crate) total: Option<u64>,
}
