//! Sync runs to which Atlassian does not show everything: what it shows is read.

use connector_store::Engine;
use connector_testkit::{Browser, SandboxOptions, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

use crate::mirror::all;

async fn start(engine: Engine) -> Option<TestApp> {
    TestApp::start_with(engine, |setup| {
        setup.sandbox = SandboxOptions {
            projects: Some(2),
            issues: Some(120),
            spaces: Some(1),
            pages: Some(60),
            ..SandboxOptions::default()
        };
    })
    .await
}

fn stream<'r>(run: &'r Value, name: &str) -> &'r Value {
    let streams = run["streams"].as_array().unwrap();
    streams.iter().find(|stream| stream["name"] == name).unwrap()
}

/// All that the sandbox knows of the things of one kind.
async fn truth(app: &TestApp, kind: &str) -> Vec<Value> {
    let path = format!("/__sandbox/sites/acme/truth?full=true&kinds={kind}");
    let all = app.browser().at(&app.sandbox.url).get(&path).await.expect(200).json();
    all[kind].as_array().unwrap().clone()
}

async fn parts(browser: &Browser, of: &str, part: &str) -> usize {
    all(browser, &format!("/api/{of}/{part}?limit=50")).await.len()
}

#[rstest]
#[tokio::test]
async fn a_page_that_vanishes_while_its_space_is_read_costs_no_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = start(engine).await else { return };
    let pages = truth(&app, "pages").await;
    let labelled = |page: &&Value| page["labels"].as_array().is_some_and(|labels| !labels.is_empty());
    let mut labelled = pages.iter().filter(labelled);
    let (gone, other) = (labelled.next().unwrap(), labelled.next().unwrap());
    let labels_of = |page: &Value| page["labels"].as_array().unwrap().len();
    let path = |page: &Value| format!("confluence/pages/{}", page["id"].as_str().unwrap());
    let fault = format!("*/pages/{}/labels", gone["id"].as_str().unwrap());

    app.sandbox.lasting_fault(&fault, json!({"status": 404})).await;
    let browser = app.connected().await;
    let run = browser.latest_sync().await;
    assert_eq!(stream(&run, "confluence_pages")["done"], true, "{run}");
    assert_eq!(all(&browser, "/api/confluence/pages?limit=50").await.len(), pages.len());
    assert_eq!(parts(&browser, &path(other), "labels").await, labels_of(other));
    assert_eq!(parts(&browser, &path(gone), "labels").await, 0);

    app.sandbox.clear_faults().await;
    browser.sync(&json!({"mode": "full"})).await;
    assert_eq!(parts(&browser, &path(gone), "labels").await, labels_of(gone));
    // What cannot be read is no proof that there is nothing.
    app.sandbox.lasting_fault(&fault, json!({"status": 404})).await;
    let run = browser.sync(&json!({"mode": "full"})).await;
    assert_eq!(
        (&run["status"], &stream(&run, "confluence_labels")["deleted"]),
        (&json!("succeeded"), &json!(0))
    );
    assert_eq!(parts(&browser, &path(gone), "labels").await, labels_of(gone));
}

#[rstest]
#[tokio::test]
async fn an_issue_that_vanishes_while_its_project_is_read_costs_no_other(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = start(engine).await else { return };
    let issues = truth(&app, "issues").await;
    let gone = issues[0]["id"].as_str().unwrap();
    // Comments behind the twentieth have a list of their own.
    let sandbox = app.browser().at(&app.sandbox.url);
    for number in 0..21 {
        let path = format!("/__sandbox/sites/acme/issues/{gone}/comments");
        sandbox.post(&path, &json!({"body": number.to_string()})).await.expect(201);
    }
    app.sandbox.lasting_fault(&format!("*/issue/{gone}/comment"), json!({"status": 404})).await;
    let browser = app.connected().await;
    let run = browser.latest_sync().await;
    assert_eq!(stream(&run, "jira_issues")["done"], true, "{run}");
    assert_eq!(all(&browser, "/api/jira/issues?limit=50").await.len(), issues.len());
}

#[rstest]
#[tokio::test]
async fn people_who_may_not_be_listed_are_left_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = start(engine).await else { return };
    app.sandbox.switch(&json!({"people_search": "forbidden"})).await;
    let browser = app.connected().await;
    let run = browser.latest_sync().await;
    let people = stream(&run, "jira_users");
    assert!(people["skipped"].as_str().is_some_and(|why| why.contains("Browse users")), "{run}");
    assert_eq!(all(&browser, "/api/jira/issues?limit=50").await.len(), truth(&app, "issues").await.len());

    app.sandbox.switch(&json!({"people_search": "open"})).await;
    let run = browser.sync_all().await;
    assert_eq!(stream(&run, "jira_users")["skipped"], Value::Null, "{run}");
    assert!(stream(&run, "jira_users")["fetched"].as_u64() > Some(0), "{run}");
}
