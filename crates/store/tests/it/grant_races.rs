//! A disconnect or a new consent while the refresh token is being exchanged, or while another consent is recorded.

use connector_store::{Durability, Engine, Store};
use connector_testkit::{TestDatabase, within};
use rstest::rstest;
use tokio::task::JoinHandle;

use crate::fixtures::{
    IDLE, NOW, REPLICA, by_system, connected, consent, disconnect, later, new_connection, number, owner,
    pair, revoked,
};

/// Waits until somebody waits for a lock in this database of PostgreSQL.
async fn somebody_waits(db: &TestDatabase) {
    within("a waiter", async {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while number(db, waiting).await == 0 {}
    })
    .await;
}

fn consent_anew(store: &Store) -> JoinHandle<()> {
    let store = store.clone();
    tokio::spawn(async move {
        let again = new_connection(owner(&store).await, "account", 1);
        consent(&store, &again, pair("anew", later(7200)), NOW).await;
    })
}

#[tokio::test]
async fn on_sqlite_an_answer_that_comes_after_a_disconnect_is_dropped() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    disconnect(db.store(), id, NOW).await;
    assert!(!lock.commit(pair("late", later(7200)), &by_system(NOW)).await.unwrap());
    assert!(db.store().find_grant(id).await.unwrap().is_none());
}

#[tokio::test]
async fn on_sqlite_an_answer_that_comes_after_a_new_consent_is_dropped() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    lock.record_intent(REPLICA, NOW).await.unwrap();
    consent_anew(db.store()).await.unwrap();
    assert!(!lock.commit(pair("late", later(9000)), &by_system(NOW)).await.unwrap());
    let grant = db.store().find_grant(id).await.unwrap().unwrap();
    assert_eq!((grant.generation, grant.epoch), (2, 2));
    assert_eq!(grant.sealed_access_token, b"access anew");
}

#[tokio::test]
async fn on_sqlite_a_refusal_does_not_end_the_consent_that_came_meanwhile() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    consent_anew(db.store()).await.unwrap();
    assert!(!lock.end(None, &revoked(NOW)).await.unwrap());
    let found = db.store().find_connection(id).await.unwrap().unwrap();
    assert_eq!(found.status, connector_domain::ConnectionStatus::Active);
}

#[tokio::test]
async fn on_sqlite_an_answer_that_comes_after_disconnect_and_consent_is_dropped() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    disconnect(db.store(), id, NOW).await;
    consent_anew(db.store()).await.unwrap();
    assert!(!lock.commit(pair("late", later(9000)), &by_system(NOW)).await.unwrap());
    let grant = db.store().find_grant(id).await.unwrap().unwrap();
    assert_eq!((grant.epoch, grant.sealed_access_token.as_slice()), (3, &b"access anew"[..]));
}

#[rstest]
#[case::answered(true)]
#[case::given_up(false)]
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_disconnect_waits_for_the_exchange_and_leaves_nothing(#[case] answered: bool) {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    lock.record_intent(REPLICA, NOW).await.unwrap();
    let store = db.another_store().await;
    let disconnect = tokio::spawn(async move { disconnect(&store, id, NOW).await });
    somebody_waits(&db).await;
    // Another attempt of the exchange has to be noted meanwhile.
    lock.record_intent(REPLICA, NOW).await.unwrap();
    if answered {
        assert!(lock.commit(pair("second", later(7200)), &by_system(NOW)).await.unwrap());
    } else {
        drop(lock);
    }
    within("the disconnect", disconnect).await.unwrap();
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grants").await, 0);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grant_intents").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_consent_waits_for_the_exchange_and_replaces_its_answer() {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    lock.record_intent(REPLICA, NOW).await.unwrap();
    let anew = consent_anew(&db.another_store().await);
    somebody_waits(&db).await;
    lock.record_intent(REPLICA, NOW).await.unwrap();
    assert!(lock.commit(pair("second", later(7200)), &by_system(NOW)).await.unwrap());
    within("the consent", anew).await.unwrap();
    let grant = db.store().find_grant(id).await.unwrap().unwrap();
    assert_eq!((grant.generation, grant.epoch), (3, 2));
    assert_eq!(grant.sealed_access_token, b"access anew");
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grant_intents").await, 0);
}

/// Whatever waits for an exchange must not stand in its way: it would wait for itself.
#[rstest]
#[case::disconnect(true)]
#[case::consent(false)]
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_an_exchange_is_noted_and_ends_while_a_change_waits_for_it(#[case] disconnects: bool) {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    let store = db.another_store().await;
    let change = if disconnects {
        tokio::spawn(async move { disconnect(&store, id, NOW).await })
    } else {
        consent_anew(&store)
    };
    somebody_waits(&db).await;
    // The first attempt is noted, and what ends the exchange changes the connection too.
    within("the note", lock.record_intent(REPLICA, NOW)).await.unwrap();
    assert!(within("the end", lock.end(None, &revoked(NOW))).await.unwrap());
    within("the change", change).await.unwrap();
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grant_intents").await, 0);
    let status = db.store().find_connection(id).await.unwrap().unwrap().status;
    assert_eq!(status == connector_domain::ConnectionStatus::Active, !disconnects);
}

#[tokio::test]
async fn on_postgres_who_lost_the_session_cannot_commit() {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    let ended = "SELECT COUNT(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
                 WHERE datname = current_database() AND state = 'idle in transaction'";
    assert_eq!(number(&db, ended).await, 1);
    let process = db.another_store().await;
    let next = process.lock_grant(id, IDLE).await.unwrap().expect("the lock went with the session");
    assert!(next.commit(pair("second", later(7200)), &by_system(NOW)).await.unwrap());
    assert!(lock.commit(pair("late", later(9000)), &by_system(NOW)).await.is_err());
    let grant = db.store().find_grant(id).await.unwrap().unwrap();
    assert_eq!((grant.generation, grant.sealed_access_token.as_slice()), (2, &b"access second"[..]));
}

/// Consents of one account that wait for one another at every point where they can: each goes on with locks that the
/// next one also wants.
#[rstest]
#[case::of_an_unknown_account(false)]
#[case::after_a_disconnect(true)]
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_consents_take_their_turns(#[case] disconnected: bool) {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let store = db.store();
    if disconnected {
        let id = connected(store).await.connection_id;
        disconnect(store, id, NOW).await;
    }
    let new = new_connection(owner(store).await, "account", 2);
    let recorded = || {
        let (store, new) = (store.clone(), new.clone());
        tokio::spawn(async move {
            let mut tx = store.begin_write(Durability::Full).await.unwrap();
            let consent = tx.record_consent(&new, &by_system(NOW)).await.unwrap().unwrap();
            (tx, consent)
        })
    };
    let (mut first, one) = recorded().await.unwrap();
    let second = recorded();
    somebody_waits(&db).await;
    first.put_pair(&one, pair("first", later(3600)), NOW).await.unwrap();
    first.commit().await.unwrap();
    let (mut second, two) = within("the second consent", second).await.unwrap();
    let third = consent_anew(store);
    somebody_waits(&db).await;
    within("the second pair", second.put_pair(&two, pair("second", later(3600)), NOW)).await.unwrap();
    second.commit().await.unwrap();
    within("the third consent", third).await.unwrap();
    let grant = store.find_grant(one.connection_id).await.unwrap().unwrap();
    assert_eq!((one.generation, two.generation, grant.generation), (1, 2, 3));
    assert_eq!(grant.sealed_access_token, b"access anew");
    assert_eq!(store.list_connections(None).await.unwrap().len(), 1);
}
