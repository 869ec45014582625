//! Consents that could not be stored when they came, because something did not answer: what the person has wished since
//! counts more.

use std::time::Duration;

use connector_domain::KeyScope;
use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, Setup, TestApp, within};
use rstest::rstest;
use serde_json::json;

const LOGIN: &str = "/api/oauth/atlassian/login";
const RESOURCES: &str = "/api/atlassian/resources";

/// Only what a test asks for is tried again.
fn patient(setup: &mut Setup) {
    setup.runs_jobs = false;
    setup.timings.retry_first = Duration::from_secs(1);
    setup.timings.retry_longest = Duration::from_secs(1);
}

/// A login whose consent waits in the spool, because Atlassian does not say whose it is.
async fn a_consent_that_waits(app: &TestApp) -> Browser {
    let browser = app.browser().for_pages();
    let callback = browser.accept(LOGIN).await;
    app.sandbox.lasting_fault("/me", json!({"status": 503})).await;
    let told = browser.get(callback.as_str()).await.expect(302).location();
    assert!(told.as_str().contains("kept"), "{told}");
    assert_eq!(app.database.spooled().len(), 1);
    browser
}

async fn until_nothing_waits(app: &TestApp) {
    app.sandbox.clear_faults().await;
    within("an empty spool", async {
        while !app.database.spooled().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[rstest]
#[tokio::test]
async fn a_consent_that_waited_does_not_replace_a_later_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, patient).await else { return };
    a_consent_that_waits(&app).await;
    app.sandbox.clear_faults().await;
    app.advance(Duration::from_millis(10)).await;
    let browser = app.browser();
    browser.connect().await;
    let before = browser.get("/api/connections").await.json();
    until_nothing_waits(&app).await;
    assert_eq!(browser.get("/api/connections").await.json(), before, "the later consent stands");
    assert_eq!(app.database.count("audit_events WHERE event = 'reconnected'").await, 0);
    app.advance(Duration::from_hours(1)).await;
    browser.get(RESOURCES).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_consent_that_waited_does_not_undo_a_disconnect(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, patient).await else { return };
    let browser = app.browser();
    browser.connect().await;
    let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    app.advance(Duration::from_millis(10)).await;
    a_consent_that_waits(&app).await;
    app.advance(Duration::from_millis(10)).await;
    let answer = browser.call("DELETE", &format!("/api/connections/{id}")).await;
    assert!(answer.status < 300, "{}", answer.text());
    until_nothing_waits(&app).await;
    let all = app.database.store().list_connections(None).await.unwrap();
    assert_eq!(all.iter().map(|one| one.status.as_str()).collect::<Vec<_>>(), ["disconnected"]);
    assert_eq!(app.database.count("grants").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_consent_that_waited_renews_an_older_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, patient).await else { return };
    let browser = app.browser();
    browser.connect().await;
    app.advance(Duration::from_mins(1)).await;
    a_consent_that_waits(&app).await;
    until_nothing_waits(&app).await;
    assert_eq!(app.database.count("audit_events WHERE event = 'reconnected'").await, 1);
    assert_eq!(app.database.count("connections").await, 1);
    app.advance(Duration::from_hours(1)).await;
    browser.get(RESOURCES).await.expect(200);
}

/// What the trail says of consents that were dropped.
async fn dropped(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT details FROM audit_events WHERE event = 'consent_dropped'").await
}

#[rstest]
#[tokio::test]
async fn a_consent_that_waited_brings_no_deleted_person_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let started = TestApp::start_with(engine, |setup| {
        patient(setup);
        setup.auth = AuthMode::Required;
    });
    let Some(app) = started.await else { return };
    let browser = app.browser();
    browser.connect().await;
    let id = browser.get("/api/me").await.json()["user"]["id"].as_i64().unwrap();
    let account = app.database.texts("SELECT account_id FROM users").await.remove(0);
    app.advance(Duration::from_millis(10)).await;
    a_consent_that_waits(&app).await;
    app.advance(Duration::from_millis(10)).await;
    app.server(&[KeyScope::Manage]).await.delete(&format!("/users/{id}")).await.expect(200);
    until_nothing_waits(&app).await;
    for table in ["users", "connections", "grants", "sessions"] {
        assert_eq!(app.database.count(table).await, 0, "{table}");
    }
    assert_eq!(dropped(&app).await, [r#"{"why":"erased"}"#]);

    // Who comes anew is somebody new, and is let in.
    app.advance(Duration::from_millis(10)).await;
    let back = app.browser();
    back.connect().await;
    assert_ne!(back.get("/api/me").await.json()["user"]["id"], id);
    back.get(RESOURCES).await.expect(200);
    // What tells of the deleted is a hash, and goes when nothing from before can wait any longer.
    let kept = app.database.texts("SELECT identity_hash FROM erased_accounts").await.join(" ");
    assert!(!kept.is_empty() && !kept.contains(&account) && !kept.contains('@'), "{kept}");
    app.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(app.connections.forget_erased().await.unwrap(), 0);
    app.clock.advance(Duration::from_hours(25));
    assert_eq!(app.connections.forget_erased().await.unwrap(), 2, "the account and the address");
}

#[rstest]
#[tokio::test]
async fn nobody_comes_back_who_was_known_by_the_address_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, patient).await else { return };
    let made = app.browser().post("/users", &json!({"email": "Ada@example.com"})).await.expect(201).json();
    a_consent_that_waits(&app).await;
    app.advance(Duration::from_millis(10)).await;
    app.browser().delete(&format!("/users/{}", made["id"])).await.expect(200);
    until_nothing_waits(&app).await;
    assert_eq!((app.database.count("users").await, app.database.count("grants").await), (0, 0));
    assert_eq!(dropped(&app).await, [r#"{"why":"erased"}"#]);
}

#[rstest]
#[tokio::test]
async fn a_consent_does_not_wait_for_ever(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start_with(engine, patient).await else { return };
    a_consent_that_waits(&app).await;
    app.advance(app.setup.timings.consent_kept).await;
    until_nothing_waits(&app).await;
    assert_eq!(dropped(&app).await, [r#"{"why":"waited_too_long"}"#]);
    assert_eq!((app.database.count("users").await, app.database.count("grants").await), (0, 0));
}
