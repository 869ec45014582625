//! What is ended in one process opens nothing in any other, from the next request on: nobody keeps copies of sessions
//! and keys. Two processes over one database, sessions in it or in Redis.

use connector_domain::{KeyScope, Secret};
use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::json;

/// Two processes, the second of which is asked.
async fn start(sessions_in_redis: bool) -> Option<(TestApp, TestApp)> {
    let app = TestApp::start_with(Engine::Postgres, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
        setup.sessions_in_redis = sessions_in_redis;
    });
    let app = app.await?;
    let other = app.another(|_| {}).await;
    Some((app, other))
}

/// A key for what is hers alone, made in the first process.
async fn key_of(app: &TestApp, user: &serde_json::Value) -> (String, Secret) {
    let admin = app.server(&[KeyScope::Admin]).await;
    let new = json!({"name": "hers", "scopes": ["read"], "user_id": user});
    let made = admin.post("/api/api-keys", &new).await.expect(201).json();
    (made["id"].as_str().unwrap().to_owned(), Secret::new(made["key"].as_str().unwrap()))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Logout,
    OneSession,
    AllSessions,
    NewLogin,
    KeyRevoked,
    PersonDeleted,
    PersonDeletedByServer,
}

use Ending::{AllSessions, KeyRevoked, Logout, NewLogin, OneSession, PersonDeleted, PersonDeletedByServer};

#[rstest]
#[tokio::test]
async fn what_is_ended_in_one_process_is_refused_by_another_at_once(
    #[values(Logout, OneSession, AllSessions, NewLogin, KeyRevoked, PersonDeleted, PersonDeletedByServer)]
    ending: Ending,
    #[values(false, true)] sessions_in_redis: bool,
) {
    let Some((app, other)) = start(sessions_in_redis).await else { return };
    let (here, there) = (app.browser(), app.browser());
    here.connect().await;
    there.connect().await;
    let user = here.get("/api/me").await.json()["user"]["id"].clone();
    let (key_id, key) = key_of(&app, &user).await;
    let session = there.copy().at(&other.url);
    let program = other.browser().with_key(&key);
    // It knows them both, and has just let them in.
    for _ in 0..2 {
        session.get("/api/me").await.expect(200);
        program.get("/api/me").await.expect(200);
    }

    let server = app.server(&[KeyScope::Admin]).await;
    let (mut ends_session, mut ends_key) = (true, false);
    match ending {
        Logout => drop(there.call("POST", "/api/logout").await.expect(204)),
        OneSession => {
            let listed = here.get("/api/sessions").await.json();
            let id = listed["items"].as_array().unwrap().iter().find(|one| one["current"] == false).unwrap();
            here.delete(&format!("/api/sessions/{}", id["id"].as_str().unwrap())).await.expect(204);
        }
        AllSessions => drop(here.delete("/api/sessions").await.expect(204)),
        NewLogin => drop(there.connect().await),
        KeyRevoked => {
            server.delete(&format!("/api/api-keys/{key_id}")).await.expect(204);
            (ends_session, ends_key) = (false, true);
        }
        PersonDeleted => {
            here.delete(&format!("/api/users/{user}")).await.expect(200);
            ends_key = true;
        }
        PersonDeletedByServer => {
            server.delete(&format!("/users/{user}")).await.expect(200);
            ends_key = true;
        }
    }
    let expected = |ended: bool| if ended { 401 } else { 200 };
    assert_eq!(session.get("/api/me").await.status, expected(ends_session), "the session, {ending:?}");
    assert_eq!(program.get("/api/me").await.status, expected(ends_key), "the key, {ending:?}");
}

#[rstest]
#[tokio::test]
async fn answers_that_go_on_in_another_process_end_too(#[values(false, true)] sessions_in_redis: bool) {
    let Some((app, other)) = start(sessions_in_redis).await else { return };
    let here = app.browser();
    here.connect().await;
    let user = here.get("/api/me").await.json()["user"]["id"].clone();
    let sync = here.get("/api/syncs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let (key_id, key) = key_of(&app, &user).await;
    let admin = app.server(&[KeyScope::Admin]).await;
    let follow = async |browser: &Browser| {
        // Jobs are not run, so that nothing but the revocation ends it.
        let mut events = browser.events(&sync).await;
        assert_eq!(events.next().await.unwrap()["status"], "queued");
        events
    };
    let mut of_key = follow(&other.browser().with_key(&key)).await;
    admin.delete(&format!("/api/api-keys/{key_id}")).await.expect(204);
    assert_eq!(of_key.next().await, None);
    let mut of_session = follow(&here.at(&other.url)).await;
    here.delete("/api/sessions").await.expect(204);
    assert_eq!(of_session.next().await, None);
}
