use connector_domain::{AuditEvent, ConnectionId};
use connector_store::{Durability, Engine, NewConnection, Store};
use connector_testkit::TestDatabase;
use rstest::rstest;
use serde_json::{Value, json};

use crate::fixtures::{
    IDLE, by_system, connected, consent, disconnect, later, new_connection, number, owner, pair, revoked,
    scopes, site,
};

/// (event, details) of each line of the trail, sorted: lines of one moment have no order.
async fn trail(store: &Store, id: ConnectionId) -> Vec<(String, Value)> {
    let lines = store.list_audit(id, None, 100).await.unwrap();
    let mut lines: Vec<_> = lines.into_iter().map(|line| (line.event, line.details)).collect();
    lines.sort_by_key(|(event, details)| (event.clone(), details.to_string()));
    lines
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn every_change_of_a_connection_leaves_its_line(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let id = connected(store).await.connection_id;
    assert_eq!(
        trail(store, id).await,
        [
            ("connected".to_owned(), json!({"scopes": ["offline_access", "read:jira-work"]})),
            ("site_appeared".to_owned(), json!({"cloud_id": "one"})),
        ]
    );
    let less = NewConnection {
        scopes: scopes("offline_access read:me"),
        sites: vec![site("two", "Two")],
        ..new_connection(owner(store).await, "account", 2)
    };
    let again = consent(store, &less, pair("second", later(3600)), later(1)).await;
    assert_eq!(again.lost_scopes, scopes("read:jira-work"));
    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    assert!(lock.commit(pair("third", later(3600)), &by_system(later(1))).await.unwrap());
    // However often the end is seen, it is told once.
    for _ in 0..2 {
        let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
        assert!(lock.end(None, &revoked(later(2))).await.unwrap());
    }
    disconnect(store, id, later(3)).await;
    let seen = trail(store, id).await;
    let expected = [
        ("connected", json!({"scopes": ["offline_access", "read:jira-work"]})),
        ("disconnected", json!({"data": "kept"})),
        ("grant_refreshed", json!({"generation": 3})),
        ("needs_reconnect", json!({})),
        (
            "reconnected",
            json!({
                "scopes_before": ["offline_access", "read:jira-work"],
                "scopes_after": ["offline_access", "read:me"],
            }),
        ),
        ("scopes_shrank", json!({"lost": ["read:jira-work"]})),
        ("site_appeared", json!({"cloud_id": "one"})),
        ("site_appeared", json!({"cloud_id": "two"})),
        ("site_disappeared", json!({"cloud_id": "one"})),
    ];
    assert_eq!(seen, expected.map(|(event, details)| (event.to_owned(), details)));

    let lines = store.list_audit(id, None, 2).await.unwrap();
    assert_eq!((lines[0].event.as_str(), lines[0].at), ("disconnected", later(3)));
    assert_eq!((lines[0].actor_kind.as_str(), lines[0].actor_id.as_deref()), ("person", Some("1")));
    assert_eq!((lines[1].actor_kind.as_str(), lines[1].cause.as_deref()), ("system", Some("revoked")));
    let rest = store.list_audit(id, Some(lines[1].id), 100).await.unwrap();
    assert_eq!(rest.len(), 7, "the list goes on behind its cursor");
    assert!(rest.iter().all(|line| line.id < lines[1].id));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_change_that_is_rolled_back_leaves_no_line(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let new = new_connection(owner(store).await, "account", 1);
    let mut tx = store.begin_write(Durability::Full).await.unwrap();
    tx.record_consent(&new, &by_system(later(0))).await.unwrap().unwrap();
    drop(tx);
    assert_eq!(trail(store, new.id).await, []);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_trail_is_kept_for_a_time_and_refreshes_for_a_shorter_one(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let id = connected(store).await.connection_id;
    let mut tx = store.begin_write(Durability::Full).await.unwrap();
    for second in 1..=4 {
        let event = AuditEvent::GrantRefreshed { generation: 1 + i64::try_from(second).unwrap() };
        let record = by_system(later(second)).record(event).of(id, owner(store).await);
        tx.record_audit(&record).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(store.delete_audit(later(0), later(3)).await.unwrap(), 2);
    let kept: Vec<_> = trail(store, id).await.into_iter().map(|(event, _)| event).collect();
    assert_eq!(kept, ["connected", "grant_refreshed", "grant_refreshed", "site_appeared"]);
    assert_eq!(store.delete_audit(later(4), later(0)).await.unwrap(), 3);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM audit_events").await, 1);
}
