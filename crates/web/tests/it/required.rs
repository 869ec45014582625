//! `CONNECTOR_AUTH=required`: a session is needed, and shows one person's own rows.

use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

async fn start(engine: Engine) -> Option<TestApp> {
    TestApp::start_with(engine, |setup| setup.auth = AuthMode::Required).await
}

const ID: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn without_a_session_no_data_is_given() {
    let app = start(Engine::Sqlite).await.unwrap();
    let stranger = app.browser();
    stranger.set_cookie("sid", "no-session-has-this-id-000000000000000000000");
    let get = [
        "/users",
        "/users/1",
        "/jira/projects/1",
        "/confluence/pages/1",
        "/integrations/jira/projects/fetch",
        "/integrations/jira/projects/fetch?owner_id=1",
        "/integrations/confluence/pages/fetch",
        "/api/jira/projects",
        "/api/confluence/pages",
        "/api/confluence/pages/1",
        "/api/confluence/spaces",
        "/api/connections",
        "/api/me",
        "/api/syncs",
        "/api/atlassian/resources",
        "/jira/projects/1?limit=5",
    ];
    for path in get {
        stranger.get(path).await.problem(401);
    }
    for path in
        [format!("/api/connections/{ID}"), format!("/api/syncs/{ID}"), format!("/api/syncs/{ID}/events")]
    {
        stranger.get(&path).await.problem(401);
    }
    let row = json!({"email": "a@example.com", "owner_id": 1, "key": "K", "name": "N", "space_key": "S",
        "page_id": "1", "title": "T"});
    for path in [
        "/users",
        "/jira/projects",
        "/confluence/pages",
        "/integrations/jira/connect",
        "/integrations/confluence/connect",
    ] {
        stranger.post(path, &row).await.problem(401);
    }
    for path in ["/integrations/jira/connect", "/api/syncs", "/api/oauth/atlassian/refresh"] {
        stranger.call("POST", path).await.problem(401);
    }
    stranger.call("POST", &format!("/api/connections/{ID}/refresh")).await.problem(401);
    stranger.delete(&format!("/api/connections/{ID}")).await.problem(401);
}

#[tokio::test]
async fn the_way_in_and_the_health_stay_open() {
    let app = start(Engine::Sqlite).await.unwrap();
    for path in ["/", "/healthz", "/readyz", "/openapi.json", "/console", "/connected"] {
        app.browser().get(path).await.expect(200);
    }
    let console = app.browser().for_pages().get("/console").await.expect(200).text();
    assert!(console.contains("/api/oauth/atlassian/login"));
    let browser = app.browser();
    browser.connect().await;
    assert_eq!(browser.get("/api/me").await.expect(200).json()["user"]["email"], "ada@example.com");
}

#[rstest]
#[tokio::test]
async fn another_person_s_rows_are_as_if_they_were_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = start(engine).await else { return };
    let ada = app.connected().await;
    let ben = app.browser();
    ben.connect_as("Ben").await;
    ben.latest_sync().await;

    let first = async |browser: &Browser, list: &str| {
        browser.get(list).await.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned()
    };
    let (connection, sync) = (first(&ada, "/api/connections").await, first(&ada, "/api/syncs").await);
    for (method, theirs, missing) in [
        ("GET", format!("/api/connections/{connection}"), format!("/api/connections/{ID}")),
        ("DELETE", format!("/api/connections/{connection}"), format!("/api/connections/{ID}")),
        ("POST", format!("/api/connections/{connection}/refresh"), format!("/api/connections/{ID}/refresh")),
        ("GET", format!("/api/syncs/{sync}"), format!("/api/syncs/{ID}")),
        ("GET", format!("/api/syncs/{sync}/events"), format!("/api/syncs/{ID}/events")),
        ("GET", format!("/api/syncs?connection_id={connection}"), format!("/api/syncs?connection_id={ID}")),
        ("GET", "/users/1".to_owned(), "/users/9".to_owned()),
        ("GET", "/jira/projects/1".to_owned(), "/jira/projects/9".to_owned()),
        ("GET", "/jira/projects/1?limit=5".to_owned(), "/jira/projects/9?limit=5".to_owned()),
        ("GET", "/confluence/pages/1".to_owned(), "/confluence/pages/9".to_owned()),
        (
            "GET",
            "/integrations/jira/projects/fetch?owner_id=1".to_owned(),
            "/integrations/jira/projects/fetch?owner_id=9".to_owned(),
        ),
        ("GET", "/api/jira/projects?owner_id=1".to_owned(), "/api/jira/projects?owner_id=9".to_owned()),
        ("GET", "/api/confluence/pages?owner_id=1".to_owned(), "/api/confluence/pages?owner_id=9".to_owned()),
        (
            "GET",
            "/api/confluence/spaces?owner_id=1".to_owned(),
            "/api/confluence/spaces?owner_id=9".to_owned(),
        ),
    ] {
        assert_eq!(
            said(&ben, method, &theirs).await,
            said(&ben, method, &missing).await,
            "{method} {theirs}"
        );
    }
    let row = |owner: i64| json!({"owner_id": owner, "key": "K", "name": "N"});
    assert_eq!(
        ben.post("/jira/projects", &row(1)).await.detail(404),
        "There is no user 1. Create one by POST /users."
    );
    ben.post("/jira/projects", &row(2)).await.expect(201);
    ben.post("/api/syncs", &json!({"connection_id": connection})).await.problem(404);
    assert_eq!(
        ada.get(&format!("/api/connections/{connection}")).await.expect(200).json()["status"],
        "active"
    );
}

/// What a refusal says, without what names this request or its address.
async fn said(browser: &Browser, method: &str, path: &str) -> Value {
    let mut problem = browser.call(method, path).await.problem(404);
    problem["request_id"] = Value::Null;
    let detail = problem["detail"].as_str().unwrap().replace(char::is_numeric, "#");
    problem["detail"] = detail.into();
    problem
}

#[rstest]
#[tokio::test]
async fn lists_show_one_s_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = start(engine).await else { return };
    let ada = app.connected().await;
    let ben = app.browser();
    ben.connect_as("Ben").await;
    ben.latest_sync().await;
    for (browser, id) in [(&ada, 1), (&ben, 2)] {
        let users = browser.get("/users").await.expect(200).json();
        assert_eq!((users.as_array().unwrap().len(), &users[0]["id"]), (1, &json!(id)));
        let connections = browser.get("/api/connections").await.expect(200).json();
        assert_eq!(connections["items"].as_array().unwrap().len(), 1);
        assert_eq!(connections["items"][0]["user_id"], id);
        assert_eq!(browser.get("/api/syncs").await.json()["items"].as_array().unwrap().len(), 1);
        let projects = browser.get("/integrations/jira/projects/fetch").await.expect(200).json();
        assert!(projects["items"].as_array().unwrap().iter().all(|project| project["owner_id"] == id));
    }
}

#[tokio::test]
async fn a_session_is_not_for_what_concerns_everybody() {
    let app = start(Engine::Sqlite).await.unwrap();
    let ada = app.browser();
    ada.connect().await;
    ada.post("/users", &json!({"email": "new@example.com"})).await.problem(403);
    ada.post("/integrations/jira/connect", &json!({"email": "new@example.com"})).await.problem(403);
    ada.call("POST", "/integrations/jira/connect").await.expect(200);
}
