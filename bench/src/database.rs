//! The database that is measured: a file or a PostgreSQL database of its own, gone afterwards however that comes.

use std::thread;

use anyhow::{Context, anyhow, bail};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

const LOCAL_SERVERS: [&str; 2] =
    ["postgres://postgres@127.0.0.1:5432/test", "postgres://postgres@127.0.0.1:5432/postgres"];

pub struct Database {
    pub url: String,
    pub engine: &'static str,
    /// Also the program's working directory, so that no settings file of a developer reaches it.
    pub directory: TempDir,
    /// Where the PostgreSQL database was made, and its name.
    server: Option<(String, String)>,
}

impl Database {
    pub async fn create(postgres: bool) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        if !postgres {
            let url = format!("sqlite:///{}", directory.path().join("bench.db").display());
            return Ok(Self { url, engine: "SQLite", directory, server: None });
        }
        let named = std::env::var("CONNECTOR_TEST_POSTGRES_URL").ok();
        let candidates = named.map_or_else(|| LOCAL_SERVERS.map(str::to_owned).to_vec(), |url| vec![url]);
        let name = format!("connector_bench_{}", std::process::id());
        let mut last = None;
        for server in candidates {
            match run_on(&server, format!("CREATE DATABASE {name}")).await {
                Ok(()) => {
                    let url = with_database(&server, &name)?;
                    return Ok(Self { url, engine: "PostgreSQL", directory, server: Some((server, name)) });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no server is named")?).context("no PostgreSQL database could be made")
    }

    pub async fn remove(mut self) -> anyhow::Result<()> {
        let Some((server, name)) = self.server.take() else { return Ok(()) };
        run_on(&server, drop_statement(&name)).await
    }
}

impl Drop for Database {
    /// For ends that nobody has foreseen, such as an error or a signal in the middle of a measurement: a database that
    /// stayed would fill the server of a developer run by run.
    fn drop(&mut self) {
        let Some((server, name)) = self.server.take() else { return };
        let statement = drop_statement(&name);
        // A runtime of its own: the one that measures may be on its way out.
        let removed = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(run_on(&server, statement))
        });
        let removed = removed.join().unwrap_or_else(|_| Err(anyhow!("it panicked")));
        if let Err(error) = removed {
            eprintln!("the database {name} could not be dropped: {error:#}");
        }
    }
}

fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

async fn run_on(server: &str, statement: String) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    // The statement holds no foreign text: the name is made above.
    connection.execute(sqlx::AssertSqlSafe(statement)).await?;
    Ok(connection.close().await?)
}

/// The same server's URL for another database.
fn with_database(server: &str, name: &str) -> anyhow::Result<String> {
    let Some((scheme, rest)) = server.split_once("://") else { bail!("the server's address is not a URL") };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = place.split('/').next().unwrap_or_default();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    Ok(format!("{scheme}://{authority}/{name}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_database_changes() {
        let changed = |url| with_database(url, "bench").unwrap();
        assert_eq!(
            changed("postgres://a:b@host:1/main?sslmode=disable"),
            "postgres://a:b@host:1/bench?sslmode=disable"
        );
        assert_eq!(changed("postgres://host"), "postgres://host/bench");
    }
}
