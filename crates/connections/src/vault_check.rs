use connector_store::{Store, StoreError};
use connector_vault::{KeyRing, OpenError};

use crate::Connections;

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

/// Checks that every key that ever sealed in this database is in the ring, and right. Answers their ids; changes
/// nothing.
pub async fn verify_keys(store: &Store, keys: &KeyRing) -> Result<Vec<String>, VaultError> {
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
