//! The state of each product, and what was fetched from it.

use connector_store::Engine;
use connector_testkit::TestApp;
use rstest::rstest;
use serde_json::{Value, json};

const CONNECT: [(&str, &str, &str); 2] = [
    ("/integrations/jira/connect", "jira", "/auth/jira/login"),
    ("/integrations/confluence/connect", "confluence", "/auth/confluence/login"),
];

#[rstest]
#[tokio::test]
async fn before_connecting_the_connect_routes_lead_to_the_logins(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    for (path, provider, redirect_url) in CONNECT {
        let expected =
            json!({"provider": provider, "base_url": "", "connected": false, "redirect_url": redirect_url});
        assert_eq!(app.browser().call("POST", path).await.expect(200).json(), expected);
        assert_eq!(app.browser().post(path, &Value::Null).await.expect(200).json(), expected);
        let body = json!({"email": "ada@example.com", "jira_base_url": "https://acme.atlassian.net"});
        assert_eq!(app.browser().post(path, &body).await.expect(200).json(), expected);
    }
    let users = app.browser().get("/users").await.json();
    assert_eq!(users, json!([{"id": 1, "email": "ada@example.com", "display_name": null}]));
}

#[tokio::test]
async fn while_no_site_is_known_the_configured_address_is_shown() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.cloud_base_url = Some("https://acme.atlassian.net/".to_owned());
    });
    let app = app.await.unwrap();
    let base_url = async |path: &str| app.browser().call("POST", path).await.json()["base_url"].clone();
    assert_eq!(base_url(CONNECT[0].0).await, "https://acme.atlassian.net");
    assert_eq!(base_url(CONNECT[1].0).await, "https://acme.atlassian.net/wiki");
}

#[rstest]
#[tokio::test]
async fn after_connecting_the_connect_routes_tell_the_truth(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let site = format!("{}/sites/acme", app.sandbox.url);
    let state = async |path: &str| {
        let state = browser.call("POST", path).await.expect(200).json();
        (state["connected"].as_bool().unwrap(), state["base_url"].as_str().unwrap().to_owned())
    };
    assert_eq!(state(CONNECT[0].0).await, (true, site.clone()));
    assert_eq!(state(CONNECT[1].0).await, (true, format!("{site}/wiki")));

    let connections = browser.get("/api/connections").await.json();
    let id = connections["items"][0]["id"].as_str().unwrap();
    browser.delete(&format!("/api/connections/{id}")).await.expect(204);
    assert_eq!(state(CONNECT[0].0).await, (false, String::new()));
}

#[rstest]
#[tokio::test]
async fn nothing_is_fetched_while_there_is_no_user(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let fetch = async |path: &str| browser.get(path).await.expect(200).json();
    assert_eq!(fetch("/integrations/jira/projects/fetch").await, json!({"provider": "jira", "items": []}));
    assert_eq!(
        fetch("/integrations/confluence/pages/fetch").await,
        json!({"provider": "confluence", "items": []})
    );
    for path in ["/integrations/jira/projects/fetch", "/integrations/confluence/pages/fetch"] {
        browser.get(&format!("{path}?owner_id=1")).await.problem(404);
    }
}

#[rstest]
#[tokio::test]
async fn without_an_owner_it_is_the_session_s_person_else_the_first_user(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let anyone = app.browser();
    anyone.post("/users", &json!({"email": "first@example.com"})).await.expect(201);
    anyone
        .post("/jira/projects", &json!({"owner_id": 1, "key": "HAND", "name": "By hand"}))
        .await
        .expect(201);
    let ada = app.connected().await;

    let count = async |browser: &connector_testkit::Browser, query: &str| {
        let path = format!("/integrations/jira/projects/fetch{query}");
        browser.get(&path).await.expect(200).json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count(&anyone, "").await, 1, "the first user's");
    assert_eq!(count(&ada, "").await, 12, "Ada's own");
    assert_eq!((count(&ada, "?owner_id=1").await, count(&anyone, "?owner_id=2").await), (1, 12));
}
