use connector_domain::CloudId;
use connector_store::{ContentBody, Durability, Engine, RemotePage};
use connector_testkit::TestDatabase;
use rstest::rstest;

use super::sync;
use crate::fixtures::{NOW, later, number, owner, remote_page, user};

fn body(content_id: &str, version: i64) -> ContentBody {
    ContentBody {
        content_id: content_id.to_owned(),
        version,
        storage: format!("<p>{version}</p>"),
        markdown: version.to_string(),
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn bodies_are_stored_once_and_go_when_nobody_names_them(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, one) = (db.store(), CloudId::new("one"));
    let (ada, bob) = (owner(store).await, user(store, "bob@example.com").await.id);
    let with = |version| RemotePage {
        version: Some(version),
        body_version: Some(version),
        ..remote_page("100", "DOCS", "title")
    };
    sync(store, ada, "one", &[with(1)], NOW).await;
    sync(store, bob, "one", &[with(2)], NOW).await;
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.put_bodies(&one, &[body("100", 2), body("100", 1), body("200", 1)], NOW).await.unwrap();
    // A second person's sync stores the same.
    tx.put_bodies(&one, &[body("100", 2)], NOW).await.unwrap();
    tx.commit().await.unwrap();
    let versions = store.body_versions(&one, &["100", "200", "300"]).await.unwrap();
    assert_eq!(versions, [("100".to_owned(), 1), ("100".to_owned(), 2), ("200".to_owned(), 1)]);
    assert_eq!(store.body_versions(&CloudId::new("two"), &["100"]).await.unwrap(), []);
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    assert_eq!(tx.delete_orphaned_bodies(NOW).await.unwrap(), 0, "it was only just stored");
    assert_eq!(tx.delete_orphaned_bodies(later(1)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(number(&db, "SELECT COUNT(*) FROM content_bodies WHERE content_id = '100'").await, 2);
}
