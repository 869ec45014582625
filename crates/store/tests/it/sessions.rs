use connector_domain::{SeededEntropy, SessionId, Timestamp, UserId};
use connector_store::{Engine, Session, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, connected, later, owner};

fn session(token_hash: &str, user_id: UserId, expires_at: Timestamp) -> Session {
    Session {
        token_hash: token_hash.to_owned(),
        id: SessionId::generate(&SeededEntropy::new(1), NOW),
        user_id,
        connection_id: None,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at,
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_new_session_ends_the_one_before(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, consent) = (db.store(), connected(db.store()).await);
    let owner = owner(store).await;
    let first = Session { connection_id: Some(consent.connection_id), ..session("a", owner, later(60)) };
    store.replace_session(&first, None).await.unwrap();
    let read = store.find_session("a").await.unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", Some(first)));
    store.replace_session(&session("other", owner, later(60)), None).await.unwrap();
    store.replace_session(&session("b", owner, later(60)), Some("a")).await.unwrap();
    assert!(store.find_session("a").await.unwrap().is_none());
    assert!(store.find_session("b").await.unwrap().is_some());
    assert!(store.find_session("other").await.unwrap().is_some(), "another browser's");
    store.delete_session("b").await.unwrap();
    assert!(store.find_session("b").await.unwrap().is_none());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_session_that_cannot_be_kept_leaves_the_old_one(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    db.store().replace_session(&session("a", owner, later(60)), None).await.unwrap();
    let of_nobody = session("b", UserId(owner.0 + 1000), later(60));
    let refused = db.store().replace_session(&of_nobody, Some("a")).await;
    assert!(matches!(refused, Err(StoreError::MissingReference(_))), "{refused:?}");
    assert!(db.store().find_session("a").await.unwrap().is_some());
    assert!(db.store().find_session("b").await.unwrap().is_none());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn use_moves_the_idle_limit_and_never_the_end(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    store.replace_session(&session("a", owner, later(60)), None).await.unwrap();
    store.replace_session(&session("b", owner, later(61)), None).await.unwrap();
    store.touch_session("a", later(30)).await.unwrap();
    let used = store.find_session("a").await.unwrap().unwrap();
    assert_eq!((used.last_seen_at, used.expires_at, used.created_at), (later(30), later(60), NOW));
    assert_eq!(store.find_session("b").await.unwrap().unwrap().last_seen_at, NOW);
    assert_eq!(store.delete_expired_sessions(later(60), NOW).await.unwrap(), 0);
    assert_eq!(store.delete_expired_sessions(later(61), NOW).await.unwrap(), 1);
    assert!(store.find_session("a").await.unwrap().is_none());
    assert!(store.find_session("b").await.unwrap().is_some());
}
