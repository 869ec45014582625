//! Sealing everything anew with the first key.

use std::io;
use std::time::Duration;

use connector_domain::failpoint::{Failpoint, Injected, try_reach};
use connector_domain::{Actor, AuditEvent, RotationId};
use connector_store::{
    Durability, KeyRotation, RotationStatus, SealedColumn, SealedRange, SealedRow, StoreError, WriteTx,
};
use connector_vault::OpenError;
use tokio_util::sync::CancellationToken;

use crate::vault_check::range;
use crate::{Connections, SEALED, place};

/// How many values are sealed anew in one transaction.
const BATCH: u64 = 100;
/// Before the next look at values that others have locked.
const PAUSE: Duration = Duration::from_millis(500);
/// After so many looks in a row at which nothing moved, the rotation is given up: an exchange that holds a row has ended
/// long before.
const MOST_IDLE_PASSES: u32 = 120;

/// Why not everything could be sealed anew. What was sealed stays so, and the next rotation does the rest.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error(
        "{number} sealed values cannot be opened, so they cannot be sealed anew; the first: {first}. Everything else is sealed with the new key"
    )]
    Unreadable { number: usize, first: OpenError },
    #[error(
        "{rows} values are still sealed with another key, and more come: another process seals with it. Put the new key first in every process, restart them, and rotate again"
    )]
    StillSealed { rows: u64 },
    #[error(
        "the service seals with the key `{sealing}` and was asked for `{wanted}`: restart it with the new key first"
    )]
    OtherKey { sealing: String, wanted: String },
    #[error("the rotation was asked to stop; the next one goes on where it stopped")]
    Stopped,
    #[error("the answers in the spool could not be sealed anew: {0}")]
    Spool(#[source] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Injected(#[from] Injected),
}

impl Connections {
    /// A rotation to the first key, not begun yet. To be stored by [`WriteTx::create_key_rotation`].
    pub async fn new_rotation(&self) -> Result<KeyRotation, StoreError> {
        let now = self.now();
        Ok(KeyRotation {
            id: RotationId::generate(&*self.inner.entropy, now),
            key_id: self.inner.keys.sealing_key_id().to_owned(),
            status: RotationStatus::Queued,
            rows_total: self.rows_under_other_keys().await?,
            rows_done: 0,
            created_at: now,
            finished_at: None,
            error: None,
        })
    }

    /// How many values are sealed with another key than the first.
    pub async fn rows_under_other_keys(&self) -> Result<u64, StoreError> {
        let sealing = [range(self.inner.keys.sealing_key_id())];
        let mut rows = 0;
        for column in &SEALED {
            rows += self.inner.store.count_sealed(column, &sealing).await?;
        }
        Ok(rows)
    }

    /// Seals every value anew that is not sealed with the first key, while others read and write them, and forgets the
    /// other keys at the end. A value that changes meanwhile keeps its change. How far it is, is in `rotation`'s row
    /// after each batch; what is done stays done wherever this stops.
    pub async fn rotate_keys(
        &self,
        mut rotation: KeyRotation,
        actor: Actor,
        stop: &CancellationToken,
    ) -> Result<KeyRotation, RotationError> {
        let sealing = self.inner.keys.sealing_key_id();
        if rotation.key_id != sealing {
            let sealing = sealing.to_owned();
            return Err(RotationError::OtherKey { sealing, wanted: rotation.key_id });
        }
        let begins = rotation.status == RotationStatus::Queued;
        rotation.rows_total = rotation.rows_done + self.rows_under_other_keys().await?;
        rotation.status = RotationStatus::Running;
        let mut tx = self.inner.store.begin_write(Durability::Full).await?;
        tx.update_key_rotation(&rotation).await?;
        if begins {
            let event =
                AuditEvent::KeyRotationBegun { key_id: sealing.to_owned(), rows: rotation.rows_total };
            tx.record_audit(&self.audit(actor.clone()).record(event)).await?;
        }
        tx.commit().await?;
        let mut idle_passes = 0;
        loop {
            let done_before = rotation.rows_done;
            let unreadable = self.pass(&mut rotation, stop).await?;
            if let Some(first) = unreadable.first() {
                let first = first.clone();
                return Err(RotationError::Unreadable { number: unreadable.len(), first });
            }
            self.reseal_spool().await.map_err(RotationError::Spool)?;
            if self.finish(&mut rotation, &actor).await? {
                return Ok(rotation);
            }
            idle_passes = if rotation.rows_done == done_before { idle_passes + 1 } else { 0 };
            if idle_passes == MOST_IDLE_PASSES {
                return Err(RotationError::StillSealed { rows: self.rows_under_other_keys().await? });
            }
            tokio::select! {
                () = stop.cancelled() => return Err(RotationError::Stopped),
                () = self.inner.pause.wait(PAUSE) => {}
            }
        }
    }

    /// Walks over all columns once; answers what could not be opened.
    async fn pass(
        &self,
        rotation: &mut KeyRotation,
        stop: &CancellationToken,
    ) -> Result<Vec<OpenError>, RotationError> {
        let sealing = [range(self.inner.keys.sealing_key_id())];
        let mut unreadable = Vec::new();
        for column in &SEALED {
            let mut after = None;
            loop {
                if stop.is_cancelled() {
                    return Err(RotationError::Stopped);
                }
                let mut tx = self.inner.store.begin_write(Durability::Full).await?;
                let rows = tx.lock_sealed(column, &sealing, after.as_deref(), BATCH).await?;
                let Some(last) = rows.last() else { break };
                after = Some(last.key.clone());
                try_reach(Failpoint::RotateBatchRead).await?;
                for row in &rows {
                    match self.swap(&mut tx, column, row).await? {
                        Ok(swapped) => rotation.rows_done += u64::from(swapped),
                        Err(error) => unreadable.push(error),
                    }
                }
                tx.update_key_rotation(rotation).await?;
                tx.commit().await?;
                try_reach(Failpoint::RotateBatchCommitted).await?;
            }
        }
        Ok(unreadable)
    }

    /// Seals one value anew. `false` where it was replaced by another meanwhile.
    async fn swap(
        &self,
        tx: &mut WriteTx,
        column: &SealedColumn,
        row: &SealedRow,
    ) -> Result<Result<bool, OpenError>, RotationError> {
        let name = place::row_name(row);
        let place = place::of_row(column, row, &name);
        let opened = match self.inner.keys.open(&place, &row.sealed) {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        let sealed = self.inner.keys.seal(&place, &opened, &*self.inner.entropy);
        let swapped = tx.swap_sealed(column, row, sealed).await?;
        try_reach(Failpoint::RotateRowSwapped).await?;
        Ok(Ok(swapped))
    }

    /// Ends the rotation and forgets the other keys, provided that nothing is sealed with them any more.
    async fn finish(&self, rotation: &mut KeyRotation, actor: &Actor) -> Result<bool, RotationError> {
        let sealing: [SealedRange; 1] = [range(&rotation.key_id)];
        let mut tx = self.inner.store.begin_write(Durability::Full).await?;
        for column in &SEALED {
            if tx.count_sealed(column, &sealing).await? > 0 {
                return Ok(false);
            }
        }
        tx.retire_other_keys(&rotation.key_id).await?;
        rotation.status = RotationStatus::Succeeded;
        rotation.rows_total = rotation.rows_done;
        rotation.finished_at = Some(self.now());
        tx.update_key_rotation(rotation).await?;
        let event =
            AuditEvent::KeyRotationFinished { key_id: rotation.key_id.clone(), rows: rotation.rows_done };
        tx.record_audit(&self.audit(actor.clone()).record(event)).await?;
        tx.commit().await?;
        tracing::info!(
            key_id = rotation.key_id,
            rows = rotation.rows_done,
            "everything is sealed with the first key"
        );
        Ok(true)
    }
}
