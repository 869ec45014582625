//! Order and keyset paging: both engines give the same rows in the same order, each exactly once.

use connector_domain::UserId;
use connector_store::{Engine, Store};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, owner, page, project};

/// Which a locale of people would order otherwise than their bytes do.
const WORDS: [&str; 16] =
    ["b", "a", "B", "A", "_", "a b", "ab", "a-b", "Z", "z", "é", "e\u{301}", "日本", "😀", "\u{ffff}", "ß"];

fn by_bytes() -> Vec<String> {
    let mut words = WORDS.map(str::to_owned).to_vec();
    words.sort_unstable();
    words
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn projects_are_ordered_by_the_bytes_of_their_keys(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    for word in WORDS {
        store.upsert_project(project(owner, word, "name"), NOW).await.unwrap();
    }
    let rows = store.list_projects(owner, None, None).await.unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
    assert_eq!(keys, by_bytes());
    let (mut seen, mut after) = (Vec::new(), None::<(String, i64)>);
    loop {
        let place = after.as_ref().map(|(key, id)| (key.as_str(), *id));
        let rows = store.list_projects(owner, place, Some(3)).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = Some((last.key.clone(), last.id));
        seen.extend(rows);
    }
    assert_eq!(seen, rows);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn pages_are_ordered_by_the_bytes_of_their_titles(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    for (i, word) in WORDS.into_iter().enumerate() {
        store.upsert_page(page(owner, "DOCS", &i.to_string(), word), NOW).await.unwrap();
    }
    let rows = store.list_pages(owner, None, None, None).await.unwrap();
    let titles: Vec<_> = rows.into_iter().map(|row| row.title).collect();
    assert_eq!(titles, by_bytes());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn paging_visits_equal_titles_exactly_once(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    for i in 0..60 {
        let space = if i % 2 == 0 { "EVEN" } else { "ODD" };
        let title = ["same", "Same", "other"][i % 3];
        store.upsert_page(page(owner, space, &i.to_string(), title), NOW).await.unwrap();
    }
    for (space, number) in [(None, 60), (Some("EVEN"), 30)] {
        for size in [1, 7, 100] {
            let ids = visit(store, owner, space, size).await;
            let all = store.list_pages(owner, space, None, None).await.unwrap();
            assert_eq!(ids, all.iter().map(|page| page.id).collect::<Vec<_>>());
            assert_eq!(ids.len(), number, "by {size}");
        }
    }
}

async fn visit(store: &Store, owner: UserId, space: Option<&str>, size: u64) -> Vec<i64> {
    let (mut ids, mut after) = (Vec::new(), None::<(String, i64)>);
    loop {
        let place = after.as_ref().map(|(title, id)| (title.as_str(), *id));
        let rows = store.list_pages(owner, space, place, Some(size)).await.unwrap();
        let Some(last) = rows.last() else { break ids };
        after = Some((last.title.clone(), last.id));
        ids.extend(rows.iter().map(|row| row.id));
    }
}
