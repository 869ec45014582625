//! What is asked by GET and HEAD changes nothing.

use connector_domain::KeyScope;
use connector_store::Engine;
use connector_testkit::{AuthMode, TestApp};
use rstest::rstest;

use super::{content_but, operations};

/// Tables in which it is noted that somebody asked.
const NOTES: [&str; 2] = ["api_keys", "audit_events"];

#[rstest]
#[tokio::test]
async fn reading_has_no_effect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(AuthMode::Public, AuthMode::Required)] auth: AuthMode,
) {
    let Some(app) = TestApp::start_with(engine, |setup| setup.auth = auth).await else { return };
    let person = app.connected().await;
    let server = app.server(&[KeyScope::Admin]).await;
    let list = person.get("/api/connections").await.json();
    let connection = list["items"][0]["id"].as_str().unwrap().to_owned();
    let sync = person.latest_sync().await["id"].as_str().unwrap().to_owned();
    app.stop_jobs().await.unwrap();
    let mut read = 0;
    for operation in operations(&app).await.into_iter().filter(|one| one.is_safe() && !one.is_login()) {
        let id = if operation.path.contains("/syncs/") { &sync } else { &connection };
        let path = operation.path.replace("00000000-0000-7000-8000-000000000000", id);
        let before = content_but(&app, &NOTES).await;
        for caller in [&person, &server, &app.browser()] {
            for method in ["GET", "HEAD"] {
                let answer = caller.call(method, &path).await;
                assert!(answer.status < 500 && answer.status != 405, "{method} {path}: {}", answer.status);
            }
            caller.for_pages().get(&path).await;
        }
        assert_eq!(content_but(&app, &NOTES).await, before, "GET {path}");
        read += 1;
    }
    for page in ["/console", "/connected", "/docs/", "/openapi.json"] {
        let before = content_but(&app, &NOTES).await;
        person.for_pages().get(page).await.expect(200);
        assert_eq!(content_but(&app, &NOTES).await, before, "{page}");
    }
    eprintln!("{read} addresses read by three callers, none with an effect");
    assert!(read >= 30, "{read}");
}

/// Whatever looks at links before a person follows them must not use them up.
#[tokio::test]
async fn a_head_request_neither_begins_a_login_nor_ends_one() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    for login in operations(&app).await.into_iter().filter(super::Operation::is_login) {
        let answer = browser.call("HEAD", &login.path).await.expect(405);
        assert_eq!(
            (answer.header("allow"), answer.header("set-cookie")),
            (Some("GET"), None),
            "{}",
            login.path
        );
    }
    assert_eq!(app.database.count("login_attempts").await, 0);
    let callback = browser.accept("/api/oauth/atlassian/login").await;
    browser.call("HEAD", callback.as_str()).await.expect(405);
    let landed = browser.get(callback.as_str()).await.expect(302);
    assert!(landed.header("location").unwrap().contains("status=success"), "{:?}", landed.header("location"));
}
