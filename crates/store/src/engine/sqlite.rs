//! SQLite: one file, one process that serves it, one writer at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use log::LevelFilter;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, SqlxSqliteConnector, Statement};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _};

use super::Pools;
use crate::StoreError;

/// Readers beside the writer. More do not help on few cores: a query is short and holds no lock.
const READERS: u32 = 4;
/// Of the connection that writes the mirror, in KiB (as a negative number, so SQLite wants it): a page of rows goes into
/// a dozen indexes at places all over them, which two megabytes, the usual, do not hold.
const WRITER_CACHE: &str = "-8192";
/// Of each reader, in the same unit: half of the usual. A census goes through whole tables and fills all four of them, and
/// what is not in them is in the system's own cache.
const READER_CACHE: &str = "-1024";
/// How long a query waits for a connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(20);
/// The first version without the corruption of a write-ahead log that is reset while another connection commits.
const OLDEST: (u32, u32, u32) = (3, 51, 3);

pub(crate) async fn open(path: &Path) -> Result<Pools, StoreError> {
    create_private(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        // What is deleted must not stay readable in the file.
        .pragma("secure_delete", "ON")
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Warn, Duration::from_secs(2));
    // The writer first: it turns the file to WAL, which readers cannot do.
    let mirror = options.clone().synchronous(SqliteSynchronous::Normal).pragma("cache_size", WRITER_CACHE);
    let write = pool(mirror, 1).await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
    if !is_sound(&version) {
        return Err(StoreError::OldSqlite(version));
    }
    let tokens = pool(options.clone().synchronous(SqliteSynchronous::Full), 1).await?;
    let readers = options.pragma("query_only", "ON").pragma("cache_size", READER_CACHE);
    let read = pool(readers, READERS).await?;
    Ok(Pools {
        read: connection(read),
        write: connection(write),
        tokens: connection(tokens),
        exchanges: None,
    })
}

async fn pool(options: SqliteConnectOptions, size: u32) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        // A connection is a thread in this process: it does not go away.
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(is_out_of_transaction(connection)))
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// Whether a connection may be used again. On a full disk SQLite ends a transaction by itself; the rollback that follows
/// then fails, and the driver takes what comes next for a part of a transaction that has long ended: at the next failure
/// it would go back to a savepoint only, and hold the write lock for ever.
async fn is_out_of_transaction(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Behind a rollback that is still waiting.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn connection(pool: SqlitePool) -> DatabaseConnection {
    SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
}

/// Moves the write-ahead log into the file and empties it. `false` where a reader still needs it.
pub(crate) async fn truncate_log(connection: &DatabaseConnection) -> Result<bool, StoreError> {
    let pragma = Statement::from_string(connection.get_database_backend(), "PRAGMA wal_checkpoint(TRUNCATE)");
    let row = connection.query_one_raw(pragma).await?;
    let busy: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(busy == Some(0))
}

fn is_sound(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST
}

/// Creates the file readable by its owner only; SQLite gives its companions the same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|source| StoreError::File { path: path.display().to_string(), source })
}

/// Says that this process serves the file; given back when dropped, or by the system when the process dies.
#[derive(Debug)]
pub struct ServiceLock(#[expect(dead_code, reason = "held for its lock")] Option<File>);

impl ServiceLock {
    /// For engines that many processes may serve.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Locks `<database>.lock`.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process holds it.
    pub(crate) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        create_private(&path)?;
        let of_file = |source| StoreError::File { path: path.display().to_string(), source };
        let file = File::options().write(true).open(&path).map_err(of_file)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.display().to_string())),
            Err(TryLockError::Error(source)) => Err(of_file(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::TransactionTrait as _;

    use super::*;

    async fn insert(pool: &DatabaseConnection, value: &str) -> Result<(), sea_orm::DbErr> {
        let options = crate::engine::write_transaction(crate::Engine::Sqlite);
        let tx = pool.begin_with_options(options).await?;
        tx.execute_unprepared(&format!("INSERT INTO notes VALUES ({value})")).await?;
        tx.commit().await
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ends_by_itself_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let pools = open(&folder.path().join("full.db")).await.unwrap();
        let schema = "CREATE TABLE notes (note INTEGER NOT NULL); \
            CREATE TRIGGER full BEFORE INSERT ON notes WHEN NEW.note = 0 BEGIN SELECT RAISE(ROLLBACK, 'full'); END";
        pools.write.execute_unprepared(schema).await.unwrap();
        // As where a commit finds the disk full.
        insert(&pools.tokens, "0").await.unwrap_err();
        // As any failure after it, which leaves the transaction to the driver.
        insert(&pools.tokens, "1), (NULL").await.unwrap_err();
        insert(&pools.write, "2").await.unwrap();
        insert(&pools.tokens, "3").await.unwrap();
        let notes = Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT count(*) FROM notes");
        let count: i64 = pools.read.query_one_raw(notes).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        assert_eq!(count, 2);
    }

    #[test]
    fn versions_with_the_reset_bug_are_refused() {
        for bad in ["3.40.1", "3.51.2", "3.7.0", "2.9.9", "nonsense"] {
            assert!(!is_sound(bad), "{bad}");
        }
        for good in ["3.51.3", "3.52.0", "4.0.0"] {
            assert!(is_sound(good), "{good}");
        }
    }
}
