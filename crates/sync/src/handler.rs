use std::time::Duration;

use connector_atlassian::ApiError;
use connector_connections::TokenUnavailable;
use connector_domain::{SyncRun, SyncStatus, Waiting};
use connector_jobs::{Handler, JobContext, JobError};
use connector_store::{Job, StoreError};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::run::{Run, RunError};
use crate::{JOB_KIND, Syncs};

/// A run that waits for something that does not come is given up after so many beginnings.
const MOST_ATTEMPTS: i32 = 10;
/// The first wait where Atlassian names none; doubled with each attempt.
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// Runs the jobs that [`Syncs::request`] puts in the queue.
pub(crate) struct SyncHandler {
    pub(crate) syncs: Syncs,
}

impl Handler for SyncHandler {
    fn kind(&self) -> &'static str {
        JOB_KIND
    }

    fn run(&self, job: Job, context: JobContext) -> BoxFuture<'_, Result<(), JobError>> {
        async move {
            let run = match job.payload.parse() {
                Ok(id) => self.syncs.store.find_sync_run(id).await.map_err(later)?,
                Err(_) => None,
            };
            match run {
                // It ended, and the process died before it could say so to the queue.
                Some(run) if run.status.is_final() => Ok(()),
                Some(run) => self.sync(run, &job, context).await,
                None => Err(JobError::Fail { reason: "the sync run of this job does not exist".to_owned() }),
            }
        }
        .boxed()
    }
}

impl SyncHandler {
    async fn sync(&self, run: SyncRun, job: &Job, context: JobContext) -> Result<(), JobError> {
        let (syncs, attempt) = (&self.syncs, job.attempt);
        let mut run = Run::begin(syncs, run, attempt).await.map_err(later)?;
        let outcome = run.all_streams(&context.stop).await;
        let now = syncs.clock.now();
        let row = &mut run.row;
        let result = match outcome {
            Ok(()) => {
                row.status = SyncStatus::Succeeded;
                Ok(())
            }
            Err(RunError::Stopped) => {
                row.status = SyncStatus::Queued;
                Err(JobError::Interrupted)
            }
            Err(error) => match wait_for(&error, attempt) {
                Some(after) if attempt < MOST_ATTEMPTS => {
                    row.status = SyncStatus::Waiting;
                    row.waiting = Some(Waiting { until: now.plus(after), reason: error.to_string() });
                    Err(JobError::Retry { after, reason: error.to_string() })
                }
                _ => {
                    row.status = SyncStatus::Failed;
                    row.error = Some(error.to_string());
                    Ok(())
                }
            },
        };
        if row.status.is_final() {
            row.finished_at = Some(now);
            if !run.end(job).await.map_err(later)? {
                // Another worker has the job now: what becomes of the run is for that one to say.
                return Err(JobError::Interrupted);
            }
        } else {
            run.save().await.map_err(later)?;
        }
        run.log_end();
        result
    }
}

fn later(error: StoreError) -> JobError {
    JobError::Retry { after: FIRST_WAIT, reason: error.to_string() }
}

/// How long to wait where waiting helps.
fn wait_for(error: &RunError, attempt: i32) -> Option<Duration> {
    let asked = match error {
        RunError::Token(TokenUnavailable::Temporarily { retry_after, .. }) => *retry_after,
        RunError::Token(TokenUnavailable::Store(StoreError::Unavailable(_)))
        | RunError::Store(StoreError::Unavailable(_)) => None,
        RunError::Token(TokenUnavailable::Api(error)) if error.is_transient() => match error {
            ApiError::QuotaExceeded { .. } => error.retry_after().or(Some(LONGEST_WAIT)),
            _ => error.retry_after(),
        },
        _ => return None,
    };
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(10);
    Some(asked.unwrap_or_else(|| (FIRST_WAIT * 2_u32.pow(doublings)).min(LONGEST_WAIT)))
}
