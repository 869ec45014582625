//! Links by which a server lets one of its users connect.

use std::time::Duration;

use connector_domain::KeyScope;
use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp, parameter};
use rstest::rstest;
use serde_json::{Value, json};

const DONE: &str = "https://app.example/done?tab=2";

async fn start(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
        setup.return_urls = vec!["https://app.example/only/the/origin/counts".parse().unwrap()];
    })
    .await?;
    let server = app.server(&[KeyScope::Manage]).await;
    Some((app, server))
}

/// A link for a person of this address.
async fn link(server: &Browser, email: &str) -> String {
    let made = server.post("/api/connect-links", &json!({"email": email, "return_url": DONE})).await;
    made.expect(201).json()["url"].as_str().unwrap().to_owned()
}

async fn connections(server: &Browser) -> Vec<Value> {
    server.get("/api/connections").await.expect(200).json()["items"].as_array().unwrap().clone()
}

#[rstest]
#[tokio::test]
async fn a_server_lets_its_user_connect_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((app, server)) = start(engine).await else { return };
    let user = server.post("/users", &json!({"email": "lin@corp.example"})).await.json()["id"].clone();
    let asked = json!({"user_id": user, "return_url": DONE});
    let made = server.post("/api/connect-links", &asked).await.expect(201).json();
    assert_eq!((&made["user_id"], &made["return_url"]), (&user, &DONE.into()));
    let url = made["url"].as_str().unwrap();
    let secret = url.strip_prefix(&format!("{}/connect/", app.url)).unwrap();
    assert!(secret.len() >= 43, "256 random bits");

    let browser = app.browser();
    let landing = browser.connect_by(url).await.location();
    assert!(landing.as_str().starts_with("https://app.example/done?tab=2&"), "{landing}");
    assert_eq!(parameter(&landing, "status").as_deref(), Some("success"));
    assert_eq!(parameter(&landing, "user_id"), Some(user.to_string()));
    let found = connections(&server).await;
    let [connection] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((&connection["user_id"], &connection["status"]), (&user, &"active".into()));
    assert_eq!(parameter(&landing, "connection_id").as_deref(), connection["id"].as_str());
    assert_eq!(browser.get("/api/me").await.json()["user"]["id"], user, "signed in as who it was for");

    // Neither the same browser nor another gets anything by it again.
    browser.get(url).await.problem(410);
    app.browser().get(url).await.problem(410);
    let told = app.browser().for_pages().get(url).await.expect(302).location();
    assert!(told.as_str().starts_with("https://app.example/done?tab=2&"), "{told}");
    assert!(parameter(&told, "message").unwrap().contains("used already"), "{told}");
    for column in ["token_hash", "id", "browser_hash"] {
        let stored = app.database.texts(&format!("SELECT {column} FROM connect_links")).await.join(" ");
        assert!(!stored.contains(secret), "{column}");
    }
    let trail = app.database.texts("SELECT event || details FROM audit_events").await.join("\n");
    assert!(trail.contains("connect_link_created") && !trail.contains(secret), "{trail}");
}

#[rstest]
#[tokio::test]
async fn a_link_is_for_the_browser_that_opens_it_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, server)) = start(engine).await else { return };
    let url = link(&server, "lin@corp.example").await;
    // What looks ahead is not a browser that opens it.
    app.browser().call("HEAD", &url).await.expect(204);
    app.browser().get(&url).header("sec-purpose", "prefetch").await.expect(204);
    let first = app.browser();
    let callbacks = [first.accept(&url).await, first.accept(&url).await];
    let told = app.browser().get(&url).await.detail(403);
    assert!(told.contains("another browser"), "{told}");
    // Of two consents, one comes to something.
    first.get(callbacks[1].as_str()).await.expect(302);
    first.get(callbacks[0].as_str()).await.problem(410);
    assert_eq!(app.sandbox.exchanges().len(), 1);
    assert_eq!(connections(&server).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn of_two_consents_at_once_one_counts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((app, server)) = start(engine).await else { return };
    let url = link(&server, "lin@corp.example").await;
    let first = app.browser();
    let (one, two) = (first.accept(&url).await, first.accept(&url).await);
    let (copy, other) = (first.copy(), first.copy());
    let (one, two) = tokio::join!(copy.get(one.as_str()).outcome(), other.get(two.as_str()).outcome());
    let mut statuses = [one.unwrap().status, two.unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses, [302, 410]);
    assert_eq!(app.sandbox.exchanges().len(), 1);
}

#[tokio::test]
async fn a_link_ends_after_a_quarter_of_an_hour() {
    let (app, server) = start(Engine::Sqlite).await.unwrap();
    let (late, in_time) = (link(&server, "a@corp.example").await, link(&server, "b@corp.example").await);
    let browser = app.browser();
    app.clock.advance(Duration::from_mins(14));
    let callback = browser.accept(&in_time).await;
    app.clock.advance(Duration::from_mins(1));
    app.browser().get(&late).await.problem(410);
    browser.get(&in_time).await.problem(410);
    browser.get(callback.as_str()).await.expect(302);
    app.browser().get("/connect/no-link-has-this-secret").await.problem(404);
    app.clock.advance(Duration::from_hours(25));
    app.connections.delete_old_logins().await.unwrap();
    assert_eq!(app.database.count("connect_links").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_link_brings_its_user_nothing_of_people_who_are_known_here(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, server)) = start(engine).await else { return };
    let ben = app.browser();
    ben.connect_as("Ben").await;
    let bens = connections(&server).await;
    // Mallory has a link made for himself, and sends it on to Ben, who is signed in, and then is not.
    let url = link(&server, "mallory@corp.example").await;
    let told = ben.get(&url).await.detail(403);
    assert!(told.contains("another person"), "{told}");
    let signed_out = app.browser();
    let form = signed_out.consent_form(&signed_out.begin(&url).await).await;
    let callback = signed_out.decide(&form.choose("account_id", "Ben"), "accept").await;
    signed_out.get(callback.as_str()).await.problem(409);
    assert_eq!(signed_out.cookie("sid"), None);
    let ids =
        |all: &[Value]| all.iter().map(|one| (one["id"].clone(), one["user_id"].clone())).collect::<Vec<_>>();
    assert_eq!(ids(&connections(&server).await), ids(&bens), "Ben's connection is Ben's");

    // Who has connected one account does not get another by a link.
    let url = link(&server, "ben@example.com").await;
    let other = app.browser();
    let callback = other.accept(&url).await;
    let told = other.get(callback.as_str()).await.detail(409);
    assert!(told.contains("another Atlassian account"), "{told}");
}

#[tokio::test]
async fn where_the_consent_does_not_tell_whose_it_is_the_link_does() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.auth = AuthMode::Required;
        setup.scopes = "read:jira-work offline_access".to_owned();
    });
    let app = app.await.unwrap();
    let server = app.server(&[KeyScope::Manage]).await;
    server.post("/users", &json!({"email": "first@corp.example"})).await.expect(201);
    let made = server.post("/api/connect-links", &json!({"email": "lin@corp.example"})).await.json();
    let browser = app.browser();
    let landing = browser.connect_by(made["url"].as_str().unwrap()).await.location();
    assert_eq!(landing.path(), "/connected", "the frontend, where no other address is named");
    assert_eq!(connections(&server).await[0]["user_id"], made["user_id"]);
    assert_ne!(made["user_id"], 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_told_by_field() {
    let (app, server) = start(Engine::Sqlite).await.unwrap();
    for (body, pointers) in [
        (json!({}), vec!["/user_id"]),
        (json!({"user_id": 1, "email": "a@b.example"}), vec!["/email"]),
        (json!({"email": "nobody"}), vec!["/email"]),
        (json!({"email": "a@b.example", "return_url": "https://evil.example/"}), vec!["/return_url"]),
        (json!({"email": "nobody", "return_url": "/done"}), vec!["/email", "/return_url"]),
        (json!({"email": "a@b.example", "to": "x"}), vec!["/to"]),
    ] {
        assert_eq!(server.post("/api/connect-links", &body).await.pointers(), pointers, "{body}");
    }
    server.post("/api/connect-links", &json!({"user_id": 99})).await.problem(404);
    let reader = app.server(&[KeyScope::Read]).await;
    reader.post("/api/connect-links", &json!({"user_id": 1})).await.problem(403);
    assert_eq!(app.database.count("connect_links").await, 0);
}
