use connector_domain::failpoint::Injected;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or does not answer in time. Waiting helps.
    #[error("the database is not available")]
    Unavailable(#[source] DbErr),
    /// The place of the sessions, where it is not the database, does not answer. Waiting helps.
    #[error("the session store is not available: {0}")]
    Sessions(String),
    /// A row refers to one that does not exist.
    #[error("the row that this refers to does not exist")]
    MissingReference(#[source] DbErr),
    #[error("the row exists already")]
    Duplicate(#[source] DbErr),
    /// The database was written by a later version of this program.
    #[error(
        "the database is newer than this program: it has migrations that are unknown here ({0}); start the newer version, or restore a backup made before it"
    )]
    NewerSchema(String),
    /// The database lacks migrations.
    #[error("the database lacks migrations: run `connector migrate`")]
    OlderSchema,
    /// SQLite before 3.51.3 can corrupt a database in WAL mode when a checkpoint meets a commit.
    #[error("SQLite {0} can corrupt databases; 3.51.3 or later is needed")]
    OldSqlite(String),
    /// Another process runs the service on this SQLite file.
    #[error(
        "another process serves this database (it holds the lock on {0}); stop it, or use PostgreSQL for several processes"
    )]
    Locked(String),
    #[error("cannot use the database file {path}: {source}")]
    File { path: String, source: std::io::Error },
    /// A row does not have the shape that this program writes.
    #[error("the row {row} of the table {table} cannot be read: {what}")]
    Corrupt { table: &'static str, row: String, what: String },
    #[error("the database refused a statement")]
    Database(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::MissingReference(error),
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Duplicate(error),
            _ => {}
        }
        let unavailable = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
                is_passing(error)
            }
            _ => false,
        };
        if unavailable { Self::Unavailable(error) } else { Self::Database(error) }
    }
}

/// Whether waiting helps.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // SQLite: another process holds the lock. The low byte is the kind, the rest says more.
            let is_sqlite_busy = code.parse::<u32>().is_ok_and(|code| code & 0xff == 5) && code.len() < 5;
            // PostgreSQL: connection, resources, shutdown, and transactions that got in each other's way.
            is_sqlite_busy
                || (code.len() == 5 && ["08", "53", "57P", "40"].iter().any(|class| code.starts_with(class)))
        }),
        _ => false,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()
    }
}

impl From<Injected> for StoreError {
    fn from(injected: Injected) -> Self {
        Self::Unavailable(DbErr::Custom(injected.to_string()))
    }
}
