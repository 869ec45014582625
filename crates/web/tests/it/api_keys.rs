//! Keys by which programs call the API.

use std::time::Duration;

use connector_domain::{KeyScope, Secret};
use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

async fn start(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| setup.auth = AuthMode::Required).await?;
    let admin = app.server(&[KeyScope::Admin]).await;
    Some((app, admin))
}

async fn make(admin: &Browser, scopes: &[&str]) -> (Value, Secret) {
    let body = json!({"name": "reports", "scopes": scopes, "expires_in_days": 2});
    let made = admin.post("/api/api-keys", &body).await.expect(201).json();
    let key = Secret::new(made["key"].as_str().unwrap());
    (made, key)
}

#[rstest]
#[tokio::test]
async fn a_key_is_shown_once_and_opens_what_its_scopes_say(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, admin)) = start(engine).await else { return };
    let person = app.connected().await;
    let (made, key) = make(&admin, &["read"]).await;
    let text = key.expose();
    assert!(text.starts_with("jcc_live_") && text.len() == 60, "{} characters", text.len());

    let server = app.browser().with_key(&key);
    let who = server.get("/api/me").await.expect(200).json();
    assert_eq!((&who["kind"], &who["api_key"]["id"]), (&json!("server"), &made["id"]));
    let user = person.get("/api/me").await.json()["user"]["id"].clone();
    let projects = server.get(&format!("/api/jira/projects?owner_id={user}")).await.expect(200).json();
    assert_eq!(projects["items"].as_array().unwrap().len(), 12);
    let whose = server.get("/api/jira/projects").await.problem(422);
    assert_eq!(whose["errors"][0]["pointer"], "/query/owner_id");
    let connections = server.get("/api/connections").await.expect(200).json();
    let connection = connections["items"][0]["id"].as_str().unwrap().to_owned();
    let denied = server.delete(&format!("/api/connections/{connection}")).await.problem(403);
    assert!(denied["detail"].as_str().unwrap().contains("scope `manage`"), "{denied}");

    let listed = admin.get("/api/api-keys").await.expect(200).json();
    let listed = listed["items"].as_array().unwrap();
    let found = listed.iter().find(|one| one["id"] == made["id"]).unwrap();
    assert!(found["last_used_at"].is_string() && found.get("key").is_none(), "{found}");
    // Neither the key nor its secret part lies in the database.
    let secret = &text[text.len() - 38..text.len() - 6];
    for column in ["id", "name", "secret_hash", "scopes"] {
        let stored = app.database.texts(&format!("SELECT {column} FROM api_keys")).await.join(" ");
        assert!(!stored.contains(secret) && !stored.contains(text), "{column}");
    }
    let trail = app.database.texts("SELECT event || details FROM audit_events").await.join("\n");
    assert!(trail.contains("api_key_created") && !trail.contains(secret), "{trail}");
}

#[rstest]
#[tokio::test]
async fn a_key_that_was_revoked_or_has_expired_opens_nothing_in_any_process(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, admin)) = start(engine).await else { return };
    let (made, key) = make(&admin, &["manage"]).await;
    let mut places = vec![app.browser().with_key(&key)];
    let other = if engine == Engine::Postgres { Some(app.another(|_| {}).await) } else { None };
    places.extend(other.iter().map(|other| other.browser().with_key(&key)));
    for place in &places {
        place.get("/users").await.expect(200);
    }
    let path = format!("/api/api-keys/{}", made["id"].as_str().unwrap());
    admin.delete(&path).await.expect(204);
    for place in &places {
        let refused = place.get("/users").await;
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        refused.problem(401);
    }
    admin.delete(&path).await.expect(204);
    admin.delete("/api/api-keys/nothing").await.problem(404);

    let (_, key) = make(&admin, &["read"]).await;
    let server = app.browser().with_key(&key);
    app.clock.advance(Duration::from_hours(24 + 23));
    // The administrator's own key was good for a day.
    admin.get("/api/api-keys").await.problem(401);
    server.get("/api/connections").await.expect(200);
    app.clock.advance(Duration::from_hours(2));
    server.get("/api/connections").await.problem(401);
}

#[tokio::test]
async fn what_is_wrong_with_a_new_key_is_told_by_field() {
    let (_app, admin) = start(Engine::Sqlite).await.unwrap();
    let pointers = async |body: Value| {
        let problem = admin.post("/api/api-keys", &body).await.problem(422);
        let errors = problem["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let bad = json!({"name": " ", "scopes": ["read", "write"], "expires_in_days": 0});
    assert_eq!(pointers(bad).await, ["/name", "/scopes/1", "/expires_in_days"]);
    assert_eq!(pointers(json!({"name": "a", "scopes": []})).await, ["/scopes"]);
    let many = vec!["nothing"; 50];
    assert_eq!(pointers(json!({"name": "a", "scopes": many})).await.len(), 4);
    assert_eq!(pointers(json!({"name": "a", "scopes": ["read"], "admin": true})).await.len(), 1);
}

#[tokio::test]
async fn a_key_counts_in_its_header_only_and_before_a_session() {
    let (app, _) = start(Engine::Sqlite).await.unwrap();
    let person = app.connected().await;
    let (_, key) = make(&app.server(&[KeyScope::Admin]).await, &["read"]).await;
    app.browser().get(&format!("/users?api_key={}", key.expose())).await.problem(401);
    // A key that opens nothing is an error, even beside a session that would do.
    let call = person.get("/users").header("authorization", "Bearer jcc_live_x");
    call.await.problem(401);
    person.get("/users").header("authorization", "Basic eDp5").await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_key_for_one_person_opens_that_one_s_rows_and_nothing_that_concerns_everybody(
    #[values(AuthMode::Required, AuthMode::Public)] auth: AuthMode,
) {
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.auth = auth;
        setup.runs_jobs = false;
    });
    let app = app.await.unwrap();
    let admin = app.server(&[KeyScope::Admin]).await;
    let user = |email: &str| json!({"email": email});
    admin.post("/users", &user("first@corp.example")).await.expect(201);
    let own = admin.post("/users", &user("second@corp.example")).await.expect(201).json()["id"].clone();
    let made = json!({"name": "hers", "scopes": ["manage"], "user_id": own});
    let made = admin.post("/api/api-keys", &made).await.expect(201).json();
    assert_eq!(made["user_id"], own);
    let key = app.browser().with_key(&Secret::new(made["key"].as_str().unwrap()));
    let users = key.get("/users").await.expect(200).json();
    assert_eq!((users.as_array().unwrap().len(), &users[0]["id"]), (1, &own));
    key.get("/api/jira/projects").await.expect(200);
    key.get("/api/jira/projects?owner_id=1").await.problem(404);
    key.get("/users/1").await.problem(404);
    key.post("/users", &user("third@corp.example")).await.problem(403);
    key.post("/api/connect-links", &json!({"user_id": own})).await.problem(403);
    key.get("/metrics").await.problem(403);
    key.get("/api/api-keys").await.problem(403);
    let wrong = json!({"name": "x", "scopes": ["admin"], "user_id": own});
    assert_eq!(admin.post("/api/api-keys", &wrong).await.pointers(), ["/user_id"]);
    let unknown = json!({"name": "x", "scopes": ["read"], "user_id": 99});
    admin.post("/api/api-keys", &unknown).await.problem(404);
}

#[rstest]
#[tokio::test]
async fn a_mistyped_key_is_refused_without_the_database(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, admin)) = start(engine).await else { return };
    let (_, key) = make(&admin, &["read"]).await;
    let mut mistyped = key.expose().to_owned();
    let last = if mistyped.ends_with('A') { 'B' } else { 'A' };
    mistyped.pop();
    mistyped.push(last);
    app.database.store().close().await.unwrap();
    app.browser().with_key(&Secret::new(mistyped)).get("/users").await.problem(401);
    let asked = app.browser().with_key(&key).get("/users").await;
    assert!(asked.status >= 500, "this one is looked up: {}", asked.status);
}
