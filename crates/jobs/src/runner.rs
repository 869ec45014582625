use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connector_domain::JobId;
use connector_store::{Job, StoreError};
use futures::FutureExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Handler, JobContext, JobError, Jobs, LEASE};

/// How often the lease of a running job is extended.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How often the queue is looked at when nothing wakes the runner: another process may have put a job in.
const POLL: Duration = Duration::from_secs(1);
/// After the database has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// A job that panicked is tried again after this time, and as often as the limit says.
const AFTER_PANIC: Duration = Duration::from_secs(30);
const MOST_PANICS: i32 = 3;

/// Claims jobs and runs them.
pub struct Runner {
    jobs: Jobs,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    concurrency: usize,
    /// What runs here now. After a suspension of the machine all leases have run out, and this process may be the
    /// first to see it.
    running: Mutex<HashSet<JobId>>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("kinds", &self.handlers.keys()).finish_non_exhaustive()
    }
}

impl Runner {
    pub fn new(jobs: Jobs, handlers: Vec<Arc<dyn Handler>>, concurrency: usize) -> Self {
        let handlers = handlers.into_iter().map(|handler| (handler.kind(), handler)).collect();
        Self { jobs, handlers, concurrency, running: Mutex::default() }
    }

    /// Runs jobs until `stop`; then asks the running ones to stop and waits for them.
    pub async fn run(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let kinds: Vec<_> = this.handlers.keys().copied().collect();
        let mut running = JoinSet::new();
        while !stop.is_cancelled() {
            // Interest is registered before looking, so that no wake-up between the two is lost.
            let woken = this.jobs.wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let mut pause = POLL;
            while running.len() < this.concurrency && !stop.is_cancelled() {
                match this.claim(&kinds).await {
                    // Still running here: the claim has renewed its lease, and that is all.
                    Ok(Some(job)) if !this.running().insert(job.id) => {}
                    Ok(Some(job)) => {
                        let (this, stop) = (Arc::clone(&this), stop.child_token());
                        running.spawn(async move { this.work(job, stop).await });
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::error!(%error, "the job queue cannot be read");
                        pause = AFTER_FAILURE;
                        break;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = woken => {}
                () = tokio::time::sleep(pause) => {}
                Some(_) = running.join_next() => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    fn running(&self) -> MutexGuard<'_, HashSet<JobId>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn claim(&self, kinds: &[&str]) -> Result<Option<Job>, StoreError> {
        let now = self.jobs.clock.now();
        self.jobs.store.claim_job(kinds, &self.jobs.owner, now, now.plus(LEASE)).await
    }

    async fn work(&self, job: Job, stop: CancellationToken) {
        let Some(handler) = self.handlers.get(job.kind.as_str()) else { return };
        let (id, kind, failures) = (job.id, job.kind.clone(), job.failures);
        let beat = self.keep_lease(id, stop.clone());
        let run = AssertUnwindSafe(handler.run(job, JobContext { stop })).catch_unwind();
        let outcome = tokio::select! {
            outcome = run => outcome,
            never = beat => match never {},
        };
        let outcome = outcome.unwrap_or_else(|_| {
            let reason = "the job panicked".to_owned();
            Err(match failures + 1 {
                ..MOST_PANICS => JobError::Retry { after: AFTER_PANIC, reason },
                _ => JobError::Fail { reason },
            })
        });
        // Before it can be claimed anew.
        self.running().remove(&id);
        if let Err(error) = self.settle(id, failures, outcome).await {
            // The lease runs out by itself; the job is then run again.
            tracing::error!(job.id = %id, kind, %error, "the end of a job could not be stored");
        }
    }

    /// `failures`: how often it had failed before.
    async fn settle(
        &self,
        id: JobId,
        failures: i32,
        outcome: Result<(), JobError>,
    ) -> Result<(), StoreError> {
        let Jobs { store, owner, clock, .. } = &self.jobs;
        match outcome {
            Ok(()) => store.finish_job(id, owner).await?,
            Err(JobError::Fail { reason }) => {
                tracing::error!(job.id = %id, reason, "a job failed for good");
                store.finish_job(id, owner).await?
            }
            Err(JobError::Interrupted) => store.return_job(id, owner, clock.now(), None, failures).await?,
            Err(JobError::Retry { after, reason }) => {
                tracing::warn!(job.id = %id, reason, after_s = after.as_secs(), "a job will be run again");
                let run_at = clock.now().plus(after);
                store.return_job(id, owner, run_at, Some(&reason), failures.saturating_add(1)).await?
            }
            Err(JobError::Wait { until, reason, failures }) => {
                tracing::warn!(job.id = %id, reason, %until, "a job waits");
                store.return_job(id, owner, until, Some(&reason), failures).await?
            }
        };
        Ok(())
    }

    /// Extends the lease until the job ends; asks the job to stop where the lease is lost.
    async fn keep_lease(&self, id: JobId, stop: CancellationToken) -> Infallible {
        let Jobs { store, owner, clock, .. } = self.jobs.clone();
        let mut beats = tokio::time::interval(HEARTBEAT);
        beats.tick().await;
        loop {
            beats.tick().await;
            match store.extend_lease(id, &owner, clock.now().plus(LEASE)).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(job.id = %id, "the lease of a job was lost to another worker");
                    stop.cancel();
                    std::future::pending::<Infallible>().await;
                }
                Err(error) => {
                    tracing::warn!(job.id = %id, %error, "the lease of a job could not be extended");
                }
            }
        }
    }
}
