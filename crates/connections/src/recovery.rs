//! What a start begins with: answers that an earlier process could not store, then exchanges whose outcome is not known.

use connector_domain::failpoint::{Failpoint, reach};
use connector_store::StoreError;

use crate::late::Late;
use crate::spool::Spooled;
use crate::spool_record::{RecordOf, SpoolRecord};
use crate::{Connections, Custody, place};

impl Connections {
    /// Says whose database this is, and takes up what lies in the spool. Before anything is exchanged.
    pub async fn take_up_spool(&self) {
        match self.custody().await {
            Ok(Custody::Ours) => {}
            Ok(Custody::Foreign(why)) => {
                tracing::error!(
                    why,
                    "this database belongs to another deployment: what is stored is served, and no token is exchanged. If \
                     no other deployment uses it any more, run `connector adopt`"
                );
            }
            Err(error) => tracing::error!(%error, "it cannot be said whose database this is"),
        }
        let files = match self.inner.spool.read().await {
            Ok(files) => files,
            Err(error) => {
                let folder = self.inner.spool.folder().display();
                return tracing::error!(%error, %folder, "the spool cannot be read");
            }
        };
        for file in files {
            self.take_up(file).await;
        }
    }

    async fn take_up(&self, Spooled { name, sealed, whole }: Spooled) {
        let record = self.inner.keys.open(&place::spooled(&name), &sealed).ok();
        let record = record.and_then(|plain| serde_json::from_slice::<SpoolRecord>(&plain).ok());
        let record = match record {
            Some(record) => record,
            None if whole => {
                return tracing::error!(
                    name,
                    "a file of the spool cannot be opened, and stays: is its key missing?"
                );
            }
            // The process ended while it wrote.
            None => return drop(self.inner.spool.remove(name).await),
        };
        reach(Failpoint::SpoolRead).await;
        if record.deployment != self.deployment_id() {
            return tracing::warn!(name, "a file of the spool belongs to another deployment, and stays");
        }
        let (answer, received_at) = record.tokens.answer();
        match record.of {
            RecordOf::Refresh { connection_id, generation, epoch, attempt } => {
                let late = Late { connection_id, generation, epoch, attempt, answer, received_at };
                self.store_when_possible(late);
            }
            RecordOf::Login(login) => self.finish_when_possible(name, login, answer, received_at),
        }
    }

    /// Ends what an earlier process began: waits for the spool, then asks again for answers that were lost, the oldest
    /// first.
    pub async fn recover(&self) -> Result<(), StoreError> {
        self.inner.late.emptied(&*self.inner.pause, self.timings().busy_poll).await;
        if self.check_custody().await.is_err() {
            return Ok(());
        }
        for id in self.inner.store.list_open_intents().await? {
            if let Err(error) = self.exchange_if(id, |_| true).await {
                tracing::warn!(connection.id = %id, %error, "an exchange that was interrupted is not at its end yet");
            }
        }
        Ok(())
    }
}
