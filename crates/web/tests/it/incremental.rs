//! What an incremental sync asks Atlassian for.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

use crate::column;
use crate::mirror::all;

/// Longer than changes are asked for again, shorter than lists are good for.
const A_WHILE: Duration = Duration::from_mins(10);

async fn all_issues(browser: &Browser) -> Value {
    all(browser, "/api/jira/issues?limit=1000").await.into()
}

#[rstest]
#[tokio::test]
async fn fifty_changed_issues_cost_few_calls(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let app = TestApp::start_with(engine, |setup| setup.sandbox.issues = Some(100)).await;
    let Some(app) = app else { return };
    let browser = app.connected().await;
    app.advance(A_WHILE).await;
    let truth = app.sandbox.truth("acme").await;
    for id in column(&truth["issues"], "id").into_iter().take(50) {
        app.sandbox.edit("acme", "issues", id, &json!({"summary": "Changed"})).await;
    }
    app.sandbox.clear_stats().await;
    let run = browser.sync_all().await;
    // An issue that has more worklogs than it carries is asked for them by itself.
    let calls = app.sandbox.requests("").await - app.sandbox.requests("/issue/{id}/worklog").await;

    let streams = run["streams"].as_array().unwrap();
    let written = streams.iter().find(|stream| stream["name"] == "jira_issues").unwrap()["written"].clone();
    assert_eq!(written, 50);
    assert!(calls < 10, "{calls} calls");
    let issues = all_issues(&browser).await;
    assert_eq!(column(&issues, "summary").into_iter().filter(|summary| *summary == "Changed").count(), 50);
}

#[rstest]
#[tokio::test]
async fn labels_are_asked_for_of_changed_pages_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    app.advance(A_WHILE).await;
    let pages = browser.get("/integrations/confluence/pages/fetch").await.json()["items"].clone();
    app.sandbox.edit("acme", "pages", column(&pages, "page_id")[0], &json!({"title": "Changed"})).await;
    app.sandbox.clear_stats().await;
    browser.sync_all().await;
    assert_eq!(app.sandbox.requests("/labels").await, 1);
}

#[rstest]
#[tokio::test]
async fn lists_are_read_again_after_an_hour_and_by_a_census(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let lists = async |run: Value| {
        app.sandbox.clear_stats().await;
        browser.sync(&run).await;
        let mut read = 0;
        for route in ["/project/search", "/issuetype", "/status", "/field", "/api/v2/spaces"] {
            read += u64::from(app.sandbox.requests(route).await > 0);
        }
        read
    };
    assert_eq!(lists(json!({})).await, 0);
    assert_eq!(lists(json!({"mode": "census"})).await, 5);
    app.advance(Duration::from_mins(61)).await;
    assert_eq!(lists(json!({})).await, 5);
}

#[rstest]
#[tokio::test]
async fn a_page_in_a_new_space_has_its_key_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    app.advance(A_WHILE).await;
    app.sandbox.create("acme", "spaces", &json!({"key": "FRESH", "name": "Fresh"})).await;
    app.sandbox.create("acme", "pages", &json!({"space": "FRESH", "title": "In a fresh space"})).await;
    browser.sync_all().await;
    let pages = browser.get("/integrations/confluence/pages/fetch").await.json()["items"].clone();
    let page = pages.as_array().unwrap().iter().find(|page| page["title"] == "In a fresh space").unwrap();
    assert_eq!(page["space_key"], "FRESH");
    let spaces = browser.get("/api/confluence/spaces").await.json()["items"].clone();
    assert!(column(&spaces, "key").contains(&"FRESH"), "{spaces}");
}

#[rstest]
#[case("*/rest/api/3/worklog/updated", "updated worklogs")]
#[case("*/wiki/api/v2/blogposts", "changed confluence_blog_posts")]
#[tokio::test]
async fn a_list_of_the_whole_site_that_is_refused_is_told_of(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] path: &str,
    #[case] window: &str,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    app.advance(A_WHILE).await;
    app.sandbox.lasting_fault(path, json!({"status": 404})).await;
    let run = browser.sync(&json!({})).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].as_str().unwrap().contains(window), "{run}");
}

#[rstest]
#[tokio::test]
async fn all_fields_of_an_issue_are_kept(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let known: Vec<String> = app.database.texts("SELECT remote_id FROM jira_fields").await;
    let elsewhere = ["comment", "worklog", "issuekey", "thumbnail"];
    let mut files = 0;
    let issues = all_issues(&browser).await;
    for key in column(&issues, "key").into_iter().take(60) {
        let issue = browser.get(&format!("/api/jira/issues/{key}")).await.expect(200).json();
        let fields = issue["fields"].as_object().unwrap_or_else(|| panic!("no fields in {issue}"));
        for id in known.iter().filter(|id| !elsewhere.contains(&id.as_str())) {
            assert!(fields.contains_key(id), "{id} is missing in {key}");
        }
        assert_eq!(fields["summary"], issue["summary"]);
        assert_eq!(fields["components"], json!([]));
        files += fields["attachment"].as_array().expect("a list").len();
    }
    assert!(files > 0, "no issue has a file");
}

/// Runs a sync to its end, through its waits; `meanwhile` is done in the first of them.
async fn sync_through_a_wait(app: &TestApp, browser: &Browser, mode: &str, meanwhile: impl AsyncFn()) {
    let run = browser.post("/api/syncs", &json!({"mode": mode})).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    events.wait_for("a wait", |run| run["status"] == "waiting").await;
    meanwhile().await;
    app.advance(Duration::from_mins(20)).await;
    let last = events.all().await.pop().unwrap();
    assert_eq!(last["status"], "succeeded", "{last}");
}

#[rstest]
#[tokio::test]
async fn what_changes_while_a_full_run_waits_for_its_lists_is_read_by_the_next(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    app.advance(A_WHILE).await;
    let truth = app.sandbox.truth("acme").await;
    let id = column(&truth["issues"], "id")[0];
    // The issues are read, and the list of projects only after the wait.
    app.sandbox.fault("*/project/search", 1, json!({"status": 429, "headers": {"Retry-After": "90"}})).await;
    sync_through_a_wait(&app, &browser, "full", async || {
        app.sandbox.edit("acme", "issues", id, &json!({"summary": "Changed"})).await;
    })
    .await;
    app.advance(A_WHILE).await;
    browser.sync_all().await;
    assert_eq!(changed_issues(&app).await, [id]);
}

/// The ids of the issues that are called so in the mirror.
async fn changed_issues(app: &TestApp) -> Vec<String> {
    app.database.texts("SELECT remote_id FROM jira_issues WHERE summary = 'Changed'").await
}

#[rstest]
#[tokio::test]
async fn what_changes_while_its_project_is_hidden_is_read_by_a_census(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    browser.sync(&json!({"mode": "census"})).await;
    let truth = app.sandbox.truth("acme").await;
    let (project, issues) = (&truth["projects"][0], truth["issues"].as_array().unwrap());
    let begin = format!("{}-", project["key"].as_str().unwrap());
    let mut of_project = issues.iter().filter(|issue| issue["key"].as_str().unwrap().starts_with(&begin));
    let id = of_project.next().unwrap()["id"].as_str().unwrap();
    let project = project["id"].as_str().unwrap();
    let hide = async |from: Value| {
        app.sandbox.edit("acme", "projects", project, &json!({"hidden_from": from})).await;
        app.advance(A_WHILE).await;
    };
    hide(json!(["ada@example.com"])).await;
    app.sandbox.edit("acme", "issues", id, &json!({"summary": "Changed"})).await;
    app.advance(A_WHILE).await;
    browser.sync_all().await;
    hide(json!([])).await;
    browser.sync_all().await;
    let run = browser.sync(&json!({"mode": "census"})).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(changed_issues(&app).await, [id]);
}

#[rstest]
#[tokio::test]
async fn an_issue_whose_parent_is_deleted_loses_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let truth = app.sandbox.truth("acme").await;
    let issues = column(&truth["issues"], "id");
    let (parent, child) = (issues[0], issues[1]);
    app.sandbox.edit("acme", "issues", child, &json!({"parent": parent})).await;
    let browser = app.connected().await;
    let parents =
        format!("SELECT remote_id FROM jira_issues WHERE parent_id = '{parent}' AND deleted_at IS NULL");
    assert!(app.database.texts(&parents).await.contains(&child.to_owned()));
    let control = Browser::new(&app.sandbox.url);
    control.delete(&format!("/__sandbox/sites/acme/issues/{parent}")).await;
    browser.sync(&json!({"mode": "census"})).await;
    assert_eq!(app.database.texts(&parents).await, [""; 0]);
    let fields = format!("SELECT CAST(fields AS text) FROM jira_issues WHERE remote_id = '{child}'");
    let fields: Value = serde_json::from_str(&app.database.texts(&fields).await[0]).unwrap();
    assert_eq!(fields["parent"], Value::Null, "{fields}");
}
