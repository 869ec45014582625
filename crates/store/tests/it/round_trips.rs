//! Any text that PostgreSQL can hold comes back as it went in, from both engines.

use connector_domain::{SyncMode, SyncRun, SyncRunId, SyncStatus};
use connector_store::{Durability, Engine, PageKey, ProjectKey};
use connector_testkit::TestDatabase;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use tokio::runtime::Runtime;

use crate::fixtures::{IDLE, NOW, by_system, connected, owner, page, pair, project};

fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace('\0', "␀"))
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
fn texts_of_mirrored_things_come_back_as_they_went_in(#[case] engine: Engine) {
    let runtime = Runtime::new().unwrap();
    let Some(db) = runtime.block_on(TestDatabase::create(engine)) else { return };
    let (store, owner) = (db.store(), runtime.block_on(owner(db.store())));
    let texts = (text(), text(), proptest::option::of(text()));
    let round_trip = |(key, name, rest): (String, String, Option<String>)| {
        runtime.block_on(async {
            let new = ProjectKey { lead: rest.clone(), url: rest.clone(), ..project(owner, &key, &name) };
            let made = store.upsert_project(new, NOW).await.unwrap();
            let rows = store.list_projects(owner, None, None).await.unwrap();
            let row = rows.iter().find(|row| row.key == key).unwrap();
            assert_eq!((row, &row.name, &row.lead, &row.url), (&made, &name, &rest, &rest));
            let new = PageKey { url: rest.clone(), ..page(owner, &key, &name, &name) };
            let made = store.upsert_page(new, NOW).await.unwrap();
            let rows = store.list_pages(owner, Some(&key), None, None).await.unwrap();
            let row = rows.iter().find(|row| row.page_id == name).unwrap();
            assert_eq!((row, &row.title, &row.url), (&made, &name, &rest));
        });
        Ok(())
    };
    runner().run(&texts, round_trip).unwrap();
    runtime.block_on(async move { drop(db) });
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
fn reasons_and_sealed_bytes_come_back_as_they_went_in(#[case] engine: Engine) {
    let runtime = Runtime::new().unwrap();
    let Some(db) = runtime.block_on(TestDatabase::create(engine)) else { return };
    let (store, id) = (db.store(), runtime.block_on(connected(db.store())).connection_id);
    let run = SyncRun {
        id: SyncRunId::generate(&connector_domain::SeededEntropy::new(1), NOW),
        connection_id: id,
        mode: SyncMode::Incremental,
        status: SyncStatus::Queued,
        created_at: NOW,
        started_at: None,
        finished_at: None,
        attempt: 0,
        streams: Vec::new(),
        waiting: None,
        error: None,
    };
    runtime.block_on(async {
        let mut tx = store.begin_write(Durability::Normal).await.unwrap();
        tx.create_sync_run(&run).await.unwrap();
        tx.commit().await.unwrap();
    });
    let round_trip = |(error, access_token): (String, Vec<u8>)| {
        runtime.block_on(async {
            let failed = SyncRun { error: Some(error.clone()), ..run.clone() };
            store.update_sync_run(&failed).await.unwrap();
            assert_eq!(store.find_sync_run(run.id).await.unwrap().unwrap().error, Some(error));
            let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
            let sealed = connector_store::SealedPair {
                access_token: access_token.clone(),
                refresh_token: Some(access_token.clone()),
                ..pair("", NOW)
            };
            assert!(lock.commit(sealed, &by_system(NOW)).await.unwrap());
            let grant = store.find_grant(id).await.unwrap().unwrap();
            assert_eq!(grant.sealed_refresh_token, Some(access_token.clone()));
            assert_eq!(grant.sealed_access_token, access_token);
        });
        Ok(())
    };
    runner().run(&(text(), any::<Vec<u8>>()), round_trip).unwrap();
    runtime.block_on(async move { drop(db) });
}
