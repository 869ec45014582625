//! The queries in `docs/schema.md` run.

use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::fixtures::{NOW, connected, owner, remote_page};
use crate::mirror::{issue, json, sync};

const DOCUMENT: &str = include_str!("../../../../docs/schema.md");

/// The queries for an engine: those that say that they are, and those that name none.
fn queries(engine: Engine) -> Vec<String> {
    let mut queries = Vec::new();
    let mut blocks = DOCUMENT.split("```sql\n");
    let mut before = blocks.next().unwrap_or_default();
    for block in blocks {
        let (query, after) = block.split_once("```").unwrap();
        let title = before.trim_end().rsplit("\n\n").next().unwrap_or_default();
        let other = match engine {
            Engine::Sqlite => "PostgreSQL:",
            Engine::Postgres => "SQLite:",
        };
        if !title.ends_with(other) {
            queries.push(query.to_owned());
        }
        before = after;
    }
    queries
}

/// How many rows a query finds.
async fn run(db: &TestDatabase, query: &str) -> sqlx::Result<usize> {
    let query = AssertSqlSafe(query.to_owned());
    if let Some(path) = db.path() {
        let options = SqliteConnectOptions::new().filename(path);
        let mut shell = SqliteConnection::connect_with(&options).await?;
        Ok(sqlx::raw_sql(query).fetch_all(&mut shell).await?.len())
    } else {
        let mut shell = PgConnection::connect(db.url_text()).await?;
        Ok(sqlx::raw_sql(query).fetch_all(&mut shell).await?.len())
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn every_documented_query_runs(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    connected(store).await;
    let done = connector_store::RemoteIssue {
        status_category: Some("done".to_owned()),
        custom_fields: json(r#"{"Story Points":5}"#),
        ..issue("2", "CORE-2", "b")
    };
    sync(store, owner, "one", &[issue("1", "CORE-1", "a"), done], NOW).await;
    sync(store, owner, "one", &[remote_page("100", "DOCS", "Onboarding")], NOW).await;
    let queries = queries(engine);
    assert!(queries.len() > 10, "{}", queries.len());
    for query in &queries {
        let outcome = run(&db, query).await;
        assert!(outcome.is_ok(), "{outcome:?} of {query}");
    }
    let points = queries.iter().find(|query| query.contains("AS points")).unwrap();
    let with_five =
        format!("SELECT 1 FROM ({}) AS answer WHERE points = 5", points.trim().trim_end_matches(';'));
    assert_eq!(run(&db, &with_five).await.unwrap(), 1);
}
