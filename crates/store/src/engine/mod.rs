//! What differs between the engines: how connections are opened, how a transaction begins, how a grant is locked.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use connector_domain::ConnectionId;
use sea_orm::{DatabaseConnection, SqliteTransactionMode, TransactionOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use sqlite::ServiceLock;

use crate::Engine;

pub(crate) struct Pools {
    pub(crate) read: DatabaseConnection,
    pub(crate) write: DatabaseConnection,
    pub(crate) tokens: DatabaseConnection,
    /// See [`crate::Store::for_exchanges`].
    pub(crate) exchanges: Option<DatabaseConnection>,
}

pub(crate) fn write_transaction(engine: Engine) -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: (engine == Engine::Sqlite).then_some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

/// One lock per grant within this process: on SQLite the only one that is needed, on PostgreSQL what spares the
/// database the waiting of callers that are in the same process anyway.
#[derive(Debug)]
pub(crate) struct GrantLocks {
    of_grants: Mutex<HashMap<ConnectionId, Weak<tokio::sync::Mutex<()>>>>,
    /// As many as PostgreSQL has connections for holding locks. Waiting here is fair, and never fails.
    slots: Arc<Semaphore>,
}

impl Default for GrantLocks {
    fn default() -> Self {
        Self { of_grants: Mutex::default(), slots: Arc::new(Semaphore::new(postgres::TOKENS as usize)) }
    }
}

impl GrantLocks {
    pub(crate) fn of(&self, id: ConnectionId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.of_grants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(&id).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        locks.insert(id, Arc::downgrade(&lock));
        lock
    }

    pub(crate) fn is_held(&self, id: ConnectionId) -> bool {
        let locks = self.of_grants.lock().unwrap_or_else(PoisonError::into_inner);
        locks.get(&id).and_then(Weak::upgrade).is_some_and(|lock| lock.try_lock().is_err())
    }

    /// The right to one of the connections that hold locks.
    pub(crate) async fn slot(&self, engine: Engine) -> Option<OwnedSemaphorePermit> {
        match engine {
            Engine::Sqlite => None,
            // The semaphore is never closed.
            Engine::Postgres => Arc::clone(&self.slots).acquire_owned().await.ok(),
        }
    }
}

/// `column {among}` asks whether the column is one of the texts in value `$n`, a JSON list. Of any length: with a value
/// for each text, every number of them would be a statement of its own to prepare.
pub(crate) fn among(engine: Engine, n: usize) -> String {
    match engine {
        Engine::Sqlite => format!("IN (SELECT value FROM json_each(${n}))"),
        Engine::Postgres => format!("= ANY(ARRAY(SELECT json_array_elements_text(${n}::json)))"),
    }
}
