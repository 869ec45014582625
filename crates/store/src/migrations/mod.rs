//! Versioned migrations. One that has landed is never edited.

mod m0001_initial;
mod m0002_token_custody;
mod m0003_lifecycle;
mod m0004_mirror;
mod m0005_mirror_lookups;
mod m0006_api_keys;
mod m0007_lost_scopes;
mod m0008_callers;
mod m0009_erased_accounts;
mod m0010_parents_in_order;
mod m0011_failures_of_jobs;

use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::engine::postgres::MIGRATION_LOCK;
use crate::{Durability, Engine, Store, StoreError};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Migration),
            Box::new(m0002_token_custody::Migration),
            Box::new(m0003_lifecycle::Migration),
            Box::new(m0004_mirror::Migration),
            Box::new(m0005_mirror_lookups::Migration),
            Box::new(m0006_api_keys::Migration),
            Box::new(m0007_lost_scopes::Migration),
            Box::new(m0008_callers::Migration),
            Box::new(m0009_erased_accounts::Migration),
            Box::new(m0010_parents_in_order::Migration),
            Box::new(m0011_failures_of_jobs::Migration),
        ]
    }
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// The migrations applied by this call, in their order.
    pub applied: Vec<String>,
    /// How many the database has now.
    pub total: usize,
}

impl Store {
    /// Brings the database up to date: all missing migrations in one transaction, so that it is as before where one
    /// fails. Of several processes that start at once, one migrates and the others wait.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] where the database has migrations that this program does not know; nothing is
    /// changed then.
    pub async fn migrate(&self) -> Result<MigrationReport, StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        if self.engine() == Engine::Postgres {
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        }
        let before = applied(&*tx, self.engine()).await?;
        refuse_newer(&before)?;
        Migrator::up(&*tx, None).await?;
        let after = applied(&*tx, self.engine()).await?;
        tx.commit().await?;
        let applied = after.iter().filter(|name| !before.contains(name)).cloned().collect();
        Ok(MigrationReport { applied, total: after.len() })
    }

    /// Whether nothing was ever migrated here.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(applied(&self.inner.read, self.engine()).await?.is_empty())
    }

    /// Checks that the database is at this program's version, changing nothing.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let applied = applied(&self.inner.read, self.engine()).await?;
        refuse_newer(&applied)?;
        if applied.len() < known().len() { Err(StoreError::OlderSchema) } else { Ok(()) }
    }
}

fn known() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

fn refuse_newer(applied: &[String]) -> Result<(), StoreError> {
    let known = known();
    let unknown: Vec<_> = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
    if unknown.is_empty() { Ok(()) } else { Err(StoreError::NewerSchema(unknown.join(", "))) }
}

/// The names of the applied migrations; none where the database is empty.
async fn applied(db: &impl ConnectionTrait, engine: Engine) -> Result<Vec<String>, StoreError> {
    let exists = match engine {
        Engine::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
        Engine::Postgres => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
    };
    let backend = db.get_database_backend();
    if db.query_one_raw(Statement::from_string(backend, exists)).await?.is_none() {
        return Ok(Vec::new());
    }
    let all = Statement::from_string(backend, "SELECT version FROM seaql_migrations ORDER BY version");
    let rows = db.query_all_raw(all).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}
