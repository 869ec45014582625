//! Sync runs: asked for, followed, and told of.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::TestApp;
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::column;

/// Of which the tests know how many records there are.
const STREAMS: [&str; 3] = ["jira_projects", "confluence_spaces", "confluence_pages"];

fn counts<'r>(run: &'r Value, name: &str) -> Vec<(&'r str, u64)> {
    let streams = run["streams"].as_array().unwrap().iter();
    let count = |stream: &'r Value| (stream["name"].as_str().unwrap(), stream[name].as_u64().unwrap());
    streams.map(count).filter(|(stream, _)| STREAMS.contains(stream)).collect()
}

#[rstest]
#[tokio::test]
async fn a_run_tells_what_it_read_and_what_it_changed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let first = browser.latest_sync().await;
    assert_eq!((&first["mode"], &first["attempt"]), (&"full".into(), &1.into()));
    let everything = [(STREAMS[0], 12), (STREAMS[1], 6), (STREAMS[2], 300)];
    assert_eq!(
        (counts(&first, "fetched"), counts(&first, "written")),
        (everything.to_vec(), everything.to_vec())
    );
    assert!(first["streams"].as_array().unwrap().iter().all(|stream| stream["done"] == true));
    assert!(
        first["finished_at"].is_string() && first["waiting"].is_null() && first["error"].is_null(),
        "{first}"
    );

    let second = browser.sync_all().await;
    assert_eq!(second["mode"], "incremental");
    assert_eq!(counts(&second, "written"), STREAMS.map(|name| (name, 0)), "nothing has changed");
    assert_eq!(browser.get(&format!("/api/syncs/{}", second["id"].as_str().unwrap())).await.json(), second);
}

#[rstest]
#[tokio::test]
async fn what_changed_at_atlassian_changes_here(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let fetch = async |path: &str| browser.get(path).await.json()["items"].clone();
    let before = fetch("/integrations/confluence/pages/fetch").await[0].clone();
    let project = fetch("/integrations/jira/projects/fetch").await[0].clone();
    app.sandbox
        .edit("acme", "pages", before["page_id"].as_str().unwrap(), &json!({"title": "000 renamed"}))
        .await;
    app.sandbox
        .edit("acme", "projects", project["remote_id"].as_str().unwrap(), &json!({"name": "Renamed"}))
        .await;
    // Projects are read once an hour.
    app.advance(Duration::from_mins(61)).await;

    let run = browser.sync_all().await;
    assert_eq!(counts(&run, "written"), [(STREAMS[0], 1), (STREAMS[1], 0), (STREAMS[2], 1)]);
    let pages = fetch("/integrations/confluence/pages/fetch").await;
    assert_eq!((&pages[0]["title"], &pages[0]["id"]), (&"000 renamed".into(), &before["id"]));
    let projects = fetch("/integrations/jira/projects/fetch").await;
    assert_eq!((&projects[0]["name"], &projects[0]["id"]), (&"Renamed".into(), &project["id"]));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_once_get_the_same_run(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    app.advance(Duration::from_secs(1)).await;
    let under_way = app.sandbox.hold("/accessible-resources");
    let answers = join_all((0..8).map(|_| browser.post("/api/syncs", &json!({})).into_future())).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| answer.expect(202).json()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    under_way.reached().await;
    let while_running = browser.post("/api/syncs", &json!({"mode": "full"})).await.expect(202).json();
    assert_eq!((&while_running["id"], &while_running["status"]), (&ids[0], &"running".into()));
    under_way.release();

    assert_eq!(browser.follow(ids[0].as_str().unwrap()).await["status"], "succeeded");
    let runs = browser.get("/api/syncs").await.json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 2, "this one and that of the login");
    assert_ne!(browser.post("/api/syncs", &json!({})).await.json()["id"], ids[0], "the next is a new one");
}

#[rstest]
#[tokio::test]
async fn a_request_right_after_the_end_of_a_run_is_a_new_run(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        // Followed to the event of the end, and asked for again at once.
        let run = browser.sync(&json!({"streams": ["confluence_spaces"]})).await;
        ids.push(run["id"].as_str().unwrap().to_owned());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5, "a request was answered with a run that had ended");
}

#[rstest]
#[tokio::test]
async fn events_tell_of_progress_and_end_with_the_final_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let start = app.sandbox.hold("/accessible-resources");
    let run = browser.post("/api/syncs", &json!({"mode": "full"})).await.expect(202).json();
    let events = browser.events(run["id"].as_str().unwrap()).await;
    start.reached().await;
    start.release();
    let events = events.all().await;
    let statuses: Vec<_> = events.iter().map(|event| event["status"].as_str().unwrap()).collect();
    let (last, before) = statuses.split_last().unwrap();
    assert_eq!(*last, "succeeded");
    assert!(before.iter().all(|status| ["queued", "running"].contains(status)), "{statuses:?}");
    assert!(before.contains(&"running"));
    assert!(events.windows(2).all(|pair| pair[0] != pair[1]), "nothing is told twice");
    assert_eq!(
        *events.last().unwrap(),
        browser.get(&format!("/api/syncs/{}", run["id"].as_str().unwrap())).await.json()
    );
    let late = browser.events(run["id"].as_str().unwrap()).await.all().await;
    assert_eq!(late.len(), 1, "a run that has ended has one event");
}

#[rstest]
#[tokio::test]
async fn a_run_of_another_process_is_followed_too() {
    let Some(app) = TestApp::start(Engine::Postgres).await else { return };
    let browser = app.connected().await;
    let other = app.another(|setup| setup.runs_jobs = false).await;
    let start = app.sandbox.hold("/accessible-resources");
    let run = browser.post("/api/syncs", &json!({})).await.expect(202).json();
    let events = browser.at(&other.url).events(run["id"].as_str().unwrap()).await;
    start.reached().await;
    start.release();
    assert_eq!(events.all().await.last().unwrap()["status"], "succeeded");
}

#[tokio::test]
async fn streams_can_be_chosen_and_unknown_ones_are_named() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.connected().await;
    let run = browser.sync(&json!({"streams": ["confluence_pages", "jira_projects"]})).await;
    assert_eq!(
        column(&run["streams"], "name"),
        ["jira_projects", "confluence_pages"],
        "in the order of their need"
    );
    let refused = browser.post("/api/syncs", &json!({"streams": ["jira_projects", "trello", "x"]})).await;
    assert_eq!(refused.pointers(), ["/streams/1", "/streams/2"]);
    assert_eq!(browser.post("/api/syncs", &json!({"mode": "sometimes"})).await.pointers(), ["/mode"]);
    assert_eq!(
        browser.post("/api/syncs", &json!({"streams": "jira_projects"})).await.pointers(),
        ["/streams"]
    );
}

#[rstest]
#[tokio::test]
async fn runs_are_listed_the_latest_first_and_part_by_part(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let mut ids = vec![browser.latest_sync().await["id"].clone()];
    for _ in 0..3 {
        app.advance(Duration::from_secs(1)).await;
        ids.insert(0, browser.sync(&json!({"streams": ["confluence_spaces"]})).await["id"].clone());
    }
    let all = browser.get("/api/syncs").await.json();
    assert_eq!(column(&all["items"], "id"), ids.iter().map(|id| id.as_str().unwrap()).collect::<Vec<_>>());
    let first = browser.get("/api/syncs?limit=3").await.json();
    let rest = browser
        .get(&format!("/api/syncs?limit=3&cursor={}", first["next_cursor"].as_str().unwrap()))
        .await
        .json();
    assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (3, 1));
    assert_eq!(rest["next_cursor"], Value::Null);
    let connection = all["items"][0]["connection_id"].as_str().unwrap();
    let own = browser.get(&format!("/api/syncs?connection_id={connection}")).await.json();
    assert_eq!(own, all);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    let id = "00000000-0000-7000-8000-000000000000";
    for path in [format!("/api/syncs/{id}"), format!("/api/syncs/{id}/events"), "/api/syncs/x".to_owned()] {
        assert_eq!(browser.get(&path).await.detail(404), "There is no such sync run.");
    }
    assert_eq!(
        browser.get(&format!("/api/syncs?connection_id={id}")).await.detail(404),
        "There is no such connection."
    );
    browser.post("/api/syncs", &json!({"connection_id": id})).await.problem(404);
    let told = browser.post("/api/syncs", &json!({})).await.detail(409);
    assert_eq!(told, "No Atlassian account is connected. Connect one first.");
}
