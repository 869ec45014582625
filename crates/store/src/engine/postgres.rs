//! PostgreSQL: any number of processes, which share nothing else.

use std::time::Duration;

use log::LevelFilter;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::Pools;
use crate::StoreError;
use crate::store::ACQUIRE_TIMEOUT;
use crate::url::PostgresUrl;

/// Connections for requests and syncs.
const SHARED: u32 = 10;
/// Connections that may be held for as long as the token endpoint takes to answer.
const TOKENS: u32 = 4;
/// The same number in every process: whoever holds this advisory lock migrates.
pub(crate) const MIGRATION_LOCK: i64 = 0x636f_6e6e_6563_746f;

pub(crate) async fn open(url: &PostgresUrl) -> Result<Pools, StoreError> {
    let options: PgConnectOptions = url.expose().parse()?;
    let options = options
        .application_name("connector")
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Warn, Duration::from_secs(2));
    let shared = pool(options.clone(), SHARED).await?;
    let tokens = pool(options, TOKENS).await?;
    Ok(Pools { read: shared.clone(), write: shared, tokens })
}

async fn pool(options: PgConnectOptions, size: u32) -> Result<DatabaseConnection, StoreError> {
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
