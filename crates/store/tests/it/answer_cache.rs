//! Cached answers are never older than the last write that somebody was told of.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use connector_domain::{AccountId, UserId};
use connector_store::{Dataset, Engine, Store, StoreError};
use connector_testkit::{TestDatabase, within};
use rstest::rstest;

use crate::fixtures::{
    NOW, at_once, new_user, owner, page, project, remote_page, remote_project, sync_pages, sync_projects,
};

/// The names of the projects, through the cache.
async fn cached(store: &Store, owner: UserId) -> String {
    let answer = async { Ok::<_, StoreError>(from_database(store, owner).await.into_bytes()) };
    let bytes = store.cached(Dataset::JiraProjects(owner), "all", answer).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn from_database(store: &Store, owner: UserId) -> String {
    let rows = store.list_projects(owner, None, None).await.unwrap();
    let names: Vec<_> = rows.iter().map(|row| format!("{}={} ", row.key, row.name)).collect();
    names.concat()
}

/// How often the answer is made when it is asked for twice.
async fn made(store: &Store, dataset: Dataset, query: &str) -> usize {
    let count = AtomicUsize::new(0);
    for _ in 0..2 {
        let answer = async {
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, StoreError>(Vec::new())
        };
        store.cached(dataset, query, answer).await.unwrap();
    }
    count.into_inner()
}

#[rstest]
#[case::sqlite(Engine::Sqlite, 1)]
#[case::postgres(Engine::Postgres, 2)]
#[tokio::test]
async fn an_answer_is_kept_where_one_process_sees_every_write(#[case] engine: Engine, #[case] times: usize) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    assert_eq!(made(db.store(), Dataset::JiraProjects(owner), "all").await, times);
    assert_eq!(made(db.store(), Dataset::JiraProjects(owner), "another query").await, times);
}

#[tokio::test]
async fn every_kind_of_write_voids_the_answers_from_what_it_changed_and_no_others() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let user = Dataset::User(owner);
    let (projects, pages) = (Dataset::JiraProjects(owner), Dataset::ConfluencePages(owner));
    // Whether each of the three was made anew; all are in the cache afterwards.
    let voided = async || {
        let mut voided = Vec::new();
        for dataset in [user, projects, pages] {
            voided.push(made(store, dataset, "all").await == 1);
        }
        voided
    };
    assert_eq!(voided().await, [true, true, true]);
    assert_eq!(voided().await, [false, false, false]);
    store.upsert_project(project(owner, "CORE", "by hand"), NOW).await.unwrap();
    assert_eq!(voided().await, [false, true, false]);
    store.upsert_page(page(owner, "DOCS", "1", "by hand"), NOW).await.unwrap();
    assert_eq!(voided().await, [false, false, true]);
    let remote = [remote_project("10", "CORE", "of Jira")];
    assert_eq!(sync_projects(store, owner, "one", &remote, NOW).await, 1);
    assert_eq!(voided().await, [false, true, false]);
    assert_eq!(sync_projects(store, owner, "one", &remote, NOW).await, 0);
    assert_eq!(voided().await, [false, false, false]);
    let remote = [remote_page("1", "DOCS", "of Confluence")];
    assert_eq!(sync_pages(store, owner, "one", &remote, NOW).await, 1);
    assert_eq!(voided().await, [false, false, true]);
    let new = new_user("ada@example.com");
    store.person_of_account(&AccountId::new("account"), &new, NOW, NOW).await.unwrap();
    assert_eq!(voided().await, [true, false, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_told_of_a_write_reads_it_whatever_others_do() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let owner = owner(db.store()).await;
    at_once(8, |i| {
        let store = db.store().clone();
        async move {
            for round in 0..25 {
                let name = format!("{round}");
                store.upsert_project(project(owner, &format!("P{i}"), &name), NOW).await.unwrap();
                let answer = cached(&store, owner).await;
                assert!(answer.contains(&format!("P{i}={round} ")), "{answer} lacks round {round} of P{i}");
            }
        }
    })
    .await;
    assert_eq!(cached(db.store(), owner).await, from_database(db.store(), owner).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_are_aborted_anywhere_leave_no_old_answer() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let owner = owner(db.store()).await;
    let store = Arc::new(db.store().clone());
    for round in 0..150_usize {
        let name = round.to_string();
        let writing = Arc::clone(&store);
        let writer = tokio::spawn(async move {
            if round % 2 == 0 {
                writing.upsert_project(project(owner, "BY-HAND", &name), NOW).await.unwrap();
            } else {
                sync_projects(&writing, owner, "one", &[remote_project("10", "CORE", &name)], NOW).await;
            }
        });
        // Each round it gets a little further before it is aborted.
        for _ in 0..round % 30 {
            cached(&store, owner).await;
        }
        writer.abort();
        let _ = within("the writer's end", writer).await;
        // What the aborted one has left to the store is behind this write.
        store.upsert_project(project(owner, "LAST", &round.to_string()), NOW).await.unwrap();
        assert_eq!(cached(&store, owner).await, from_database(&store, owner).await, "round {round}");
    }
}
