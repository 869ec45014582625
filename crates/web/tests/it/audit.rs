//! What happened to a connection can be read, by its owner.

use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::Value;

async fn events(browser: &Browser, address: &str) -> (Vec<Value>, Option<String>) {
    let page = browser.get(address).await.expect(200).json();
    let next = page["next_cursor"].as_str().map(str::to_owned);
    (page["items"].as_array().unwrap().clone(), next)
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn a_person_reads_the_trail_of_the_own_connection_only(
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
    let id = ada.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let address = format!("/api/connections/{id}/events");

    let (seen, next) = events(&ada, &address).await;
    let mut sorted = names(&seen);
    sorted.sort_unstable();
    assert_eq!((sorted, next), (vec!["connected", "site_appeared"], None));
    let connected = seen.iter().find(|event| event["event"] == "connected").unwrap();
    assert_eq!(connected["actor"]["kind"], "person");
    assert_eq!(connected["actor"]["id"], ada.get("/api/me").await.json()["user"]["id"].to_string());
    assert!(connected["details"]["scopes"].as_array().unwrap().contains(&"read:jira-work".into()));

    ben.get(&address).await.problem(404);
    ada.stranger().get(&address).await.problem(401);
    ada.get("/api/connections/nonsense/events").await.problem(404);
}

#[rstest]
#[tokio::test]
async fn the_trail_is_read_page_by_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await else { return };
    let browser = app.browser();
    browser.connect().await;
    let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        app.advance(std::time::Duration::from_secs(1)).await;
        browser.connect().await;
    }
    let mut address = format!("/api/connections/{id}/events?limit=3");
    let (first, next) = events(&browser, &address).await;
    assert_eq!(names(&first)[..2], ["reconnected", "reconnected"], "the latest first");
    address = format!("{address}&cursor={}", next.unwrap());
    let (rest, next) = events(&browser, &address).await;
    assert_eq!((first.len(), rest.len(), next), (3, 1, None));
    browser.get(&format!("/api/connections/{id}/events?limit=0")).await.problem(422);
    browser.get(&format!("/api/connections/{id}/events?cursor=x")).await.problem(422);
}
