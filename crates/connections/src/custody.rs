//! Whether the tokens of this database are ours to use. A copy of a database must not rotate the tokens of the original
//! away: it stays quiet until an operator adopts it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use connector_domain::Actor;
use connector_store::{DatabaseUrl, Deployment, Store, StoreError};

use crate::{Connections, TokenUnavailable};

/// Whose tokens these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Custody {
    Ours,
    /// For people: what shows that the database is a copy.
    Foreign(String),
}

/// Why a database could not be adopted.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error("cannot write {path}: {source}")]
    File { path: String, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Compares the database with the deployment that adopted it, if one has. Changes nothing.
pub async fn custody_of(store: &Store) -> Result<Option<(Custody, Deployment)>, AdoptError> {
    let Some(recorded) = store.deployment().await? else { return Ok(None) };
    let mark = mark_path(store.url());
    let why = match mark.as_deref().map(|path| (path, fs::read_to_string(path))) {
        Some((path, Ok(id))) if id.trim() != recorded.id => {
            Some(format!("{} names another deployment", path.display()))
        }
        Some((path, Err(error))) if error.kind() == io::ErrorKind::NotFound => {
            Some(format!("{} is missing", path.display()))
        }
        Some((path, Err(source))) => {
            return Err(AdoptError::File { path: path.display().to_string(), source });
        }
        Some((_, Ok(_))) if store.place().await? != recorded.place => {
            Some("the database file is not the one that was adopted: it was copied or restored".to_owned())
        }
        None if store.place().await? != recorded.place => {
            Some("the database is not the one that was adopted: it was restored or moved".to_owned())
        }
        _ => None,
    };
    Ok(Some((why.map_or(Custody::Ours, Custody::Foreign), recorded)))
}

impl Connections {
    /// Compares the database with the deployment that adopted it. One that nobody has adopted becomes ours.
    pub async fn custody(&self) -> Result<Custody, AdoptError> {
        let store = &self.inner.exchanging;
        if let Some((custody, recorded)) = custody_of(store).await? {
            self.know(&recorded.id);
            return Ok(custody);
        }
        self.record(false).await?;
        Ok(Custody::Ours)
    }

    /// Takes the database over, for an operator who knows that no other deployment uses its tokens. What lies in the
    /// spool for it is taken up before that: afterwards it would be another deployment's.
    pub async fn adopt(&self) -> Result<(), AdoptError> {
        self.take_up_spool().await;
        self.inner.late.emptied(&*self.inner.pause, self.timings().busy_poll).await;
        self.record(true).await
    }

    /// The same as the custody last seen, for answers that must not wait.
    pub(crate) fn deployment_id(&self) -> String {
        self.inner.deployment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn know(&self, id: &str) {
        let mut known = self.inner.deployment.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != id {
            id.clone_into(&mut known);
        }
    }

    /// # Errors
    /// [`TokenUnavailable::NotAdopted`] where nothing may be exchanged.
    pub(crate) async fn check_custody(&self) -> Result<(), TokenUnavailable> {
        match self.custody().await {
            Ok(Custody::Ours) => Ok(()),
            Ok(Custody::Foreign(why)) => Err(TokenUnavailable::NotAdopted { why }),
            Err(AdoptError::Store(error)) => Err(error.into()),
            // What cannot be read cannot be ours for sure.
            Err(error @ AdoptError::File { .. }) => {
                Err(TokenUnavailable::NotAdopted { why: error.to_string() })
            }
        }
    }

    async fn record(&self, over: bool) -> Result<(), AdoptError> {
        let inner = &*self.inner;
        let now = self.now();
        let id = inner.entropy.uuid(now).to_string();
        let place = inner.store.place().await?;
        // The file first: a row without it would make this database foreign to itself.
        if let Some(path) = mark_path(inner.store.url()) {
            let of_file = |source| AdoptError::File { path: path.display().to_string(), source };
            write_mark(&path, &id).map_err(of_file)?;
        }
        let actor = if over { Actor::Operator } else { Actor::System };
        let new = Deployment { id: id.clone(), place };
        if inner.store.record_deployment(&new, over, &self.audit(actor)).await? {
            tracing::info!(deployment.id = id, "this database is this deployment's");
            self.know(&id);
        }
        Ok(())
    }
}

/// The file that says beside a SQLite database whose it is.
fn mark_path(url: &DatabaseUrl) -> Option<PathBuf> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let mut name = path.as_os_str().to_owned();
            name.push(".deployment");
            Some(PathBuf::from(name))
        }
        DatabaseUrl::Postgres(_) => None,
    }
}

fn write_mark(path: &Path, id: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    writeln!(file, "{id}")?;
    file.sync_all()
}
