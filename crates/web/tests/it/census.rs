//! What is gone at Atlassian is gone here after a census, and nothing is because a list was not whole.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, SandboxOptions, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const SEARCH: &str = "*/search/jql";
const PAGES: &str = "*/pages";
const PROJECTS: &str = "*/project/search";
const SPACES: &str = "*/spaces";

async fn census(app: &TestApp, browser: &Browser) -> Value {
    let run = browser.post("/api/syncs", &json!({"mode": "census"})).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    let mut last = run;
    while let Some(run) = events.next().await {
        if run["status"] == "waiting" {
            app.advance(Duration::from_mins(20)).await;
        }
        last = run;
    }
    last
}

async fn start(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| {
        setup.sandbox = SandboxOptions {
            projects: Some(2),
            issues: Some(120),
            spaces: Some(2),
            pages: Some(60),
            ..SandboxOptions::default()
        };
    })
    .await?;
    let browser = app.connected().await;
    Some((app, browser))
}

async fn tombstones(app: &TestApp) -> Vec<String> {
    let of = |table: &str, id: &str| {
        format!(
            "SELECT '{table} ' || {id} || ' ' || deleted_reason FROM {table} WHERE deleted_at IS NOT NULL"
        )
    };
    let query = [
        ("jira_projects", "remote_id"),
        ("jira_issues", "remote_id"),
        ("confluence_spaces", "remote_id"),
        ("confluence_pages", "page_id"),
    ]
    .map(|(table, id)| of(table, id))
    .join(" UNION ALL ");
    let mut found = app.database.texts(&query).await;
    found.sort_unstable();
    found
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_removed_by_a_list_that_is_not_whole(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let empty_search = json!({"status": 200, "body": {"issues": [], "isLast": true}});
    let empty_list = json!({"status": 200, "body": {"results": [], "_links": {}}});
    let no_projects = json!({"status": 200, "body": {"startAt": 0, "maxResults": 50, "total": 0, "isLast": true, "values": []}});
    let refused = json!({"status": 403, "body": {"errorMessages": ["You do not have permission."]}});
    let faults = [
        json!({"status": 500}),
        json!({"status": 429, "headers": {"Retry-After": "60"}}),
        json!({"truncate": 40}),
        json!({"garbage": true}),
        json!({"drop": "after"}),
        refused,
    ];
    let mut incomplete = 0;
    for path in [SEARCH, PAGES, PROJECTS, SPACES] {
        let empty = match path {
            SEARCH => &empty_search,
            PROJECTS => &no_projects,
            _ => &empty_list,
        };
        for fault in faults.iter().chain([empty, empty]) {
            // A list that fails at its beginning, and one that fails for as long as the client tries.
            for times in [1, 12] {
                app.sandbox.fault(path, times, fault.clone()).await;
                census(&app, &browser).await;
                app.sandbox.clear_faults().await;
                incomplete += 1;
                assert_eq!(tombstones(&app).await, [""; 0], "{path} {times} times {fault}");
            }
        }
    }
    assert!(incomplete >= 50, "{incomplete}");
}

#[rstest]
#[tokio::test]
async fn what_is_deleted_archived_or_in_the_trash_is_told_apart(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let truth = app.sandbox.truth("acme").await;
    let id = |kind: &str, at: usize| truth[kind][at]["id"].as_str().unwrap().to_owned();
    let control = Browser::new(&app.sandbox.url);
    let sites = "/__sandbox/sites/acme";
    control.delete(&format!("{sites}/issues/{}", id("issues", 3))).await;
    control.delete(&format!("{sites}/pages/{}", id("pages", 3))).await;
    control.delete(&format!("{sites}/pages/{}?purge=true", id("pages", 4))).await;
    app.sandbox.edit("acme", "pages", &id("pages", 5), &json!({"status": "archived"})).await;

    let run = census(&app, &browser).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let mut expected = vec![
        format!("jira_issues {} deleted", id("issues", 3)),
        format!("confluence_pages {} trashed", id("pages", 3)),
        format!("confluence_pages {} deleted", id("pages", 4)),
        format!("confluence_pages {} archived", id("pages", 5)),
    ];
    expected.sort_unstable();
    assert_eq!(tombstones(&app).await, expected);
    let unequal = "SELECT stream || ' ' || scope || ' ' || state FROM sync_proofs WHERE state <> 'equal'";
    assert_eq!(app.database.texts(unequal).await, [""; 0]);

    app.sandbox.edit("acme", "pages", &id("pages", 5), &json!({"status": "current"})).await;
    census(&app, &browser).await;
    assert_eq!(tombstones(&app).await.len(), 3, "what comes back lives again");
}

#[rstest]
#[tokio::test]
async fn much_at_once_is_removed_when_a_later_census_finds_the_same(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let truth = app.sandbox.truth("acme").await;
    let control = Browser::new(&app.sandbox.url);
    let issues = truth["issues"].as_array().unwrap();
    for issue in issues.iter().take(100) {
        control.delete(&format!("/__sandbox/sites/acme/issues/{}", issue["id"].as_str().unwrap())).await;
    }
    let run = census(&app, &browser).await;
    assert_eq!(tombstones(&app).await.len(), 0);
    assert!(run["streams"].to_string().contains("missing at once"), "{run}");
    app.advance(Duration::from_mins(61)).await;
    census(&app, &browser).await;
    assert_eq!(tombstones(&app).await.len(), 100);
}

#[rstest]
#[tokio::test]
async fn connections_are_synced_by_themselves(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((app, browser)) = start(engine).await else { return };
    let first = browser.latest_sync().await;
    assert_eq!(app.request_due().await, 0, "it was synced when it was connected");
    app.advance(Duration::from_secs(331)).await;
    assert_eq!(app.request_due().await, 1);
    let second = browser.latest_sync().await;
    assert_ne!(second["id"], first["id"]);
    assert_eq!((&second["mode"], &second["status"]), (&json!("incremental"), &json!("succeeded")));
    assert_eq!(app.request_due().await, 0);
    app.advance(Duration::from_hours(27)).await;
    assert_eq!(app.request_due().await, 1);
    assert_eq!(browser.latest_sync().await["mode"], "census");
}
