use connector_store::{SealedRange, Store, StoreError};
use connector_vault::{KeyRing, OpenError};

use crate::{Connections, SEALED, place};

/// Why the key ring does not fit the database.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(
        "the encryption key `{key_id}`, with which values in this database are sealed, is not configured: add it to CONNECTOR_ENCRYPTION_KEYS, behind the key that is to seal from now on"
    )]
    MissingKey { key_id: String },
    #[error(
        "the encryption key `{key_id}` is not the one with which this database was sealed: its id is the same, its bytes differ. Restore the right key; nothing was changed"
    )]
    WrongKey { key_id: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many values are read at once.
const BATCH: u64 = 500;

/// Checks that every key that seals in this database is in the ring, and right. Answers the ids of those that are
/// known to seal here; changes nothing. The tables must be those of this program's version.
pub async fn verify_keys(store: &Store, keys: &KeyRing) -> Result<Vec<String>, VaultError> {
    let verified = verify_checks(store, keys).await?;
    let ranges: Vec<_> = keys.key_ids().map(range).collect();
    for column in &SEALED {
        let Some(row) = store.list_sealed(column, &ranges, None, 1).await?.into_iter().next() else {
            continue;
        };
        // What was never sealed at all is for `open_everything` to tell.
        if let Some(key_id) = KeyRing::key_id_of(&row.sealed) {
            return Err(VaultError::MissingKey { key_id: key_id.to_owned() });
        }
    }
    Ok(verified)
}

/// The part of [`verify_keys`] that every version of the tables can answer.
pub async fn verify_checks(store: &Store, keys: &KeyRing) -> Result<Vec<String>, VaultError> {
    let mut verified = Vec::new();
    for (key_id, sealed) in store.list_key_checks().await? {
        match keys.verify_check(&key_id, &sealed) {
            Ok(()) => verified.push(key_id),
            Err(OpenError::UnknownKey { .. }) => return Err(VaultError::MissingKey { key_id }),
            Err(_) => return Err(VaultError::WrongKey { key_id }),
        }
    }
    Ok(verified)
}

/// The values that `key_id` has sealed.
pub(crate) fn range(key_id: &str) -> SealedRange {
    let (from, to) = KeyRing::sealed_range(key_id);
    SealedRange { from, to }
}

/// What came of opening every sealed value of a column.
#[derive(Debug)]
pub struct OpenedColumn {
    pub table: &'static str,
    pub column: &'static str,
    pub opened: u64,
    /// How many of them are sealed with another key than the one that seals now.
    pub under_other_keys: u64,
    pub failures: Vec<OpenError>,
}

/// Opens every sealed value where it lies, and forgets what it holds. Changes nothing.
pub async fn open_everything(store: &Store, keys: &KeyRing) -> Result<Vec<OpenedColumn>, StoreError> {
    let sealing = [range(keys.sealing_key_id())];
    let mut columns = Vec::new();
    for column in &SEALED {
        let mut outcome = OpenedColumn {
            table: column.table,
            column: column.column,
            opened: 0,
            under_other_keys: store.count_sealed(column, &sealing).await?,
            failures: Vec::new(),
        };
        let mut after = None;
        loop {
            let rows = store.list_sealed(column, &[], after.as_deref(), BATCH).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key.clone());
            for row in rows {
                let name = place::row_name(&row);
                match keys.open(&place::of_row(column, &row, &name), &row.sealed) {
                    Ok(_) => outcome.opened += 1,
                    Err(error) => outcome.failures.push(error),
                }
            }
        }
        columns.push(outcome);
    }
    Ok(columns)
}

impl Connections {
    /// [`verify_keys`], before anything is opened or written; then notes the sealing key.
    pub async fn check_vault(&self) -> Result<(), VaultError> {
        let inner = &*self.inner;
        let verified = verify_keys(&inner.store, &inner.keys).await?;
        let sealing = inner.keys.sealing_key_id();
        if !verified.iter().any(|key_id| key_id == sealing)
            && let Some(sealed) = inner.keys.check(sealing, &*inner.entropy)
        {
            inner.store.put_key_check(sealing, sealed, self.now()).await?;
        }
        Ok(())
    }
}
