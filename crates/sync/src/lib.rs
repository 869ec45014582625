//! Keeping the mirror equal to Atlassian.
//!
//! A sync run is a row with its state and counts, and a durable job that does it. Each [`Stream`] is read page by
//! page; a page and the run's progress are written in one transaction.

mod census;
mod disconnect;
mod erase;
mod erase_user;
mod handler;
mod rows;
mod run;
mod schedule;
mod scheduler;
mod scopes;
mod settings;
mod stream;
mod walk;

use std::sync::Arc;

use connector_connections::Connections;
use connector_domain::{
    Clock, Connection, ConnectionId, ConnectionStatus, Entropy, StreamProgress, SyncMode, SyncRun, SyncRunId,
    SyncStatus,
};
use connector_jobs::{Handler, Jobs};
use connector_store::{Durability, Store, StoreError};
use tokio::sync::broadcast;

pub use scheduler::CallScheduler;
pub use scopes::{Reading, ScopeCheck, SiteCheck, scope_check, scope_check_of};
pub use settings::SyncSettings;
pub use stream::{Stream, UnknownStream};

/// The kind of the jobs that run syncs.
pub const JOB_KIND: &str = "sync";

/// The service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Syncs {
    pub(crate) store: Store,
    pub(crate) connections: Connections,
    pub(crate) jobs: Jobs,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    progress: broadcast::Sender<SyncRunId>,
    pub(crate) settings: SyncSettings,
}

/// Why a sync cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("the connection does not exist")]
    UnknownConnection,
    #[error("the connection is not active: connect the Atlassian account again")]
    NotActive,
    #[error("the streams that are asked for are switched off for this connection")]
    SwitchedOff,
    #[error("a sync of the connection is ending right now: ask again")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Syncs {
    pub fn new(
        store: Store,
        connections: Connections,
        jobs: Jobs,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            store,
            connections,
            jobs,
            clock,
            entropy,
            progress: broadcast::channel(64).0,
            settings: SyncSettings::default(),
        }
    }

    #[must_use]
    pub fn with_settings(mut self, settings: SyncSettings) -> Self {
        self.settings = settings;
        self
    }

    /// What runs the jobs; for the [`connector_jobs::Runner`].
    pub fn handler(&self) -> Arc<dyn Handler> {
        Arc::new(handler::SyncHandler { syncs: self.clone() })
    }

    /// Asks for a run over `streams` (all where empty). Where one of this connection waits or runs already, that one
    /// is the answer: two never run at once.
    pub async fn request(
        &self,
        connection_id: ConnectionId,
        mode: SyncMode,
        streams: &[Stream],
    ) -> Result<SyncRun, RequestError> {
        let connection = self.store.find_connection(connection_id).await?;
        let connection = connection.ok_or(RequestError::UnknownConnection)?;
        if connection.status != ConnectionStatus::Active {
            return Err(RequestError::NotActive);
        }
        let run = self.new_run(&connection, mode, streams);
        if run.streams.is_empty() {
            return Err(RequestError::SwitchedOff);
        }
        // One that is in the way may end before it is looked for.
        for _ in 0..3 {
            if self.queue(&run).await? {
                return Ok(run);
            }
            if let Some(live) = self.live_run(connection_id).await? {
                return Ok(live);
            }
        }
        Err(RequestError::Busy)
    }

    fn new_run(&self, connection: &Connection, mode: SyncMode, chosen: &[Stream]) -> SyncRun {
        let progress = |stream: &Stream| StreamProgress {
            name: stream.as_str().to_owned(),
            ..StreamProgress::default()
        };
        let now = self.clock.now();
        SyncRun {
            id: SyncRunId::generate(&*self.entropy, now),
            connection_id: connection.id,
            mode,
            status: SyncStatus::Queued,
            created_at: now,
            started_at: None,
            finished_at: None,
            attempt: 0,
            // In the order in which they need one another.
            streams: Stream::ALL
                .iter()
                .filter(|stream| chosen.is_empty() || chosen.contains(stream))
                .filter(|stream| connection.wants_stream(stream.as_str()))
                .map(progress)
                .collect(),
            waiting: None,
            error: None,
        }
    }

    /// `false` where a run of the connection waits or runs already.
    async fn queue(&self, run: &SyncRun) -> Result<bool, StoreError> {
        let mut tx = self.store.begin_write(Durability::Normal).await?;
        let (key, payload) = (run.connection_id.to_string(), run.id.to_string());
        if !self.jobs.enqueue(&mut tx, JOB_KIND, key, payload).await? {
            return Ok(false);
        }
        tx.create_sync_run(run).await?;
        tx.commit().await?;
        self.jobs.wake();
        Ok(true)
    }

    async fn live_run(&self, connection_id: ConnectionId) -> Result<Option<SyncRun>, StoreError> {
        let Some(job) = self.store.find_live_job(JOB_KIND, &connection_id.to_string()).await? else {
            return Ok(None);
        };
        match job.payload.parse() {
            Ok(id) => self.store.find_sync_run(id).await,
            Err(_) => Ok(None),
        }
    }

    /// Tells each run of which something changed in this process. Others are found by looking.
    pub fn watch(&self) -> broadcast::Receiver<SyncRunId> {
        self.progress.subscribe()
    }

    pub(crate) fn announce(&self, id: SyncRunId) {
        // Nobody may be listening.
        let _ = self.progress.send(id);
    }
}
