//! Deleting a user takes everything that is the user's, and says so.

use std::time::Duration;

use connector_domain::{KeyScope, Secret};
use connector_store::Engine;
use connector_testkit::{AuthMode, TestApp};
use rstest::rstest;
use serde_json::json;

const OWNED: [(&str, &str); 12] = [
    ("users", "id"),
    ("user_tokens", "user_id"),
    ("connections", "user_id"),
    ("sessions", "user_id"),
    ("login_attempts", "user_id"),
    ("connect_links", "user_id"),
    ("api_keys", "user_id"),
    ("jira_projects", "owner_id"),
    ("jira_issues", "owner_id"),
    ("jira_issue_keys", "owner_id"),
    ("confluence_spaces", "owner_id"),
    ("confluence_pages", "owner_id"),
];

async fn left(app: &TestApp, user: i64) -> Vec<(&'static str, i64)> {
    let mut left = Vec::new();
    for (table, column) in OWNED {
        let rows = app.database.count(&format!("{table} WHERE {column} = {user}")).await;
        if rows > 0 {
            left.push((table, rows));
        }
    }
    left
}

#[rstest]
#[tokio::test]
async fn a_person_goes_with_everything_and_nobody_else_loses_anything(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] sessions_in_redis: bool,
) {
    let started = TestApp::start_with(engine, |setup| {
        setup.auth = AuthMode::Required;
        setup.sessions_in_redis = sessions_in_redis;
    });
    let Some(app) = started.await else { return };
    let (ada, ben) = (app.connected().await, app.browser());
    ben.connect_as("Ben").await;
    ben.latest_sync().await;
    let (hers, bens) = (1, 2);
    let other = app.browser();
    other.connect().await;
    ada.post("/jira/projects", &json!({"owner_id": hers, "key": "HAND", "name": "By hand"}))
        .await
        .expect(201);
    let admin = app.server(&[KeyScope::Admin]).await;
    let made =
        admin.post("/api/api-keys", &json!({"name": "hers", "scopes": ["read"], "user_id": hers})).await;
    let key = app.browser().with_key(&Secret::new(made.expect(201).json()["key"].as_str().unwrap()));
    key.get("/api/jira/projects").await.expect(200);
    admin.post("/api/connect-links", &json!({"user_id": hers})).await.expect(201);
    let bens_before = left(&app, bens).await;
    let projects = ada.get("/api/jira/projects").await.json()["items"].as_array().unwrap().len();

    ada.delete(&format!("/api/users/{bens}")).await.problem(404);
    app.browser().delete(&format!("/api/users/{hers}")).await.problem(401);
    let erased = ada.delete(&format!("/api/users/{hers}")).await.expect(200).json();
    let of = &erased["erased"];
    for (table, rows) in [
        ("users", 1),
        ("connections", 1),
        ("grants", 1),
        ("sessions", 2),
        ("api_keys", 1),
        ("connect_links", 1),
    ] {
        assert_eq!(of[table], rows, "{table} in {erased}");
    }
    assert_eq!(of["jira_projects"], projects);
    assert!(
        of["jira_issues"].as_u64().unwrap() >= 12 && of["confluence_pages"].as_u64().unwrap() > 0,
        "{of}"
    );
    assert_eq!(erased["rows"], of.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>());

    assert_eq!(left(&app, hers).await, []);
    assert_eq!(left(&app, bens).await, bens_before);
    assert_eq!(app.database.count("grants").await, 1, "Ben's");
    assert_eq!(ada.cookie("sid"), None);
    for gone in [&other, &key] {
        gone.get("/api/me").await.problem(401);
    }
    ben.get("/api/me").await.expect(200);
    admin.get(&format!("/users/{hers}")).await.problem(404);
    admin.delete(&format!("/users/{hers}")).await.problem(404);

    // What stays is a line with numbers only.
    let line = admin.get("/api/audit?event=user_erased").await.expect(200).json()["items"][0].clone();
    assert_eq!((&line["user_id"], &line["details"]["of"]), (&json!(hers), of));
    assert_eq!(line["actor"], json!({"kind": "person", "id": "1"}));
    let trail =
        app.database.texts("SELECT COALESCE(cause, '') || details FROM audit_events").await.join("\n");
    assert!(!trail.contains("ada@") && !trail.contains("Ada"), "{trail}");
    // Who comes back is somebody new.
    let back = app.browser();
    back.connect().await;
    assert_ne!(back.get("/api/me").await.json()["user"]["id"], hers);
}

#[rstest]
#[tokio::test]
async fn deleting_oneself_needs_a_login_of_the_last_minutes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let started = TestApp::start_with(engine, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
    });
    let Some(app) = started.await else { return };
    let (ada, ben) = (app.browser(), app.browser());
    ada.connect().await;
    ben.connect_as("Ben").await;
    app.advance(Duration::from_secs(601)).await;
    let before = left(&app, 1).await;
    for path in ["/users/1", "/api/users/1"] {
        let refused = ada.delete(path).await.problem(403);
        assert_eq!(refused["type"], "urn:connector:problem:login-again");
        assert!(refused["detail"].as_str().unwrap().contains("/api/oauth/atlassian/login"), "{refused}");
    }
    // Of others it tells no more than before.
    ben.delete("/users/1").await.problem(404);
    assert_eq!(left(&app, 1).await, before);
    ada.get("/api/me").await.expect(200);
    ada.connect().await;
    app.advance(Duration::from_mins(10)).await;
    ada.delete("/users/1").await.expect(200);
    assert_eq!(left(&app, 1).await, []);
    // A server needs no login.
    app.server(&[KeyScope::Manage]).await.delete("/users/2").await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_sync_under_way_brings_nothing_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let started = TestApp::start_with(engine, |setup| setup.auth = AuthMode::Required);
    let Some(app) = started.await else { return };
    let read = app.sandbox.hold("/project/search");
    let ada = app.browser();
    ada.connect().await;
    read.reached().await;
    let server = app.server(&[KeyScope::Manage]).await;
    app.server(&[KeyScope::Read]).await.delete("/users/1").await.problem(403);
    server.delete("/users/1").await.expect(200);
    read.release();
    app.stop_jobs().await.unwrap();
    assert_eq!(left(&app, 1).await, []);
    assert_eq!(app.database.count("sync_runs").await, 0);
    assert_eq!(app.database.count("jobs").await, 0);
}
