use connector_store::StoreError;
use connector_vault::OpenError;

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

impl Connections {
    /// Checks that every key that ever sealed here is configured and right, before anything is opened or written;
    /// then notes the sealing key.
    pub async fn check_vault(&self) -> Result<(), VaultError> {
        let inner = &*self.inner;
        let checks = inner.store.list_key_checks().await?;
        for (key_id, sealed) in &checks {
            match inner.keys.verify_check(key_id, sealed) {
                Ok(()) => {}
                Err(OpenError::UnknownKey { .. }) => {
                    return Err(VaultError::MissingKey { key_id: key_id.clone() });
                }
                Err(_) => return Err(VaultError::WrongKey { key_id: key_id.clone() }),
            }
        }
        let sealing = inner.keys.sealing_key_id();
        if !checks.iter().any(|(key_id, _)| key_id == sealing)
            && let Some(sealed) = inner.keys.check(sealing, &*inner.entropy)
        {
            inner.store.put_key_check(sealing, sealed, self.now()).await?;
        }
        Ok(())
    }
}
