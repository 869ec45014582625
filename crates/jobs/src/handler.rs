use std::time::Duration;

use connector_domain::Timestamp;
use connector_store::Job;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

/// What runs the jobs of one kind.
pub trait Handler: Send + Sync + 'static {
    fn kind(&self) -> &'static str;

    /// Runs the job to its end, or as far as it gets before `context` asks it to stop. It may have been begun before
    /// by a worker that died, so doing it twice must do no harm.
    fn run(&self, job: Job, context: JobContext) -> BoxFuture<'_, Result<(), JobError>>;
}

/// What a running job is told.
#[derive(Debug, Clone)]
pub struct JobContext {
    /// Cancelled when the process stops, or when the lease was lost to another worker.
    pub stop: CancellationToken,
}

/// How a job ended that did not succeed. The queue guesses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobError {
    /// Put it back, to be run again after this time: it has failed once more.
    Retry { after: Duration, reason: String },
    /// Put it back, to be run again at this time, of which others may have been told. `failures` is how often it has now
    /// failed in succession: as before where it only has to wait.
    Wait { until: Timestamp, reason: String, failures: i32 },
    /// Stopped because it was asked to: put it back at once.
    Interrupted,
    /// It will never succeed: take it away.
    Fail { reason: String },
}
