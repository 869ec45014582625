//! Stopping.

use std::time::{Duration, Instant};

use connector_store::Engine;
use rstest::rstest;
use serde_json::json;

use crate::workplace::{Site, Workplace};

/// The contract's limit.
const LIMIT: Duration = Duration::from_secs(10);

#[rstest]
#[tokio::test]
async fn an_idle_service_stops_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("TERM", "INT")] signal: &str,
) {
    let Some(site) = Site::new(engine).await else { return };
    let service = site.serve().await;
    site.browser().get("/healthz").await.expect(200);
    let asked = Instant::now();
    service.signal(signal).await;
    let ended = service.end().await.well();
    assert!(ended.stderr.contains("\"stopped\""), "{}", ended.stderr);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn who_follows_a_sync_does_not_hold_the_stop_up() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let browser = site.browser();
    site.sandbox
        .fault("*/project/search", 1, json!({"status": 429, "headers": {"Retry-After": "600"}}))
        .await;
    browser.connect().await;
    let id = browser.get("/api/syncs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let mut events = browser.events(&id).await;
    events.wait_for("the wait", |run| run["status"] == "waiting").await;
    let asked = Instant::now();
    service.signal("TERM").await;
    assert!(events.next().await.is_none(), "the stream ends by itself");
    service.end().await.well();
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_request_under_way_gets_its_answer() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let browser = site.browser();
    let callback = browser.accept("/api/oauth/atlassian/login").await;
    let exchange = site.sandbox.hold("/oauth/token");
    let answer = tokio::spawn(browser.get(callback.as_str()).into_future());
    exchange.reached().await;
    service.signal("TERM").await;
    service.line("\"stopping\"").await;
    exchange.release();
    answer.await.unwrap().expect(302);
    service.end().await.well();
}

#[tokio::test]
async fn what_does_not_end_is_left_within_ten_seconds_and_goes_on_at_the_next_start() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let browser = site.browser();
    let stuck = site.sandbox.hold("/project/search");
    browser.connect().await;
    stuck.reached().await;
    let asked = Instant::now();
    service.signal("TERM").await;
    service.end().await.well();
    assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    stuck.release();

    let _service = site.serve().await;
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
}

#[tokio::test]
async fn a_sync_in_the_foreground_stops_too_and_says_how_it_goes_on() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    browser.latest_sync().await;
    service.signal("TERM").await;
    service.end().await;

    let page = site.sandbox.hold("/search/jql");
    let sync = site.workplace.start(&["sync"]);
    page.reached().await;
    sync.signal("INT").await;
    page.release();
    let ended = sync.end().await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("interrupted; the run goes on"), "{}", ended.stderr);
    site.workplace.run(&["sync"]).await.well();
}

#[tokio::test]
async fn the_sandbox_alone_stops_too() {
    let sandbox = Workplace::new().start(&["sandbox", "--listen", "127.0.0.1:0"]);
    sandbox.line("listens on").await;
    sandbox.signal("TERM").await;
    sandbox.end().await.well();
}
