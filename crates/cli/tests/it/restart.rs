//! What survives a process.

use connector_store::Engine;
use connector_testkit::Browser;
use rstest::rstest;
use serde_json::json;

use crate::workplace::{Site, Workplace, free_port};

#[rstest]
#[tokio::test]
async fn after_a_kill_the_session_and_the_tokens_still_work(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(site) = Site::new(engine).await else { return };
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
    service.kill().await;

    let _service = site.serve().await;
    assert_eq!(browser.get("/api/me").await.expect(200).json()["user"]["email"], "ada@example.com");
    browser.get("/api/atlassian/resources").await.expect(200);
    browser.call("POST", "/api/oauth/atlassian/refresh").await.expect(200);
    assert_eq!(browser.sync_all().await["streams"][2]["written"], 0);
    let projects = browser.get("/integrations/jira/projects/fetch").await.expect(200).json();
    assert_eq!(projects["items"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn after_a_kill_a_login_that_had_begun_is_finished() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let browser = site.browser();
    let callback = browser.accept("/api/oauth/atlassian/login").await;
    service.kill().await;
    let _service = site.serve().await;
    browser.get(callback.as_str()).await.expect(302);
    assert_eq!(browser.get("/api/me").await.json()["kind"], "person");
}

#[tokio::test]
async fn after_a_kill_a_sync_that_was_under_way_is_finished() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let browser = site.browser();
    let pages = site.sandbox.hold("/wiki/api/v2/pages");
    browser.connect().await;
    pages.reached().await;
    service.kill().await;
    pages.release();

    let service = site.serve().await;
    service.line("going on with what was interrupted").await;
    let run = browser.latest_sync().await;
    assert_eq!((&run["status"], &run["attempt"]), (&json!("succeeded"), &json!(2)), "{run}");
    let pages = browser.get("/integrations/confluence/pages/fetch").await.expect(200).json();
    assert_eq!(pages["items"].as_array().unwrap().len(), 300);
}

#[tokio::test]
async fn service_and_sandbox_work_as_two_programs() {
    let port = free_port();
    let callback = format!("http://127.0.0.1:{port}/api/oauth/callback/atlassian");
    let mut workplace = Workplace::new();
    let sandbox = workplace.start(&["sandbox", "--listen", "127.0.0.1:0", "--redirect-uri", &callback]);
    let line = sandbox.line("listens on http://").await;
    let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let address = address.trim_end_matches('.');
    for (name, value) in [
        ("ATLASSIAN_CLIENT_ID", "sandbox-client"),
        ("ATLASSIAN_CLIENT_SECRET", "sandbox-secret"),
        ("ATLASSIAN_REDIRECT_URI", &callback),
        ("ATLASSIAN_AUTH_URL", address),
        ("ATLASSIAN_API_URL", address),
    ] {
        workplace.set(name, value);
    }
    let service = workplace.start(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    service.line("\"serving\"").await;
    let browser = Browser::new(&format!("http://127.0.0.1:{port}"));
    browser.connect().await;
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
    Browser::new(address).get("/__sandbox/stats").await.expect(404);
    for program in [service, sandbox] {
        program.signal("TERM").await;
        program.end().await.well();
    }
}

#[tokio::test]
async fn a_service_on_any_free_port_tells_which() {
    let workplace = Workplace::new();
    let service = workplace.start(&["serve", "--listen", "127.0.0.1:0"]);
    let line = service.line("\"serving\"").await;
    let log: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = log["url"].as_str().unwrap();
    Browser::new(url).get("/healthz").await.expect(200);
    // Nothing is configured: connecting says what is missing.
    let told = Browser::new(url).get("/api/oauth/atlassian/login").await.detail(503);
    assert!(told.contains("ATLASSIAN_CLIENT_ID"), "{told}");
}
