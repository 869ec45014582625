use std::sync::Arc;
use std::time::Duration;

use connector_domain::{ConnectionId, SeededEntropy};
use connector_store::{Durability, Engine, GrantLock, SealedPair, Store};
use connector_testkit::{TestDatabase, within};
use futures::FutureExt as _;
use rstest::rstest;
use tokio::sync::Semaphore;

use crate::fixtures::{
    IDLE, NOW, REPLICA, at_once, by_system, connected, consent, disconnect, later, new_connection, number,
    owner, pair, revoked,
};

/// The lock, as soon as the last holder's transaction has ended on the server.
async fn taken(store: &Store, id: ConnectionId) -> GrantLock {
    loop {
        if let Some(lock) = store.lock_grant(id, IDLE).await.unwrap() {
            break lock;
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_exchange_stores_the_next_generation(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let id = connected(store).await.connection_id;
    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    assert_eq!((lock.grant().generation, lock.grant().epoch), (1, 1));
    lock.record_intent(REPLICA, NOW).await.unwrap();
    assert!(lock.commit(pair("second", later(7200)), &by_system(NOW)).await.unwrap());
    let grant = store.find_grant(id).await.unwrap().unwrap();
    assert_eq!((grant.generation, grant.epoch), (2, 1));
    assert_eq!(grant.sealed_access_token, b"access second");
    assert_eq!(grant.sealed_refresh_token.as_deref(), Some(&b"refresh second"[..]));
    assert_eq!(grant.access_expires_at, later(7200));
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grant_intents").await, 0);
    // An answer without a refresh token leaves the stored one.
    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    let third = SealedPair { refresh_token: None, ..pair("third", later(9000)) };
    assert!(lock.commit(third, &by_system(NOW)).await.unwrap());
    let grant = store.find_grant(id).await.unwrap().unwrap();
    assert_eq!((grant.generation, grant.sealed_access_token.as_slice()), (3, &b"access third"[..]));
    assert_eq!(grant.sealed_refresh_token.as_deref(), Some(&b"refresh second"[..]));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn one_generation_is_exchanged_by_one_at_a_time(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let id = connected(db.store()).await.connection_id;
    let mut seen = at_once(16, |_| {
        let store = db.store().clone();
        async move {
            let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
            let generation = lock.grant().generation;
            assert!(lock.commit(pair("next", later(7200)), &by_system(NOW)).await.unwrap());
            generation
        }
    })
    .await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=16).collect::<Vec<_>>());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_lock_is_one_per_grant_and_free_once_dropped(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let id = connected(store).await.connection_id;
    let other = consent(store, &new_connection(owner(store).await, "other", 2), pair("x", NOW), NOW).await;
    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    let second = store.lock_grant(id, IDLE);
    tokio::pin!(second);
    assert!(second.as_mut().now_or_never().is_none(), "waits for the one in this process");
    assert!(store.lock_grant(other.connection_id, IDLE).await.unwrap().is_some(), "another grant is free");
    if engine == Engine::Postgres {
        let process = db.another_store().await;
        assert!(process.lock_grant(id, IDLE).await.unwrap().is_none(), "busy, and not waited for");
        drop(lock);
        // A rollback takes its time on the way to the server.
        drop(within("the waiting one's turn", second).await.unwrap());
        within("the other process's turn", taken(&process, id)).await;
    } else {
        drop(lock);
        assert!(within("the lock", second).await.unwrap().is_some());
    }
    let unknown = ConnectionId::generate(&SeededEntropy::new(9), NOW);
    assert!(store.lock_grant(unknown, IDLE).await.unwrap().is_none());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_intent_is_there_for_everybody_while_the_exchange_is_under_way(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let id = connected(db.store()).await.connection_id;
    let lock = db.store().lock_grant(id, IDLE).await.unwrap().unwrap();
    assert_eq!(lock.intent().await.unwrap(), None);
    assert_eq!(lock.record_intent(REPLICA, NOW).await.unwrap().age(NOW), Duration::ZERO);
    let noted = format!(
        "SELECT COUNT(*) FROM grant_intents WHERE generation = 1 AND attempts = 1 AND first_sent_at = {}",
        NOW.as_millis()
    );
    assert_eq!(number(&db, &noted).await, 1);
    // The process dies; the next one learns when the token was first sent.
    drop(lock);
    let lock = within("the lock of the dead", taken(db.store(), id)).await;
    assert_eq!(lock.intent().await.unwrap().unwrap().sending, Some((NOW, REPLICA.to_owned())));
    let again = lock.record_intent("another", later(70)).await.unwrap();
    assert_eq!((again.age(later(70)), again.attempts), (Duration::from_secs(70), 2));
    assert_eq!(again.sending, Some((later(70), "another".to_owned())));
    assert_eq!(number(&db, "SELECT SUM(attempts) FROM grant_intents").await, 2);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn as_many_exchanges_as_can_be_locked_do_not_wait_for_one_another(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let mut locks = Vec::new();
    for i in 0..4 {
        let new = new_connection(owner, &format!("account {i}"), i);
        let id = consent(store, &new, pair("first", later(60)), NOW).await.connection_id;
        locks.push(store.lock_grant(id, IDLE).await.unwrap().unwrap());
    }
    for lock in &locks {
        lock.record_intent(REPLICA, NOW).await.unwrap();
    }
    for lock in locks {
        assert!(lock.commit(pair("second", later(7200)), &by_system(NOW)).await.unwrap());
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_refusal_is_remembered_until_an_exchange_succeeds(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let id = connected(store).await.connection_id;
    for (at, since) in [(0, 0), (40, 40), (90, 90)] {
        let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
        assert_eq!(lock.record_refusal(later(at), later(at + 60)).await.unwrap(), Duration::from_secs(since));
        let grant = store.find_grant(id).await.unwrap().unwrap();
        assert_eq!((grant.refused_at, grant.generation), (Some(NOW), 1));
    }
    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    assert!(lock.commit(pair("second", later(7200)), &by_system(later(100))).await.unwrap());
    assert_eq!(store.find_grant(id).await.unwrap().unwrap().refused_at, None);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_longest_due_come_first_and_the_ended_never(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let mut ids = Vec::new();
    for (i, due) in [30, 10, 20, 5, 6, 7, 90].into_iter().enumerate() {
        let new = new_connection(owner, &format!("account {i}"), i as u64);
        let mut first = pair("first", later(due));
        if i == 3 {
            first.refresh_token = None;
        }
        ids.push(consent(store, &new, first, NOW).await);
    }
    disconnect(store, ids[4].connection_id, NOW).await;
    let lock = store.lock_grant(ids[5].connection_id, IDLE).await.unwrap().unwrap();
    assert!(lock.end(None, &revoked(NOW)).await.unwrap());
    let expected = [1, 2, 0].map(|i: usize| ids[i].connection_id);
    assert_eq!(store.list_due(later(89), 10, &[]).await.unwrap(), expected);
    assert_eq!(store.list_due(later(89), 2, &[]).await.unwrap(), expected[..2]);
    assert_eq!(store.list_due(later(9), 10, &[]).await.unwrap(), []);
    assert_eq!(store.list_due(later(89), 10, &["app".to_owned()]).await.unwrap(), []);
    assert_eq!(store.list_due(later(89), 10, &["other".to_owned()]).await.unwrap(), expected);
}

#[tokio::test]
async fn an_exchange_waits_for_no_connection_that_a_crowd_wants() {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let store = db.store();
    let id = connected(store).await.connection_id;
    let (served, end) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let crowd: Vec<_> = (0..64)
        .map(|_| {
            let (store, served, end) = (store.clone(), Arc::clone(&served), Arc::clone(&end));
            tokio::spawn(async move {
                let tx = store.begin_write(Durability::Normal).await.unwrap();
                served.add_permits(1);
                drop(end.acquire().await.unwrap());
                tx.commit().await.unwrap();
            })
        })
        .collect();
    // One thread runs all: when the first has its connection, the last stands in the queue.
    drop(within("the first of a crowd", served.acquire()).await.unwrap());

    let exchanging = store.for_exchanges();
    let exchange = async {
        assert!(exchanging.find_held_grant(id).await.unwrap().is_some());
        let lock = exchanging.lock_grant(id, IDLE).await.unwrap().unwrap();
        lock.record_intent(REPLICA, NOW).await.unwrap();
        assert!(lock.commit(pair("second", later(7200)), &by_system(NOW)).await.unwrap());
    };
    exchange.await;
    assert!(served.available_permits() < crowd.len(), "the crowd still waits");
    end.add_permits(crowd.len());
    for one in crowd {
        one.await.unwrap();
    }
}
