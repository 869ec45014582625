use connector_domain::{Timestamp, UserId};
use connector_store::{Engine, LoginAttempt, LoginFlow, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, at_once, later, owner, scopes};

fn attempt(state_hash: &str, expires_at: Timestamp) -> LoginAttempt {
    LoginAttempt {
        state_hash: state_hash.to_owned(),
        browser_hash: "browser".to_owned(),
        flow: LoginFlow::Jira,
        client_id: "app".to_owned(),
        redirect_uri: "https://app.example/callback".to_owned(),
        sealed_code_verifier: vec![0, 1, 255],
        scopes: scopes("read:me offline_access"),
        app_state: Some("kept as it is".to_owned()),
        user_id: None,
        link_hash: Some("link".to_owned()),
        return_url: Some("https://app.example/done".to_owned()),
        created_at: NOW,
        expires_at,
        consumed_at: None,
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_attempt_is_consumed_as_it_was_made(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    for flow in [LoginFlow::Atlassian, LoginFlow::Jira, LoginFlow::Confluence] {
        let made = LoginAttempt { flow, user_id: Some(owner), ..attempt(flow.as_str(), later(600)) };
        db.store().create_login_attempt(&made).await.unwrap();
        let read = db.store().consume_login_attempt(flow.as_str(), later(1)).await.unwrap().unwrap();
        assert_eq!(read.consumed_at, Some(later(1)));
        let expected = LoginAttempt { consumed_at: Some(later(1)), ..made };
        assert_eq!(format!("{read:?}"), format!("{expected:?}"));
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_callbacks_at_once_one_gets_the_attempt(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    for state in ["a", "b", "c", "d"] {
        db.store().create_login_attempt(&attempt(state, later(600))).await.unwrap();
        let answers = at_once(16, |_| {
            let store = db.store().clone();
            async move { store.consume_login_attempt(state, NOW).await.unwrap().is_some() }
        })
        .await;
        assert_eq!(answers.into_iter().filter(|got| *got).count(), 1);
    }
    let used = db.store().find_login_attempt("a").await.unwrap().unwrap();
    assert_eq!(used.consumed_at, Some(NOW));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_expired_or_unknown_attempt_is_not_given(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    db.store().create_login_attempt(&attempt("a", later(600))).await.unwrap();
    assert!(db.store().consume_login_attempt("a", later(600)).await.unwrap().is_none());
    assert!(db.store().consume_login_attempt("b", NOW).await.unwrap().is_none());
    assert!(db.store().find_login_attempt("b").await.unwrap().is_none());
    let unused = db.store().find_login_attempt("a").await.unwrap().unwrap();
    assert_eq!(unused.consumed_at, None);
    assert!(db.store().consume_login_attempt("a", later(599)).await.unwrap().is_some());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_attempts_that_expired_before_are_deleted(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    for (state, expires) in [("a", 10), ("b", 20), ("c", 30)] {
        db.store().create_login_attempt(&attempt(state, later(expires))).await.unwrap();
    }
    assert_eq!(db.store().delete_login_attempts(later(20)).await.unwrap(), 1);
    assert!(db.store().find_login_attempt("a").await.unwrap().is_none());
    assert!(db.store().find_login_attempt("b").await.unwrap().is_some());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_state_is_used_once_and_its_person_exists(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    db.store().create_login_attempt(&attempt("a", later(600))).await.unwrap();
    let again = db.store().create_login_attempt(&attempt("a", later(900))).await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
    let of_nobody = LoginAttempt { user_id: Some(UserId(1)), ..attempt("b", later(600)) };
    let refused = db.store().create_login_attempt(&of_nobody).await;
    assert!(matches!(refused, Err(StoreError::MissingReference(_))), "{refused:?}");
    assert_eq!(db.store().find_login_attempt("a").await.unwrap().unwrap().expires_at, later(600));
}
