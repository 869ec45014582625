//! PostgreSQL: databases that are used again, one test after the other.
//!
//! Dropping a database makes the server write a checkpoint, which takes longer than most tests. So a few databases
//! stay on the server, and a test takes one that is free and empties it. The advisory lock that says that it is taken
//! goes with the connection, and so with a process that dies.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::Context as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::{Content, sqlite};

const URL_VAR: &str = "CONNECTOR_TEST_POSTGRES_URL";
pub(super) const SKIP_VAR: &str = "CONNECTOR_TEST_SKIP_POSTGRES";
const DEFAULT_URL: &str = "postgres://postgres@127.0.0.1:5432/test";

/// A store opens up to 14 connections and a server takes 100 by default, which other test processes use too.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

pub(super) fn is_left_out() -> bool {
    std::env::var_os(SKIP_VAR).is_some()
}

#[derive(Debug)]
pub(super) struct Database {
    url: Url,
    /// Holds the advisory lock.
    _session: PgConnection,
    _permit: SemaphorePermit<'static>,
}

impl Database {
    pub(super) async fn make(content: Content) -> anyhow::Result<Self> {
        let permit = AT_ONCE.acquire().await?;
        let admin = std::env::var(URL_VAR).unwrap_or_else(|_| DEFAULT_URL.to_owned());
        let mut url: Url = admin.parse().with_context(|| format!("{URL_VAR} is no URL"))?;
        let mut session = connect(&url).await.with_context(|| {
            format!(
                "the PostgreSQL server of the tests does not answer at {}: start one there, or name another by \
                 {URL_VAR}, or set {SKIP_VAR}=1 to leave out its tests",
                shown(&url)
            )
        })?;
        let family = match content {
            Content::Nothing => "connector_test_en_empty".to_owned(),
            Content::Schema => format!("connector_test_en_{:08x}", schema_hash().await?),
        };
        let name = take_free(&mut session, &family).await?;
        let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut session)
            .await?;
        url.set_path(&name);
        if there {
            end_sessions(&mut session, &name).await?;
            clear(&url, content).await.with_context(|| format!("the database {name} cannot be emptied"))?;
        } else {
            // The other template can be copied only while nobody uses it. The locale is one that orders texts as
            // people do, so that a query that counts on the order of bytes has to say so.
            let create = format!(
                "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
            );
            sqlx::query(AssertSqlSafe(create)).execute(&mut session).await?;
        }
        Ok(Self { url, _session: session, _permit: permit })
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }
}

async fn connect(url: &Url) -> anyhow::Result<PgConnection> {
    Ok(PgConnectOptions::from_url(url)?.application_name("connector tests").connect().await?)
}

fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the local socket");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Changes with the schema: tests of another version of this program use other databases.
async fn schema_hash() -> anyhow::Result<u32> {
    let mut hasher = DefaultHasher::new();
    sqlite::template().await?.schema.hash(&mut hasher);
    Ok((hasher.finish() >> 32) as u32)
}

/// The first database of the family that no other test has.
async fn take_free(session: &mut PgConnection, family: &str) -> anyhow::Result<String> {
    for number in 1..=100 {
        let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext($1), $2)")
            .bind(family)
            .bind(number)
            .fetch_one(&mut *session)
            .await?;
        if free {
            return Ok(format!("{family}_{number}"));
        }
    }
    anyhow::bail!("all test databases {family}_* are in use")
}

/// What an earlier test has left open.
async fn end_sessions(session: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    sqlx::query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1")
        .bind(name)
        .execute(session)
        .await?;
    Ok(())
}

const DELETE_ROWS: &str = "
DO $$
DECLARE entry record;
BEGIN
    FOR entry IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'seaql_migrations' LOOP
        EXECUTE format('DELETE FROM %I', entry.tablename);
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public';
END $$";

const DROP_TABLES: &str = "
SET client_min_messages = warning;
DROP SCHEMA public CASCADE;
CREATE SCHEMA public";

async fn clear(url: &Url, content: Content) -> anyhow::Result<()> {
    let mut session = connect(url).await?;
    let statements = match content {
        Content::Nothing => DROP_TABLES,
        Content::Schema => DELETE_ROWS,
    };
    sqlx::raw_sql(statements).execute(&mut session).await?;
    session.close().await?;
    Ok(())
}
