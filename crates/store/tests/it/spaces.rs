use connector_domain::CloudId;
use connector_store::{Durability, Engine, RemoteSpace, Store};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, later, owner};

fn space(remote_id: &str, key: &str, name: &str) -> RemoteSpace {
    RemoteSpace {
        remote_id: remote_id.to_owned(),
        key: key.to_owned(),
        name: name.to_owned(),
        space_type: Some("global".to_owned()),
        status: Some("current".to_owned()),
        url: None,
        homepage_id: Some("1".to_owned()),
    }
}

async fn sync(store: &Store, site: &str, spaces: &[RemoteSpace], seconds: u64) -> u64 {
    let owner = owner(store).await;
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let written = tx.upsert_remote(owner, &CloudId::new(site), spaces, later(seconds)).await.unwrap();
    tx.commit().await.unwrap();
    written.changed()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn spaces_are_written_once_and_again_when_they_change(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    assert_eq!(sync(store, "one", &[space("1", "DOCS", "Docs"), space("2", "b", "B")], 0).await, 2);
    assert_eq!(sync(store, "one", &[space("1", "DOCS", "Docs"), space("2", "b", "B")], 1).await, 0);
    let keys_swapped = [space("1", "b", "Docs"), space("2", "DOCS", "B")];
    assert_eq!(sync(store, "one", &keys_swapped, 2).await, 2);
    // Twice in one batch: the later one counts.
    sync(store, "two", &[space("1", "DOCS", "Other"), space("1", "DOCS", "Elsewhere")], 3).await;
    let rows = store.list_spaces(owner, None, None).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.name.as_str(), row.synced_at)).collect();
    let expected =
        [("DOCS", "B", Some(later(2))), ("DOCS", "Elsewhere", Some(later(3))), ("b", "Docs", Some(later(2)))];
    assert_eq!(seen, expected);
    assert_eq!((rows[0].space_type.as_deref(), rows[0].homepage_id.as_deref()), (Some("global"), Some("1")));
    assert_eq!(store.count_spaces(owner).await.unwrap(), 3);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn paging_through_spaces_visits_each_once(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let spaces: Vec<_> = (0..20).map(|i| space(&i.to_string(), ["B", "a"][i % 2], "name")).collect();
    sync(store, "one", &spaces, 0).await;
    let (mut seen, mut after) = (Vec::new(), None::<(String, i64)>);
    loop {
        let place = after.as_ref().map(|(key, id)| (key.as_str(), *id));
        let rows = store.list_spaces(owner, place, Some(3)).await.unwrap();
        let Some(last) = rows.last() else { break };
        assert_eq!(last.synced_at, Some(NOW));
        after = Some((last.key.clone(), last.id));
        seen.extend(rows);
    }
    assert_eq!(seen.len(), 20);
    assert_eq!(seen, store.list_spaces(owner, None, None).await.unwrap());
}
