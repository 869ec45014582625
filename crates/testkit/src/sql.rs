use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::TestDatabase;

/// Past the store, as somebody with a database shell does.
impl TestDatabase {
    /// Runs statements.
    ///
    /// # Panics
    /// When the database refuses them.
    pub async fn execute(&self, statements: &str) {
        let run = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        let done = match self.shell().await {
            Shell::Sqlite(mut shell) => run.execute(&mut shell).await.map(drop),
            Shell::Postgres(mut shell) => run.execute(&mut shell).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let counted = match self.shell().await {
            Shell::Sqlite(mut shell) => sqlx::query_scalar(count).fetch_one(&mut shell).await,
            Shell::Postgres(mut shell) => sqlx::query_scalar(count).fetch_one(&mut shell).await,
        };
        counted.unwrap_or_else(|error| panic!("{table}: {error}"))
    }

    /// The texts that a query answers, one a row.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let safe = AssertSqlSafe(query.to_owned());
        let texts = match self.shell().await {
            Shell::Sqlite(mut shell) => sqlx::query_scalar(safe).fetch_all(&mut shell).await,
            Shell::Postgres(mut shell) => sqlx::query_scalar(safe).fetch_all(&mut shell).await,
        };
        texts.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    async fn shell(&self) -> Shell {
        match self.path() {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                Shell::Sqlite(SqliteConnection::connect_with(&options).await.expect("the file opens"))
            }
            None => {
                Shell::Postgres(PgConnection::connect(self.url_text()).await.expect("the server lets us in"))
            }
        }
    }
}

enum Shell {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}
