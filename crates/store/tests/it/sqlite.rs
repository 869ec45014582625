//! What a SQLite file is like.

use connector_store::{Durability, Engine, Store, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;
use sqlx::Row as _;

use crate::fixtures::{NOW, connected, later, number, owner, project};

#[tokio::test]
async fn the_file_is_in_wal_mode_and_whole() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    connected(db.store()).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(db.path().unwrap());
    let mut shell = sqlx::ConnectOptions::connect(&options).await.unwrap();
    for (pragma, expected) in [("PRAGMA journal_mode", "wal"), ("PRAGMA integrity_check", "ok")] {
        let row = sqlx::query(pragma).fetch_one(&mut shell).await.unwrap();
        assert_eq!(row.get::<String, _>(0), expected, "{pragma}");
    }
    let violations = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut shell).await.unwrap();
    assert!(violations.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_and_its_companions_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(db) = TestDatabase::empty(Engine::Sqlite).await else { return };
    db.store().migrate().await.unwrap();
    let _lock = db.store().service_lock().unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(db.path().unwrap().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort_unstable();
    assert_eq!(names, ["connector.db", "connector.db-shm", "connector.db-wal", "connector.db.lock"]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn one_process_serves_a_file_and_any_number_a_server(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let other = db.another_store().await;
    let lock = db.store().service_lock().unwrap();
    match engine {
        Engine::Sqlite => {
            let refused = other.service_lock();
            assert!(matches!(refused, Err(StoreError::Locked(_))), "{refused:?}");
        }
        Engine::Postgres => assert!(other.service_lock().is_ok()),
    }
    drop(lock);
    assert!(other.service_lock().is_ok());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_belongs_to_a_person_goes_with_the_person(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    connected(store).await;
    store.upsert_project(project(owner, "CORE", "Core"), NOW).await.unwrap();
    let delete = format!("DELETE FROM users WHERE id = {owner}");
    db.execute(&delete).await;
    for table in ["connections", "grants", "connection_sites", "jira_projects"] {
        assert_eq!(number(&db, &format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn closing_folds_everything_into_the_one_file() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let owner = owner(db.store()).await;
    db.store().close().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::copy(db.path().unwrap(), &copy).unwrap();
    let opened = Store::open(&connector_store::DatabaseUrl::Sqlite(copy)).await.unwrap();
    assert!(opened.find_user(owner).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_deleted_is_no_longer_in_the_file() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let consent = connected(db.store()).await;
    let there = || {
        let files = ["", "-wal"].map(|end| format!("{}{end}", db.path().unwrap().display()));
        let bytes = files.map(|file| std::fs::read(file).unwrap_or_default()).concat();
        bytes.windows(13).any(|window| window == b"refresh first")
    };
    assert!(there());
    crate::fixtures::disconnect(db.store(), consent.connection_id, later(1)).await;
    db.store().close().await.unwrap();
    assert!(!there());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_dropped_transaction_is_undone_and_lets_the_next_one_go_on(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    for durability in [Durability::Normal, Durability::Full] {
        let mut tx = store.begin_write(durability).await.unwrap();
        let remote = [crate::fixtures::remote_project("10", "CORE", "Core")];
        let site = connector_domain::CloudId::new("one");
        assert_eq!(tx.upsert_remote(owner, &site, &remote, NOW).await.unwrap().changed(), 1);
        drop(tx);
        store.upsert_project(project(owner, "OTHER", "Other"), NOW).await.unwrap();
        assert_eq!(store.count_projects(owner).await.unwrap(), 1);
    }
}
