//! Durable jobs: rows of the database that exactly one worker at a time holds by a lease.
//!
//! A worker that dies lets its lease run out, and another takes the job. Of one kind, one job per key waits or runs,
//! so two runs of the same thing never overlap. Polling is what finds work; a wake-up only finds it sooner.

mod handler;
mod runner;

use std::sync::Arc;
use std::time::Duration;

use connector_domain::{Clock, Entropy, JobId};
use connector_store::{NewJob, Store, StoreError, WriteTx};
use tokio::sync::Notify;

pub use handler::{Handler, JobContext, JobError};
pub use runner::Runner;

/// A worker that says nothing for so long has lost its job.
pub const LEASE: Duration = Duration::from_secs(30);

/// The queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Jobs {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pub(crate) wake: Arc<Notify>,
    /// This process, as the holder of leases.
    pub(crate) owner: Arc<str>,
}

impl Jobs {
    pub fn new(store: Store, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let owner = entropy.uuid(clock.now()).to_string().into();
        Self { store, clock, entropy, wake: Arc::default(), owner }
    }

    /// Puts a job in the queue, together with what else `tx` writes. `false` where one of the same kind and key waits
    /// or runs already. To be followed by [`wake`](Self::wake) once committed.
    pub async fn enqueue(
        &self,
        tx: &mut WriteTx,
        kind: &'static str,
        dedupe_key: String,
        payload: String,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let job = NewJob { id: JobId::generate(&*self.entropy, now), kind, dedupe_key, payload, run_at: now };
        tx.enqueue(&job, now).await
    }

    /// Lets the runner of this process look at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}
