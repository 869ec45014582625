//! Sync runs whose process ends under them.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

/// A run that has written projects and spaces and waits for its first pages.
async fn under_way(app: &TestApp) -> (Browser, String, connector_testkit::Hold) {
    let pages = app.sandbox.hold("/wiki/api/v2/pages");
    let browser = app.browser();
    browser.connect().await;
    pages.reached().await;
    let id = browser.get("/api/syncs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    (browser, id, pages)
}

async fn complete(browser: &Browser, run: &Value) {
    assert_eq!(run["status"], "succeeded", "{run}");
    for (name, count) in [("jira_projects", 12), ("confluence_spaces", 6), ("confluence_pages", 300)] {
        let stream = run["streams"].as_array().unwrap().iter().find(|stream| stream["name"] == name).unwrap();
        assert_eq!(stream["fetched"], count, "{name}: what was written is counted once");
    }
    let pages = browser.get("/integrations/confluence/pages/fetch").await.json();
    assert_eq!(pages["items"].as_array().unwrap().len(), 300);
}

#[rstest]
#[tokio::test]
async fn a_run_that_was_asked_to_stop_goes_on_with_the_next_process(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let (browser, id, pages) = under_way(&app).await;
    let stopping = app.stop_jobs();
    pages.release();
    stopping.await.unwrap();
    let stopped = browser.get(&format!("/api/syncs/{id}")).await.json();
    assert_eq!(stopped["status"], "queued", "{stopped}");

    let next = app.another(|_| {}).await;
    let run = browser.at(&next.url).follow(&id).await;
    assert_eq!(run["attempt"], 2);
    complete(&browser.at(&next.url), &run).await;
}

#[rstest]
#[tokio::test]
async fn a_run_whose_process_died_goes_on_when_its_lease_has_run_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let (browser, id, pages) = under_way(&app).await;
    app.kill_jobs().await;
    drop(pages);
    assert_eq!(
        browser.get(&format!("/api/syncs/{id}")).await.json()["status"],
        "running",
        "nobody could say"
    );
    let asked = browser.post("/api/syncs", &json!({})).await.expect(202).json();
    assert_eq!(asked["id"], id, "it is still the one that is to be done");

    app.run_jobs();
    // A little more than a worker that says nothing keeps its job.
    app.advance(Duration::from_secs(31)).await;
    let run = browser.follow(&id).await;
    assert_eq!(run["attempt"], 2);
    complete(&browser, &run).await;
}

#[rstest]
#[tokio::test]
async fn two_processes_never_run_the_same_sync() {
    let Some(app) = TestApp::start(Engine::Postgres).await else { return };
    let other = app.another(|_| {}).await;
    let (browser, id, pages) = under_way(&app).await;
    for url in [&app.url, &other.url] {
        let asked = browser.at(url).post("/api/syncs", &json!({})).await.expect(202).json();
        assert_eq!((&asked["id"], &asked["status"]), (&json!(id), &json!("running")));
    }
    pages.release();
    let run = browser.follow(&id).await;
    assert_eq!(run["attempt"], 1);
    complete(&browser, &run).await;
}

#[rstest]
#[tokio::test]
async fn a_run_that_has_ended_is_no_answer_to_a_new_request_even_where_its_process_died_over_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await else { return };
    let browser = app.browser();
    browser.connect().await;
    app.run_a_job_and_die().await;
    let ended = browser.latest_sync().await;
    assert_eq!(ended["status"], "succeeded");
    let asked = browser.post("/api/syncs", &json!({})).await.expect(202).json();
    assert_ne!(asked["id"], ended["id"]);
    assert_eq!(asked["status"], "queued");
}
