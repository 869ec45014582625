use connector_domain::CloudId;
use connector_store::{AbsenceReason, Durability, Engine, MirrorKind, RemotePage};
use connector_testkit::TestDatabase;
use rstest::rstest;

use super::{issue, sync, written};
use crate::fixtures::{NOW, later, number, owner, page, remote_page, user};

const KIND: MirrorKind = MirrorKind::JiraIssues;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_a_census_misses_is_noted_until_it_is_seen_again(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner, one) = (db.store(), owner(db.store()).await, CloudId::new("one"));
    let issues: Vec<_> = (1..=3).map(|i| issue(&i.to_string(), &format!("CORE-{i}"), "a")).collect();
    sync(store, owner, "one", &issues, NOW).await;
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    assert_eq!(tx.mark_missing(KIND, owner, &one, &["1", "2", "nothing"], later(1)).await.unwrap(), 2);
    // The first look counts.
    assert_eq!(tx.mark_missing(KIND, owner, &one, &["1", "3"], later(2)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let absent = async || {
        let ids = store.remote_ids(KIND, owner, &one, None).await.unwrap();
        ids.into_iter().map(|row| row.absent_since).collect::<Vec<_>>()
    };
    assert_eq!(absent().await, [Some(later(1)), Some(later(1)), Some(later(2))]);
    // A list that has it again, and an unchanged row, are both sights of it; neither writes the row.
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    assert_eq!(tx.mark_seen(KIND, owner, &one, &["1"]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(sync(store, owner, "one", &issues[1..2], later(3)).await, written(0, 0, 1));
    assert_eq!(absent().await, [None, None, Some(later(2))]);
    assert_eq!(number(&db, "SELECT COUNT(DISTINCT updated_at) FROM jira_issues").await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn rows_by_hand_and_of_others_are_no_tombstones(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let (ada, bob) = (owner(store).await, user(store, "bob@example.com").await.id);
    let pages = [remote_page("100", "DOCS", "mirrored")];
    store.upsert_page(page(ada, "NOTES", "101", "by hand"), NOW).await.unwrap();
    sync(store, ada, "one", &pages, NOW).await;
    sync(store, ada, "two", &pages, NOW).await;
    sync(store, bob, "one", &pages, NOW).await;
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let one = CloudId::new("one");
    let (kind, reason) = (MirrorKind::ConfluencePages, AbsenceReason::Trashed);
    assert_eq!(tx.mark_absent(kind, ada, &one, &["100", "101"], reason, later(1)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let titles: Vec<_> =
        store.list_pages(ada, None, None, None).await.unwrap().into_iter().map(|row| row.title).collect();
    assert_eq!(titles, ["by hand", "mirrored"]);
    assert_eq!(store.count_pages(ada).await.unwrap(), 2);
    assert_eq!(store.count_pages(bob).await.unwrap(), 1);
    assert!(store.find_page(bob, "100").await.unwrap().is_some());
    let reasons = "SELECT COUNT(*) FROM confluence_pages WHERE deleted_reason = 'trashed'";
    assert_eq!(number(&db, reasons).await, 1);
}

/// A list that was read before the page was trashed comes late: it must not bring the page back.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_older_version_does_not_revive_a_tombstone(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner, one) = (db.store(), owner(db.store()).await, CloudId::new("one"));
    let version = |version| RemotePage { version: Some(version), ..remote_page("100", "DOCS", "title") };
    sync(store, owner, "one", &[version(5)], NOW).await;
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let (kind, reason) = (MirrorKind::ConfluencePages, AbsenceReason::Deleted);
    tx.mark_absent(kind, owner, &one, &["100"], reason, later(1)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(sync(store, owner, "one", &[version(4)], later(2)).await, written(0, 0, 1));
    assert_eq!(store.count_pages(owner).await.unwrap(), 0);
    assert_eq!(sync(store, owner, "one", &[version(5)], later(3)).await, written(0, 1, 0));
    assert_eq!(store.count_pages(owner).await.unwrap(), 1);
}
