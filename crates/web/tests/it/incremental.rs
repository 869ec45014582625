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
