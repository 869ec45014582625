//! PostgreSQL: any number of processes, which share nothing else.

use std::time::Duration;

use log::LevelFilter;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};

use super::Pools;
use crate::StoreError;
use crate::url::{PostgresUrl, is_here};

/// Connections for requests and syncs.
const SHARED: u32 = 10;
/// Connections that may be held for as long as the token endpoint takes to answer.
pub(crate) const TOKENS: u32 = 4;
/// Connections for what the holders of locks read and write besides.
const EXCHANGES: u32 = TOKENS;
/// How long a query waits for a connection before it fails: with a server that is down, as long as its callers wait.
const WITHIN: Duration = Duration::from_secs(5);
/// How long a connection that nobody used is taken for alive.
const FRESH: Duration = Duration::from_secs(1);
/// Long values are compressed with LZ4 where the server can: its own method takes a multiple of the time, which is half of
/// what an issue with all of its fields costs it.
const LZ4: &str = "SELECT set_config(name, 'lz4', false) FROM pg_settings \
                   WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";
/// The same number in every process: whoever holds this advisory lock migrates.
pub(crate) const MIGRATION_LOCK: i64 = 0x636f_6e6e_6563_746f;

pub(crate) async fn open(url: &PostgresUrl) -> Result<Pools, StoreError> {
    let options: PgConnectOptions = url.expose().parse()?;
    let options = options
        .application_name("connector")
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Warn, Duration::from_secs(2));
    let (shared, options) = match pool(without_needless_tls(options.clone()), SHARED, WITHIN).await {
        Ok(shared) => (shared, without_needless_tls(options)),
        // A server that lets nobody in without TLS, here neither.
        Err(sqlx::Error::Database(_)) => (pool(options.clone(), SHARED, WITHIN).await?, options),
        Err(error) => return Err(error.into()),
    };
    let tokens = pool(options.clone(), TOKENS, WITHIN).await?;
    let exchanges = Some(pool(options, EXCHANGES, WITHIN).await?);
    Ok(Pools { read: shared.clone(), write: shared, tokens, exchanges })
}

/// Where TLS is neither asked for nor ruled out, a server on this machine is spoken to without. It would cost more than
/// its own work: sqlx 0.9.0 sends a large statement in pieces and leaves `TCP_NODELAY` off, so that each piece waits until
/// the server has acknowledged the one before, up to 40 ms.
fn without_needless_tls(options: PgConnectOptions) -> PgConnectOptions {
    match options.get_ssl_mode() {
        PgSslMode::Prefer if is_here(&options) => options.ssl_mode(PgSslMode::Disable),
        _ => options,
    }
}

async fn pool(
    options: PgConnectOptions,
    size: u32,
    within: Duration,
) -> Result<DatabaseConnection, sqlx::Error> {
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(within)
        // The pool asks a connection for a sign of life when it comes back. To ask again before each query would double
        // the round trips of a busy service.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            let was_idle = meta.idle_for > FRESH;
            Box::pin(async move {
                if was_idle {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query(LZ4).execute(connection).await?;
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}
