use connector_domain::{CloudId, UserId};
use connector_store::{Durability, Engine, PageKey, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, at_once, later, number, owner, page, remote_page, sync_pages};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn many_upserts_of_one_page_at_once_make_one_row_with_one_of_the_values(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let rows = at_once(50, |i| {
        let store = db.store().clone();
        let title = format!("title {i}");
        let new = PageKey { url: Some(title.clone()), ..page(owner, "DOCS", "100", &title) };
        async move { store.upsert_page(new, NOW).await.unwrap() }
    })
    .await;
    let stored = db.store().list_pages(owner, None, None, None).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert!(rows.iter().all(|row| row.id == stored[0].id));
    assert!(rows.contains(&stored[0]), "{stored:?} is nobody's");
    assert_eq!(stored[0].url.as_ref(), Some(&stored[0].title));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_sync_adopts_the_page_that_was_put_in_by_hand(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let by_hand = store.upsert_page(page(owner, "DOCS", "100", "by hand"), NOW).await.unwrap();
    // The same number in another space is not that page.
    let other = store.upsert_page(page(owner, "NOTES", "100", "zzz not that one"), NOW).await.unwrap();
    let of_confluence = [remote_page("100", "DOCS", "of Confluence")];
    assert_eq!(sync_pages(store, owner, "one", &of_confluence, later(1)).await, 1);
    let rows = store.list_pages(owner, None, None, None).await.unwrap();
    let [adopted, left] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((adopted.id, adopted.title.as_str()), (by_hand.id, "of Confluence"));
    assert_eq!(adopted.cloud_id, Some(CloudId::new("one")));
    assert_eq!((adopted.version, adopted.modified_at), (Some(3), Some(NOW)));
    assert_eq!(adopted.parent_type.as_deref(), Some("folder"));
    assert_eq!(*left, other);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_change_by_hand_of_a_mirrored_page_holds_until_the_next_sync(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let of_confluence = [remote_page("100", "DOCS", "of Confluence")];
    sync_pages(store, owner, "one", &of_confluence, NOW).await;
    let mirrored = store.list_pages(owner, None, None, None).await.unwrap();
    let changed = store.upsert_page(page(owner, "DOCS", "100", "by hand"), later(1)).await.unwrap();
    assert_eq!((changed.id, changed.title.as_str()), (mirrored[0].id, "by hand"));
    assert_eq!(sync_pages(store, owner, "one", &of_confluence, NOW).await, 1);
    assert_eq!(store.list_pages(owner, None, None, None).await.unwrap(), mirrored);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn unchanged_pages_are_not_written(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let mut pages = [remote_page("100", "DOCS", "A"), remote_page("101", "DOCS", "B")];
    assert_eq!(sync_pages(store, owner, "one", &pages, NOW).await, 2);
    assert_eq!(sync_pages(store, owner, "one", &pages, later(1)).await, 0);
    let touched = format!("SELECT COUNT(*) FROM confluence_pages WHERE updated_at <> {}", NOW.as_millis());
    assert_eq!(number(&db, &touched).await, 0);
    // Moved to another space, twice in one batch: the later one counts.
    pages[0] = remote_page("101", "DOCS", "B once more");
    pages[1] = remote_page("101", "NOTES", "B");
    sync_pages(store, owner, "one", &pages, later(2)).await;
    let found = store.find_page(owner, "101").await.unwrap().unwrap();
    assert_eq!((found.space_key.as_str(), found.title.as_str()), ("NOTES", "B"));
    assert_eq!(found.synced_at, Some(later(2)));
    assert_eq!(store.count_pages(owner).await.unwrap(), 2);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_sites_may_have_pages_with_the_same_number(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    for (site, title) in [("one", "a"), ("two", "b"), ("one", "c")] {
        sync_pages(store, owner, site, &[remote_page("100", "DOCS", title)], NOW).await;
    }
    let rows = store.list_pages(owner, Some("DOCS"), None, None).await.unwrap();
    let seen: Vec<_> =
        rows.iter().map(|row| (row.cloud_id.as_ref().unwrap().as_str(), row.title.as_str())).collect();
    assert_eq!(seen, [("two", "b"), ("one", "c")]);
    assert_eq!(store.list_pages(owner, Some("NOTES"), None, None).await.unwrap(), []);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_nobody_is_a_missing_reference_and_harms_no_other_write(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let nobody = UserId(owner.0 + 1000);
    let answers = at_once(30, |i| {
        let store = db.store().clone();
        let writer = if i % 3 == 0 { nobody } else { owner };
        async move { store.upsert_page(page(writer, "DOCS", &i.to_string(), "title"), NOW).await }
    })
    .await;
    for (i, answer) in answers.iter().enumerate() {
        let missing = matches!(answer, Err(StoreError::MissingReference(_)));
        assert!(if i % 3 == 0 { missing } else { answer.is_ok() }, "{i}: {answer:?}");
    }
    assert_eq!(db.store().count_pages(owner).await.unwrap(), 20);
    let mut tx = db.store().begin_write(Durability::Normal).await.unwrap();
    let remote = [remote_page("100", "DOCS", "title")];
    let refused = tx.upsert_remote(nobody, &CloudId::new("one"), &remote, NOW).await;
    assert!(matches!(refused, Err(StoreError::MissingReference(_))), "{refused:?}");
}
