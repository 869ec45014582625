use connector_domain::CloudId;
use connector_store::{Durability, Engine, RemoteIssue};
use connector_testkit::TestDatabase;
use rstest::rstest;

use super::{issue, json, sync, written};
use crate::fixtures::{NOW, at_once, later, number, owner, user};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_older_version_does_not_replace_a_newer_one(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let at = |seconds, summary: &str| RemoteIssue {
        remote_updated_at: Some(later(seconds)),
        ..issue("1", "CORE-1", summary)
    };
    assert_eq!(sync(store, owner, "one", &[at(10, "newer")], NOW).await, written(1, 0, 0));
    assert_eq!(sync(store, owner, "one", &[at(5, "older")], NOW).await, written(0, 0, 1));
    assert_eq!(number(&db, "SELECT COUNT(*) FROM jira_issues WHERE summary = 'newer'").await, 1);
    // Of the same time, and where the time is not known, the later word counts.
    assert_eq!(sync(store, owner, "one", &[at(10, "same time")], NOW).await, written(0, 1, 0));
    let unknown = RemoteIssue { remote_updated_at: None, ..issue("1", "CORE-1", "no time") };
    assert_eq!(sync(store, owner, "one", &[unknown], NOW).await, written(0, 1, 0));
    assert_eq!(sync(store, owner, "one", &[at(1, "time again")], NOW).await, written(0, 1, 0));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_moved_issue_keeps_its_row_and_its_keys_are_noted(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let others: Vec<_> = (2..50).map(|i| issue(&i.to_string(), &format!("CORE-{i}"), "other")).collect();
    sync(store, owner, "one", &others, NOW).await;
    sync(store, owner, "one", &[issue("1", "CORE-1", "a")], NOW).await;
    let keys = "SELECT COUNT(*) FROM jira_issue_keys";
    assert_eq!(number(&db, keys).await, 0);
    for (second, key) in [(1, "NEW-7"), (2, "NEW-7"), (3, "THIRD-1"), (4, "CORE-1")] {
        let moved = RemoteIssue { remote_updated_at: Some(later(second)), ..issue("1", key, "a") };
        sync(store, owner, "one", &[moved], later(second)).await;
    }
    assert_eq!(number(&db, keys).await, 3);
    let first = format!("{keys} WHERE issue_id = '1' AND first_seen_at = {}", later(1).as_millis());
    assert_eq!(number(&db, &format!("{first} AND key IN ('CORE-1', 'NEW-7')")).await, 2);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM jira_issues").await, 49);
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.record_issue_keys(owner, &CloudId::new("one"), &[("1", "OLD-1"), ("1", "CORE-1")], NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(number(&db, keys).await, 4);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn owners_and_sites_do_not_meet(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let (ada, bob) = (owner(store).await, user(store, "bob@example.com").await.id);
    for (owner, site) in [(ada, "one"), (ada, "two"), (bob, "one")] {
        let counts = sync(store, owner, site, &[issue("1", "CORE-1", "a")], NOW).await;
        assert_eq!(counts, written(1, 0, 0));
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_no_database_can_hold_is_stored_without_it(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let odd = RemoteIssue {
        custom_fields: json(r#"{"a\u0000b":"c\\u0000"}"#),
        fields: json(r#"{"x":"\u0000"}"#),
        ..issue("1", "CORE-1", "nul \0 inside")
    };
    assert_eq!(sync(store, owner, "one", std::slice::from_ref(&odd), NOW).await, written(1, 0, 0));
    assert_eq!(sync(store, owner, "one", &[odd], later(1)).await, written(0, 0, 1));
    let found = "SELECT COUNT(*) FROM jira_issues WHERE summary LIKE 'nul _ inside' AND fields ->> 'x' <> ''";
    assert_eq!(number(&db, found).await, 1);
}

/// Two that write the same rows in opposite orders: nobody waits in a circle.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn writers_of_the_same_rows_do_not_deadlock(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let counts = at_once(8, |i| {
        let store = db.store().clone();
        async move {
            let mut issues: Vec<_> =
                (0..300).map(|id| issue(&id.to_string(), &format!("CORE-{id}"), &format!("{i}"))).collect();
            if i % 2 == 0 {
                issues.reverse();
            }
            sync(&store, owner, "one", &issues, NOW).await
        }
    })
    .await;
    assert!(counts.iter().all(|written| written.changed() == 300), "{counts:?}");
    assert_eq!(number(&db, "SELECT COUNT(DISTINCT summary) FROM jira_issues").await, 1);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM jira_issues").await, 300);
}

/// PostgreSQL's own compression takes half of the time that a large issue costs it.
#[tokio::test]
async fn large_fields_are_compressed_with_the_fast_method_where_the_server_has_it() {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let store = db.store();
    let owner = owner(store).await;
    let fields = json(&serde_json::json!({ "customfield_1": "word ".repeat(2000) }).to_string());
    let large = RemoteIssue { fields, ..issue("1", "KAN-1", "Large") };
    sync(store, owner, "site", &[large], NOW).await;
    let method = "SELECT COUNT(*) FROM jira_issues WHERE pg_column_compression(fields) = 'lz4'";
    let has_it = "SELECT COUNT(*) FROM pg_settings \
                  WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";
    assert_eq!(number(&db, method).await, number(&db, has_it).await);
}
