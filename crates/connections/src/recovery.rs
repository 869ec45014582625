//! What a start begins with: answers that an earlier process could not store, then exchanges whose outcome is not known.

use std::io;
use std::time::Duration;

use connector_domain::failpoint::{Failpoint, reach};
use connector_store::StoreError;
use connector_vault::KeyRing;

use crate::late::Late;
use crate::spool::Spooled;
use crate::spool_record::{RecordOf, SpoolRecord};
use crate::{Connections, Custody, place};

impl Connections {
    /// Says whose database this is, and takes up what lies in the spool of this process and of dead ones. Before
    /// anything is exchanged: it does not end before it is known whose files these are to be.
    pub async fn take_up_spool(&self) {
        let mut pause = self.timings().spool_retry_first;
        loop {
            match self.custody().await {
                Ok(Custody::Ours) => break,
                Ok(Custody::Foreign(why)) => {
                    tracing::error!(
                        why,
                        "this database belongs to another deployment: what is stored is served, and no token is exchanged. \
                         If no other deployment uses it any more, run `connector adopt`"
                    );
                    break;
                }
                Err(error) => tracing::error!(%error, "it cannot be said whose database this is"),
            }
            self.inner.pause.wait(pause).await;
            pause = (pause * 2).min(self.timings().spool_retry_longest).max(Duration::from_millis(1));
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
        if let Err(error) = self.reseal(&name, &sealed).await {
            tracing::error!(name, %error, "a file of the spool cannot be sealed with the first key");
        }
        if record.deployment != self.deployment_id() {
            return tracing::warn!(name, "a file of the spool belongs to another deployment, and stays");
        }
        let (answer, received_at) = record.tokens.answer();
        match record.of {
            RecordOf::Refresh { connection_id, generation, epoch, attempt } => {
                let late = Late { connection_id, generation, epoch, attempt, answer, received_at };
                self.store_when_possible(late, Duration::ZERO);
            }
            RecordOf::Login(login) => self.finish_when_possible(name, login, answer, received_at),
        }
    }

    /// Seals the files of the spool anew that are sealed with another key than the first: once that key is taken away,
    /// nobody could open them.
    pub(crate) async fn reseal_spool(&self) -> io::Result<()> {
        for Spooled { name, sealed, .. } in self.inner.spool.read().await? {
            self.reseal(&name, &sealed).await?;
        }
        Ok(())
    }

    async fn reseal(&self, name: &str, sealed: &[u8]) -> io::Result<()> {
        let keys = &self.inner.keys;
        if KeyRing::key_id_of(sealed) == Some(keys.sealing_key_id()) {
            return Ok(());
        }
        let Ok(plain) = keys.open(&place::spooled(name), sealed) else { return Ok(()) };
        let sealed = keys.seal(&place::spooled(name), &plain, &*self.inner.entropy);
        self.inner.spool.put(name.to_owned(), sealed).await
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
