//! Cross-site request forgery: each operation that changes something, from pages that may not.

use std::time::Duration;

use axum::http::HeaderValue;
use connector_store::{AuditFilter, AuditLine, Engine};
use connector_testkit::{Answer, AuthMode, Browser, Call, TestApp, within};
use connector_web::CorsOrigins;
use rstest::rstest;
use serde_json::json;

use super::{Operation, content_but, operations};

/// The table in which it is noted that somebody was refused.
const NOTES: [&str; 1] = ["audit_events"];
const LISTED: &str = "https://app.example";

async fn start(engine: Engine, auth: AuthMode) -> Option<TestApp> {
    TestApp::start_with(engine, |setup| {
        setup.auth = auth;
        setup.runs_jobs = false;
        setup.cors_origins = CorsOrigins::Listed(vec![HeaderValue::from_static(LISTED)]);
    })
    .await
}

/// Origins of pages that are neither ours nor listed.
fn foreign_origins(app: &TestApp) -> [String; 7] {
    let ours = app.url.clone();
    [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("{LISTED}.evil.example"),
        LISTED.replace("https", "http"),
        ours.replace("http", "https"),
        "http://127.0.0.1:1".to_owned(),
        format!("{ours}@evil.example"),
    ]
}

const CONTENT: [&str; 4] = [
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
];

fn is_refusal(answer: &Answer) -> bool {
    answer.status == 403 && answer.json()["type"] == "urn:connector:problem:cross-site"
}

fn call(browser: &Browser, operation: &Operation, content: &str) -> Call {
    let body = r#"{"email": "forged@example.com", "owner_id": 1, "key": "F", "name": "F", "mode": "full"}"#;
    browser.call(&operation.method, &operation.path).body(content, body)
}

#[rstest]
#[case(Engine::Sqlite, AuthMode::Required)]
#[case(Engine::Sqlite, AuthMode::Public)]
#[case(Engine::Postgres, AuthMode::Public)]
#[tokio::test]
async fn no_foreign_page_changes_anything(#[case] engine: Engine, #[case] auth: AuthMode) {
    let Some(app) = start(engine, auth).await else { return };
    let person = app.browser();
    person.connect().await;
    let callers = [("with a session", person), ("without one", app.browser())];
    let mut refused = 0;
    for operation in operations(&app).await.into_iter().filter(|operation| !operation.is_safe()) {
        let before = content_but(&app, &NOTES).await;
        for (origin, content, site, (who, browser)) in foreign_origins(&app)
            .iter()
            .flat_map(|origin| CONTENT.map(|content| (origin, content)))
            .flat_map(|(o, c)| [None, Some("cross-site"), Some("same-site")].map(|site| (o, c, site)))
            .flat_map(|(o, c, site)| callers.iter().map(move |caller| (o, c, site, caller)))
        {
            let mut call = call(browser, &operation, content).header("origin", origin);
            if let Some(site) = site {
                call = call.header("sec-fetch-site", site);
            }
            let answer = call.silent().await;
            let case =
                format!("{} {} {who}, {origin}, {content}, {site:?}", operation.method, operation.path);
            assert!(is_refusal(&answer), "{case}: {} {}", answer.status, answer.text());
            refused += 1;
        }
        // Without `Origin`, a browser says it by `Sec-Fetch-Site` alone.
        for site in ["cross-site", "same-site"] {
            for (who, browser) in &callers {
                let call = call(browser, &operation, CONTENT[0]).header("sec-fetch-site", site);
                assert!(is_refusal(&call.silent().await), "{} {who} {site}", operation.path);
                refused += 1;
            }
        }
        assert_eq!(content_but(&app, &NOTES).await, before, "{} {}", operation.method, operation.path);
    }
    assert!(refused >= 12 * 7 * 4 * 3 * 2, "{refused}");
    eprintln!("{refused} requests of foreign pages, none accepted");
    // The trail has one line of all that, and a minute later one that tells of the rest.
    assert_eq!(noted(&app, 1).await.len(), 1);
    app.clock.advance(Duration::from_mins(1));
    let made_up = app.browser().call("FORGE", "/users").header("origin", "https://evil.example");
    assert!(is_refusal(&made_up.silent().await));
    let nowhere = app.browser().call("POST", "/nowhere").header("origin", "https://evil.example");
    assert!(is_refusal(&nowhere.silent().await));
    let lines = noted(&app, 2).await;
    let later = json!({"needs": "own_origin", "method": "other", "route": "/users", "more": refused - 1});
    assert_eq!((lines.len(), &lines[1].details), (2, &later));
    assert!(lines.iter().all(|line| (line.actor_kind.as_str(), &line.actor_id) == ("person", &None)));
}

/// The lines of the trail that tell of foreign pages, the earliest first, once there are so many: nobody waits for them.
async fn noted(app: &TestApp, at_least: usize) -> Vec<AuditLine> {
    let filter = AuditFilter { event: Some("access_denied".to_owned()), ..AuditFilter::default() };
    let seen = async {
        loop {
            let mut lines = app.database.store().search_audit(&filter, None, 100).await.unwrap();
            if lines.len() >= at_least {
                lines.reverse();
                return lines;
            }
        }
    };
    within("lines of the trail", seen).await
}

#[tokio::test]
async fn a_session_without_a_word_on_the_page_changes_nothing() {
    let app = start(Engine::Sqlite, AuthMode::Public).await.unwrap();
    let person = app.browser();
    person.connect().await;
    for operation in operations(&app).await.into_iter().filter(|operation| !operation.is_safe()) {
        let before = content_but(&app, &NOTES).await;
        for site in [None, Some("none"), Some("nonsense")] {
            let mut call = call(&person, &operation, CONTENT[0]);
            if let Some(site) = site {
                call = call.header("sec-fetch-site", site);
            }
            let answer = call.silent().await;
            assert!(is_refusal(&answer), "{} {site:?}: {}", operation.path, answer.text());
            let detail = answer.detail(403);
            assert!(detail.contains("API key"), "it says what mends it: {detail}");
        }
        assert_eq!(content_but(&app, &NOTES).await, before, "{} {}", operation.method, operation.path);
    }
    // Two origins are none.
    let twice = person.call("POST", "/api/logout").header("origin", LISTED).header("origin", LISTED);
    assert!(is_refusal(&twice.silent().await));
    assert_eq!(person.get("/api/me").await.json()["kind"], "person", "still signed in");
}

#[tokio::test]
async fn our_own_pages_and_listed_ones_may() {
    let app = start(Engine::Sqlite, AuthMode::Required).await.unwrap();
    let person = app.browser();
    let (own, by_name) = (app.url.clone(), app.url.replace("127.0.0.1", "localhost"));
    let named = person.at(&by_name);
    for headers in [
        vec![("origin", own.as_str())],
        vec![("sec-fetch-site", "same-origin")],
        // A form of a page that says nothing of itself to others.
        vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
        vec![("origin", LISTED), ("sec-fetch-site", "cross-site")],
    ] {
        person.connect().await;
        let mut call = person.call("POST", "/api/logout").silent();
        for (name, value) in &headers {
            call = call.header(name, value);
        }
        assert_eq!(call.await.status, 204, "{headers:?}");
    }
    // A page that was opened by another name of this machine is of that origin.
    let call = named.call("POST", "/api/logout").header("origin", &by_name).silent();
    assert!(!is_refusal(&call.await));
}

#[tokio::test]
async fn programs_go_on_without_such_headers() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let user = json!({"email": "script@example.com"});
    app.browser().post("/users", &user).silent().await.expect(201);
    // With `*` all may read, and yet nobody is listed.
    let foreign = app.browser().post("/users", &json!({"email": "forged@example.com"}));
    assert!(is_refusal(&foreign.header("origin", "https://anywhere.example").silent().await));
    assert_eq!(app.database.count("users").await, 1);
}
