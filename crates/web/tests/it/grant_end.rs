//! How connections end, and begin anew.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const RESOURCES: &str = "/api/atlassian/resources";
const REFRESH: &str = "/api/oauth/atlassian/refresh";

/// Connected, without the first sync, which would use tokens too.
async fn connected(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await?;
    let browser = app.browser();
    browser.connect().await;
    Some((app, browser))
}

async fn connection(browser: &Browser) -> Value {
    let connections = browser.get("/api/connections").await.expect(200).json();
    assert_eq!(connections["items"].as_array().unwrap().len(), 1);
    connections["items"][0].clone()
}

#[rstest]
#[tokio::test]
async fn a_revoked_grant_ends_the_connection_at_the_second_refusal(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let before = connection(&browser).await;
    app.sandbox.revoke_grants().await;

    let first = browser.call("POST", REFRESH).await;
    first.problem(503);
    assert_eq!(first.header("retry-after"), Some("60"));
    app.advance(Duration::from_secs(59)).await;
    let early = browser.call("POST", REFRESH).await;
    early.problem(503);
    assert_eq!(early.header("retry-after"), Some("1"));
    assert_eq!(app.sandbox.refreshes().await.error, 1, "not asked again before its time");
    assert_eq!(connection(&browser).await["status"], "active");

    app.advance(Duration::from_secs(1)).await;
    let ended = browser.call("POST", REFRESH).await.problem(409);
    assert_eq!(ended["type"], "urn:connector:problem:needs-reconnect");
    let after = connection(&browser).await;
    assert_eq!((&after["status"], &after["id"]), (&"needs_reconnect".into(), &before["id"]));
    assert!(after["status_reason"].as_str().unwrap().contains("revoked"), "{after}");
    browser.get(RESOURCES).await.problem(409);
    browser.post("/api/syncs", &json!({})).await.problem(409);
    assert_eq!(app.sandbox.refreshes().await.error, 2, "nothing asks any more");
}

#[rstest]
#[tokio::test]
async fn one_refusal_by_mistake_is_forgiven(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("invalid_grant", "unauthorized_client")] error: &str,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    for _ in 0..2 {
        let refusal = json!({"error": error, "error_description": "refresh_token is invalid"});
        app.sandbox.fault("/oauth/token", 1, json!({"status": 403, "body": refusal})).await;
        browser.call("POST", REFRESH).await.problem(503);
        app.advance(Duration::from_mins(1)).await;
        browser.call("POST", REFRESH).await.expect(200);
    }
    assert_eq!(connection(&browser).await["status"], "active");
}

#[rstest]
#[tokio::test]
async fn connecting_again_keeps_the_connection_s_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let first = connection(&browser).await;
    app.sandbox.revoke_grants().await;
    browser.call("POST", REFRESH).await.problem(503);
    app.advance(Duration::from_mins(1)).await;
    browser.call("POST", REFRESH).await.problem(409);

    browser.connect().await;
    let again = connection(&browser).await;
    assert_eq!((&again["id"], &again["status"]), (&first["id"], &"active".into()));
    assert_eq!(again["status_reason"], Value::Null);
    browser.get(RESOURCES).await.expect(200);
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
}

#[rstest]
#[tokio::test]
async fn disconnecting_destroys_the_tokens_and_keeps_the_rows(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let id = connection(&browser).await["id"].as_str().unwrap().to_owned();
    assert_eq!(app.database.count("grants").await, 1);

    browser.delete(&format!("/api/connections/{id}")).await.expect(204);
    assert_eq!(app.database.count("grants").await, 0);
    let ended = connection(&browser).await;
    assert_eq!((&ended["status"], &ended["access_expires_at"]), (&"disconnected".into(), &Value::Null));
    browser.get(RESOURCES).await.problem(409);
    browser.call("POST", REFRESH).await.problem(409);
    browser.call("POST", &format!("/api/connections/{id}/refresh")).await.problem(409);
    browser.post("/api/syncs", &json!({"connection_id": id})).await.problem(409);
    browser.delete(&format!("/api/connections/{id}")).await.expect(204);
    let projects = browser.get("/integrations/jira/projects/fetch").await.json();
    assert_eq!(projects["items"].as_array().unwrap().len(), 12, "what was fetched stays");

    browser.connect().await;
    assert_eq!(connection(&browser).await["id"], id);
    browser.get(RESOURCES).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn what_an_exchange_brings_after_the_end_is_not_kept(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let id = connection(&browser).await["id"].as_str().unwrap().to_owned();
    let exchange = app.sandbox.hold("/oauth/token");
    let refresh = tokio::spawn(browser.call("POST", REFRESH).into_future());
    exchange.reached().await;
    let end = tokio::spawn(browser.delete(&format!("/api/connections/{id}")).into_future());
    // On SQLite the end comes first; on PostgreSQL it waits for the exchange, which holds the row.
    for _ in 0..3 {
        browser.get("/healthz").await.expect(200);
    }
    exchange.release();
    let refreshed = refresh.await.unwrap();
    assert!([200, 409].contains(&refreshed.status), "{}", refreshed.text());
    end.await.unwrap().expect(204);
    assert_eq!(app.database.count("grants").await, 0);
    assert_eq!(connection(&browser).await["status"], "disconnected");
}

#[rstest]
#[tokio::test]
async fn a_token_that_was_lost_for_longer_than_its_leeway_is_not_sent_for_ever(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.sandbox.lasting_fault("/oauth/token", json!({"drop": "after"})).await;
    browser.call("POST", REFRESH).await.problem(503);
    app.sandbox.clear_faults().await;
    app.advance(Duration::from_mins(11)).await;
    let lost = app.sandbox.exchanges().len();
    browser.call("POST", REFRESH).await.problem(503);
    assert_eq!(app.sandbox.exchanges().len(), lost, "answers that lie elsewhere may come first");
    app.advance(Duration::from_mins(1)).await;
    browser.call("POST", REFRESH).await.problem(503);
    app.advance(Duration::from_mins(1)).await;
    browser.call("POST", REFRESH).await.problem(409);
    assert_eq!(app.sandbox.exchanges().len(), lost + 2);
    assert_eq!(connection(&browser).await["status"], "needs_reconnect");
    browser.connect().await;
    browser.call("POST", REFRESH).await.expect(200);
}
