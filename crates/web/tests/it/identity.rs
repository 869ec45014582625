//! Whose a consent, a session and a connection is.

use connector_domain::KeyScope;
use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::json;

const LOGIN: &str = "/api/oauth/atlassian/login";

async fn start(engine: Engine, scopes: Option<&str>) -> Option<TestApp> {
    TestApp::start_with(engine, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
        if let Some(scopes) = scopes {
            scopes.clone_into(&mut setup.scopes);
        }
    })
    .await
}

#[rstest]
#[tokio::test]
async fn nobody_becomes_the_first_user_by_a_consent_that_does_not_tell_whose_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = start(engine, Some("read:jira-work offline_access")).await else { return };
    let server = app.server(&[KeyScope::Manage]).await;
    server.post("/users", &json!({"email": "first@example.com"})).await.expect(201);
    let stranger = app.browser();
    let callback = stranger.accept(LOGIN).await;
    let told = stranger.get(callback.as_str()).await.detail(403);
    assert!(told.contains("does not tell who you are"), "{told}");
    assert_eq!(stranger.cookie("sid"), None);
    assert_eq!(app.database.count("connections").await, 0);
    assert_eq!(app.database.count("sessions").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_login_ends_in_the_session_in_which_it_began(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = start(engine, None).await else { return };
    let (ada, ben) = (app.browser(), app.browser());
    ada.connect().await;
    ben.connect_as("Ben").await;
    let exchanges = app.sandbox.exchanges().len();

    // Somebody has put his own session into Ada's browser while she was at Atlassian.
    let swapped = ada.copy();
    let callback = swapped.accept(LOGIN).await;
    swapped.set_cookie("sid", &ben.cookie("sid").unwrap());
    let told = swapped.get(callback.as_str()).await.detail(403);
    assert!(told.contains("not the one who was when this login began"), "{told}");
    // Or has taken hers away.
    let signed_out = ada.copy();
    let callback = signed_out.accept(LOGIN).await;
    signed_out.set_cookie("sid", "");
    signed_out.get(callback.as_str()).await.problem(403);
    assert_eq!(app.sandbox.exchanges().len(), exchanges, "neither code was exchanged");
    for (browser, email) in [(&ada, "ada@example.com"), (&ben, "ben@example.com")] {
        assert_eq!(browser.get("/api/me").await.json()["user"]["email"], email);
        assert_eq!(browser.get("/api/connections").await.json()["items"].as_array().unwrap().len(), 1);
    }

    // Who came without a session is who Atlassian says, whatever session was planted since.
    let fresh = app.browser();
    let callback = fresh.accept(LOGIN).await;
    fresh.set_cookie("sid", &ben.cookie("sid").unwrap());
    fresh.get(callback.as_str()).await.expect(302);
    assert_eq!(fresh.get("/api/me").await.json()["user"]["email"], "ada@example.com");
    ben.get("/api/me").await.problem(401);
}

#[rstest]
#[tokio::test]
async fn a_session_uses_no_connection_of_another_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = start(engine, None).await else { return };
    let (ada, ben) = (app.browser(), app.browser());
    ada.connect().await;
    ben.connect_as("Ben").await;
    let id = async |browser: &Browser| browser.get("/api/me").await.json()["user"]["id"].to_string();
    let (from, to) = (id(&ada).await, id(&ben).await);
    app.database.execute(&format!("UPDATE connections SET user_id = {to} WHERE user_id = {from}")).await;
    ada.get("/api/atlassian/resources").await.problem(409);
    ada.call("POST", "/api/oauth/atlassian/refresh").await.problem(409);
    assert_eq!(app.sandbox.refreshes().await.ok, 0);
    ben.get("/api/atlassian/resources").await.expect(200);
}
