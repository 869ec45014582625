//! Erasing a person: tokens first, then sessions, then rows, the person last.
//!
//! Not one transaction, which on SQLite would keep everybody else from writing for as long as it takes. Who is
//! interrupted asks again: what is gone is gone, and the person is there until everything else is not.

use std::collections::BTreeMap;

use connector_domain::{Actor, Audit, AuditEvent, DataFate, UserId};
use connector_store::{Durability, MirrorKind, StoreError};

use crate::erase::{BATCH, ERASE_JOB};
use crate::{JOB_KIND, Syncs};

/// What a sync that was under way says of its end.
const CANCELLED: &str = "the user was deleted";

impl Syncs {
    /// Deletes a person and everything that is the person's: tokens, sessions, keys, mirrored rows. Answers how many
    /// rows of each table, or `None` where there is no such person.
    ///
    /// To be run in a task of its own: a caller that goes away must not leave half of it.
    pub async fn erase_user(
        &self,
        user: UserId,
        actor: Actor,
    ) -> Result<Option<BTreeMap<String, u64>>, StoreError> {
        if self.store.find_user(user).await?.is_none() {
            return Ok(None);
        }
        let mut erased = BTreeMap::new();
        let mut count = |table: &str, rows: u64| {
            if rows > 0 {
                *erased.entry(table.to_owned()).or_default() += rows;
            }
        };
        for connection in self.store.list_connections(Some(user)).await? {
            let key = connection.id.to_string();
            self.end_syncs(connection.id, CANCELLED).await?;
            let mut tx = self.store.begin_write(Durability::Full).await?;
            // The jobs first, as in `disconnect`.
            tx.cancel_job(JOB_KIND, &key).await?;
            tx.cancel_job(ERASE_JOB, &key).await?;
            tx.cancel_sync_runs(connection.id, CANCELLED, self.clock.now()).await?;
            self.connections.disconnect(&mut tx, connection.id, DataFate::Erased, actor.clone()).await?;
            tx.forget_syncs(connection.id).await?;
            tx.commit().await?;
            count("grants", u64::from(connection.access_expires_at.is_some()));
        }
        count("sessions", self.connections.erase_sessions(user).await?);
        for kind in MirrorKind::ALL {
            for site in self.store.list_mirrored_sites(kind, user).await? {
                loop {
                    let mut tx = self.store.begin_write(Durability::Normal).await?;
                    let rows = tx.erase_remote(kind, user, &site, BATCH).await?;
                    tx.commit().await?;
                    if rows == 0 {
                        break;
                    }
                    count(kind.as_str(), rows);
                }
            }
            let mut tx = self.store.begin_write(Durability::Normal).await?;
            count(kind.as_str(), tx.erase_by_hand(kind, user).await?);
            tx.commit().await?;
        }
        let mut tx = self.store.begin_write(Durability::Full).await?;
        for (table, rows) in tx.erase_user(user, self.clock.now()).await? {
            count(&table, rows);
        }
        let event = AuditEvent::UserErased { rows: erased.values().sum(), of: erased.clone() };
        let audit = Audit::new(&*self.entropy, self.clock.now(), actor);
        tx.record_audit(&audit.record(event).about(Some(user))).await?;
        tx.commit().await?;
        // A login that was under way may have begun one meanwhile; in the database it went with the person.
        self.connections.erase_sessions(user).await?;
        self.connections.clean_log().await;
        tracing::info!(user.id = %user, rows = erased.values().sum::<u64>(), "erased a user");
        Ok(Some(erased))
    }
}
