use std::time::Duration;

use connector_domain::{SyncRun, SyncStatus, Waiting};
use connector_jobs::{Handler, JobContext, JobError};
use connector_store::{Job, StoreError};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::run::{FIRST_WAIT, Fate, Run, RunError};
use crate::{JOB_KIND, Syncs};

/// A run is given up where so many beginnings in succession have failed, and none of them came further.
const MOST_FAILURES: i32 = 10;
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
                Some(run) => self.sync(run, job, context).await,
                None => Err(JobError::Fail { reason: "the sync run of this job does not exist".to_owned() }),
            }
        }
        .boxed()
    }
}

/// How a run goes on, or how it ended.
enum Outcome {
    Ended(SyncStatus, Option<String>),
    Waits(Wait),
    Stopped,
}

struct Wait {
    lasts: Duration,
    reason: String,
    /// How many beginnings in succession have now failed.
    failures: i32,
}

impl SyncHandler {
    async fn sync(&self, run: SyncRun, job: Job, context: JobContext) -> Result<(), JobError> {
        let failed_before = job.failures;
        let before = fetched(&run);
        let run = Run::begin(&self.syncs, run, job).await.map_err(later)?;
        let read = run.read(&context.stop).await;
        let came_further = fetched(&run.progress.row().await) > before;
        let failed_before = if came_further { 0 } else { failed_before };
        let outcome = match read {
            Ok(left) => match (left.waits.as_ref(), left.failure()) {
                (Some((reason, fate)), _) => after(*fate, failed_before, reason.clone()),
                (None, Some(error)) => Outcome::Ended(SyncStatus::Failed, Some(error.to_string())),
                (None, None) => Outcome::Ended(SyncStatus::Succeeded, None),
            },
            Err(RunError::Stopped) => Outcome::Stopped,
            // What becomes of the run is for the other worker to say.
            Err(RunError::LeaseLost) => return Err(JobError::Interrupted),
            Err(error) => after(error.fate(), failed_before, error.to_string()),
        };
        self.conclude(&run, outcome).await
    }

    async fn conclude(&self, run: &Run<'_>, outcome: Outcome) -> Result<(), JobError> {
        let now = self.syncs.clock.now();
        let progress = &run.progress;
        let result = match outcome {
            Outcome::Ended(status, error) => {
                let ended = progress.end(|row| {
                    (row.status, row.error, row.finished_at) = (status, error, Some(now));
                });
                if !ended.await.map_err(later)? {
                    return Err(JobError::Interrupted);
                }
                Ok(())
            }
            Outcome::Waits(Wait { lasts, reason, failures }) => {
                // The time that is told is the time at which the job is due: whoever waits for it waits no longer.
                let until = now.plus(lasts);
                let waiting = Waiting { until, reason: reason.clone() };
                let noted = progress.note(|row| {
                    (row.status, row.waiting) = (SyncStatus::Waiting, Some(waiting));
                });
                noted.await.map_err(not_noted)?;
                Err(JobError::Wait { until, reason, failures })
            }
            Outcome::Stopped => {
                let noted = progress.note(|row| row.status = SyncStatus::Queued);
                noted.await.map_err(not_noted)?;
                Err(JobError::Interrupted)
            }
        };
        run.log_end().await;
        result
    }
}

fn fetched(run: &SyncRun) -> u64 {
    run.streams.iter().map(|stream| stream.fetched).sum()
}

fn later(error: StoreError) -> JobError {
    JobError::Retry { after: FIRST_WAIT, reason: error.to_string() }
}

fn not_noted(error: RunError) -> JobError {
    match error {
        RunError::Store(error) => later(error),
        _ => JobError::Interrupted,
    }
}

/// Waits where waiting helps, for as long as Atlassian asks. A limit is no failure, however often it is met.
fn after(fate: Fate, failed_before: i32, reason: String) -> Outcome {
    let failures = failed_before.saturating_add(1);
    match fate {
        Fate::Limited(lasts) => Outcome::Waits(Wait { lasts, reason, failures: failed_before }),
        Fate::Passes(asked) if failures < MOST_FAILURES => {
            let doublings = u32::try_from(failed_before).unwrap_or(0).min(10);
            let doubled = (FIRST_WAIT * 2_u32.pow(doublings)).min(LONGEST_WAIT);
            Outcome::Waits(Wait { lasts: asked.unwrap_or(doubled), reason, failures })
        }
        _ => Outcome::Ended(SyncStatus::Failed, Some(reason)),
    }
}
