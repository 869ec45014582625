use connector_domain::{Actor, ConnectionId, DataFate};
use connector_store::{Durability, StoreError};

use crate::erase::{ERASE_JOB, Erasure};
use crate::{JOB_KIND, Syncs};

/// What a sync that was under way says of its end.
const CANCELLED: &str = "the account was disconnected";

impl Syncs {
    /// Ends a connection: its tokens are destroyed, its syncs end, and its mirrored rows stay, or a job erases them. All
    /// of that is decided in one transaction, once its syncs have been told to end. The person can remove the app's access at Atlassian, which has no endpoint
    /// for that.
    pub async fn disconnect(&self, id: ConnectionId, data: DataFate, actor: Actor) -> Result<(), StoreError> {
        let key = id.to_string();
        self.end_syncs(id, CANCELLED).await?;
        let mut tx = self.store.begin_write(Durability::Full).await?;
        // Once more: one may have been asked for meanwhile. The job first: a page that is being written holds it, and the
        // row of its run only after that.
        tx.cancel_job(JOB_KIND, &key).await?;
        tx.cancel_sync_runs(id, CANCELLED, self.clock.now()).await?;
        self.connections.disconnect(&mut tx, id, data, actor).await?;
        if data == DataFate::Erased {
            tx.forget_syncs(id).await?;
            self.jobs.enqueue(&mut tx, ERASE_JOB, key, Erasure::of(id).to_payload()).await?;
        }
        tx.commit().await?;
        tracing::info!(connection.id = %id, data = data.as_str(), "disconnected; its tokens are destroyed");
        self.jobs.wake();
        self.connections.clean_log().await;
        Ok(())
    }

    /// Takes the job of a sync away, and says of its run why it ended. In a transaction of its own: a page that is being
    /// written has its place locked and asks for its job last, so who holds the job and wants the places stands in its
    /// way for ever. Without a job it gives up by itself.
    pub(crate) async fn end_syncs(&self, id: ConnectionId, why: &str) -> Result<(), StoreError> {
        let mut tx = self.store.begin_write(Durability::Full).await?;
        tx.cancel_job(JOB_KIND, &id.to_string()).await?;
        tx.cancel_sync_runs(id, why, self.clock.now()).await?;
        tx.commit().await
    }
}
