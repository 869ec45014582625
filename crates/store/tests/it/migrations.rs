use connector_store::{Engine, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{at_once, number, user};

const MIGRATIONS: &str = "SELECT COUNT(*) FROM seaql_migrations";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_migration_makes_everything_and_the_next_one_nothing(#[case] engine: Engine) {
    let Some(db) = TestDatabase::empty(engine).await else { return };
    assert!(matches!(db.store().check_schema().await, Err(StoreError::OlderSchema)));
    let first = db.store().migrate().await.unwrap();
    assert!(!first.applied.is_empty());
    assert_eq!(first.total, first.applied.len());
    db.store().check_schema().await.unwrap();
    user(db.store(), "ada@example.com").await;
    let second = db.store().migrate().await.unwrap();
    assert_eq!((second.applied.len(), second.total), (0, first.total));
    assert_eq!(number(&db, "SELECT COUNT(*) FROM users").await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_processes_that_start_at_once_one_migrates(#[case] engine: Engine) {
    let Some(db) = TestDatabase::empty(engine).await else { return };
    // Not more: each opens some connections, and the server is shared.
    let processes = at_once(8, |_| {
        let url = db.url().clone();
        async move { connector_store::Store::open(&url).await }
    })
    .await;
    let processes: Vec<_> = processes.into_iter().map(Result::unwrap).collect();
    let reports = at_once(8, |i| {
        let store = processes[i].clone();
        async move { store.migrate().await.unwrap() }
    })
    .await;
    let migrated: Vec<_> = reports.iter().filter(|report| !report.applied.is_empty()).collect();
    assert_eq!(migrated.len(), 1);
    assert!(reports.iter().all(|report| report.total == migrated[0].applied.len()));
    assert_eq!(number(&db, MIGRATIONS).await, i64::try_from(reports[0].total).unwrap());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is(#[case] engine: Engine) {
    let Some(db) = TestDatabase::empty(engine).await else { return };
    db.store().migrate().await.unwrap();
    // As a later version might have left it: a migration that is unknown here, and one of ours missing.
    db.execute(
        "DELETE FROM seaql_migrations; INSERT INTO seaql_migrations VALUES ('m9999_later', 0); DROP TABLE jobs",
    )
    .await;
    for refused in [db.store().check_schema().await.err(), db.store().migrate().await.err()] {
        assert!(
            matches!(&refused, Some(StoreError::NewerSchema(names)) if names == "m9999_later"),
            "{refused:?}"
        );
    }
    assert_eq!(number(&db, MIGRATIONS).await, 1);
    let jobs = match engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = 'jobs'",
        Engine::Postgres => "SELECT COUNT(*) FROM pg_tables WHERE tablename = 'jobs'",
    };
    assert_eq!(number(&db, jobs).await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind(#[case] engine: Engine) {
    let Some(db) = TestDatabase::empty(engine).await else { return };
    // In the way of the last table.
    db.execute("CREATE TABLE jobs (foreign_one INTEGER)").await;
    assert!(db.store().migrate().await.is_err());
    let tables = match engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'",
        Engine::Postgres => "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'",
    };
    assert_eq!(number(&db, tables).await, 1);
    db.execute("DROP TABLE jobs").await;
    db.store().migrate().await.unwrap();
    db.store().check_schema().await.unwrap();
}
