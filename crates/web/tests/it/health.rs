//! Whether the service is up, and what every answer carries.

use connector_store::Engine;
use connector_testkit::TestApp;
use rstest::rstest;

#[tokio::test]
async fn a_program_gets_the_health_answer_and_a_browser_the_console() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    let answer = browser.get("/").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    assert_eq!((&body["status"], &body["message"]), (&"success".into(), &"service healthy".into()));
    assert_eq!(body["data"]["health"], "healthy");

    let console = browser.for_pages().get("/").await.expect(302).location();
    assert_eq!(console.path(), "/console");
    let page = browser.for_pages().get(console.as_str()).await.expect(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.text().contains("/api/oauth/atlassian/login"), "there is a way to connect");
}

#[rstest]
#[tokio::test]
async fn is_alive_and_ready(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.browser().get(path).await.expect(200).json()["status"], "ok");
    }
}

#[rstest]
#[tokio::test]
async fn is_not_ready_once_a_later_version_has_migrated_the_database(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    app.database
        .execute("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 0)")
        .await;
    let answer = app.browser().get("/readyz").await;
    app.database.execute("DELETE FROM seaql_migrations WHERE version = 'm9999_from_the_future'").await;
    answer.problem(503);
    app.browser().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_request_keeps_its_id_or_is_given_one() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    let answer = browser.get("/healthz").header("X-Request-ID", "trace-42:a_b.c").await;
    assert_eq!(answer.header("x-request-id"), Some("trace-42:a_b.c"));
    let made = [browser.get("/healthz").await, browser.get("/nowhere").await];
    let [one, other] = made.each_ref().map(|answer| answer.header("x-request-id").unwrap());
    assert!(one.len() >= 16 && one != other, "{one} {other}");
    // What could forge a line of the log or break a header is not taken.
    for bad in ["with space", "ünï", "\"quoted\"", &"x".repeat(129)] {
        let answer = browser.get("/healthz").header("X-Request-ID", bad).await;
        assert_ne!(answer.header("x-request-id"), Some(bad));
    }
}

#[tokio::test]
async fn answers_are_not_kept_by_caches_and_not_guessed_at() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for path in ["/healthz", "/users", "/nowhere", "/console"] {
        let answer = app.browser().get(path).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
    }
}

#[tokio::test]
async fn the_documentation_is_served_from_here() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser().for_pages();
    assert_eq!(browser.get("/redoc").await.expect(308).location().path(), "/docs");
    let index = browser.get("/docs").await;
    let index =
        if index.status == 200 { index } else { browser.get(index.location().as_str()).await.expect(200) };
    let html = index.text();
    let sources =
        html.split("src=\"").chain(html.split("href=\"")).skip(1).map(|rest| rest.split('"').next().unwrap());
    for source in sources.filter(|source| !source.starts_with("data:") && !source.starts_with('<')) {
        assert!(!source.contains("//"), "{source} is on another host");
    }
    assert!(browser.get("/openapi.json").await.expect(200).json()["openapi"].is_string());
}
