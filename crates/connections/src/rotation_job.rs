use std::sync::Arc;
use std::time::Duration;

use connector_domain::{Actor, RotationId};
use connector_jobs::{Handler, JobContext, JobError, Jobs};
use connector_store::{Durability, Job, KeyRotation, RotationStatus, StoreError};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::{Connections, RotationError};

/// The kind of the job that rotates the encryption keys.
pub const ROTATION_JOB: &str = "rotate_keys";
/// One rotation at a time.
const DEDUPE_KEY: &str = "all";
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Rotates the keys for a command that found the service running.
struct RotationHandler {
    connections: Connections,
}

impl Connections {
    /// What runs the jobs that [`queue_rotation`](Self::queue_rotation) puts in the queue.
    pub fn rotation_handler(&self) -> Arc<dyn Handler> {
        Arc::new(RotationHandler { connections: self.clone() })
    }

    /// Stores the rotation, without handing it to anybody.
    pub async fn store_rotation(&self, rotation: &KeyRotation) -> Result<(), StoreError> {
        let mut tx = self.inner.store.begin_write(Durability::Full).await?;
        tx.create_key_rotation(rotation).await?;
        tx.commit().await
    }

    /// Hands the rotation to the service that runs on this database. Where one waits or runs already, that one is the
    /// answer.
    pub async fn queue_rotation(
        &self,
        jobs: &Jobs,
        rotation: &KeyRotation,
    ) -> Result<RotationId, StoreError> {
        let mut tx = self.inner.store.begin_write(Durability::Full).await?;
        tx.create_key_rotation(rotation).await?;
        let (key, payload) = (DEDUPE_KEY.to_owned(), rotation.id.to_string());
        if jobs.enqueue(&mut tx, ROTATION_JOB, key, payload).await? {
            tx.commit().await?;
            jobs.wake();
            return Ok(rotation.id);
        }
        drop(tx);
        let live = self.inner.store.find_live_job(ROTATION_JOB, DEDUPE_KEY).await?;
        Ok(live.and_then(|job| job.payload.parse().ok()).unwrap_or(rotation.id))
    }
}

impl Handler for RotationHandler {
    fn kind(&self) -> &'static str {
        ROTATION_JOB
    }

    fn run(&self, job: Job, context: JobContext) -> BoxFuture<'_, Result<(), JobError>> {
        async move {
            let store = &self.connections.inner.store;
            let found = match job.payload.parse() {
                Ok(id) => store.find_key_rotation(id).await.map_err(|error| later(&error))?,
                Err(_) => None,
            };
            let Some(rotation) = found else {
                return Err(JobError::Fail { reason: "the rotation of this job does not exist".to_owned() });
            };
            if rotation.status.is_final() {
                return Ok(());
            }
            let id = rotation.id;
            match self.connections.rotate_keys(rotation, Actor::Operator, &context.stop).await {
                Ok(_) => Ok(()),
                Err(RotationError::Stopped) => Err(JobError::Interrupted),
                Err(RotationError::Store(error @ StoreError::Unavailable(_))) => Err(later(&error)),
                Err(error) => {
                    tracing::error!(%error, "the keys could not be rotated");
                    self.connections.fail_rotation(id, &error).await.map_err(|error| later(&error))
                }
            }
        }
        .boxed()
    }
}

impl Connections {
    /// Notes why the rotation ended before its end.
    pub async fn fail_rotation(&self, id: RotationId, error: &RotationError) -> Result<(), StoreError> {
        let Some(mut rotation) = self.inner.store.find_key_rotation(id).await? else { return Ok(()) };
        rotation.status = RotationStatus::Failed;
        rotation.error = Some(error.to_string());
        rotation.finished_at = Some(self.now());
        self.inner.store.update_key_rotation(&rotation).await
    }
}

fn later(error: &StoreError) -> JobError {
    JobError::Retry { after: AFTER_FAILURE, reason: error.to_string() }
}
