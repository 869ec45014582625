//! Errors, read for what they mean.

use connector_atlassian::jira::ProjectQuery;
use connector_atlassian::{ApiError, Atlassian};
use connector_domain::{AccessToken, CloudId};
use connector_sandbox::DEFAULT_CLOUD_ID;
use connector_testkit::TestApp;
use serde_json::{Value, json};

use super::{connected, start};

const PAGES: &str = "*/wiki/api/v2/pages";

#[tokio::test]
async fn trap_06_a_missing_scope_is_not_an_expired_token() {
    let app = start(|setup| setup.runs_jobs = false).await;
    let body = json!({ "code": 401, "message": "Unauthorized; scope does not match" });
    let headers = json!({ "X-Failure-Category": "FAILURE_CLIENT_SCOPE_CHECK" });
    app.sandbox.lasting_fault(PAGES, json!({ "status": 401, "headers": headers, "body": body })).await;
    let browser = app.browser();
    browser.connect().await;
    app.run_jobs();
    let run = browser.latest_sync().await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].as_str().is_some_and(|error| error.contains("consent")), "{run}");
    let refreshes = app.sandbox.refreshes().await;
    assert_eq!((refreshes.ok, refreshes.error), (0, 0), "a refresh would keep the scopes as they are");

    // Classic scopes of Confluence, which its version 2 does not accept: told, and nothing of it asked.
    let app = start(|setup| {
        setup.scopes = "read:jira-work read:me read:confluence-content.all offline_access".to_owned();
    })
    .await;
    let browser = app.browser();
    browser.connect().await;
    let run = browser.latest_sync().await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let streams = run["streams"].as_array().expect("streams");
    let pages = streams.iter().find(|stream| stream["name"] == "confluence_pages").expect("the stream");
    let skipped = pages["skipped"].as_str().unwrap_or_default();
    assert!(skipped.contains("read:space:confluence"), "{pages}");
    assert_eq!(app.sandbox.requests("/wiki/api/v2/pages").await, 0);
    assert_eq!(app.sandbox.refreshes().await.ok, 0);
}

/// What the gateway says to a request that the service never makes.
async fn at_the_gateway(app: &TestApp, path: &str) -> (u16, Value) {
    let token = app.sandbox.exchanges()[0].answer["access_token"].as_str().expect("a token").to_owned();
    let call =
        app.browser().at(&app.sandbox.url).get(path).header("authorization", &format!("Bearer {token}"));
    let answer = call.await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn trap_08_nothing_is_asked_of_confluence_s_version_1() {
    let app = start(|_| {}).await;
    app.connected().await;
    assert_eq!(app.sandbox.requests("/wiki/rest/api/{*path}").await, 0);
    for route in ["content", "content/search", "space"] {
        let path = format!("/ex/confluence/{DEFAULT_CLOUD_ID}/wiki/rest/api/{route}");
        let (status, body) = at_the_gateway(&app, &path).await;
        assert_eq!(status, 410, "{route}");
        assert!(
            body["message"].as_str().is_some_and(|message| message.contains("has been removed")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn trap_09_nothing_is_asked_of_jira_s_old_search() {
    let app = start(|_| {}).await;
    app.connected().await;
    assert_eq!(app.sandbox.requests("/rest/api/3/search").await, 0);
    let (status, body) =
        at_the_gateway(&app, &format!("/ex/jira/{DEFAULT_CLOUD_ID}/rest/api/3/search?jql=x")).await;
    assert_eq!(status, 410);
    assert!(
        body["errorMessages"][0].as_str().is_some_and(|message| message.contains("CHANGE-2046")),
        "{body}"
    );
}

/// How the error is read, whichever call it answers.
#[tokio::test]
async fn trap_17_a_project_that_cannot_be_seen_is_told_from_a_wrong_query() {
    let (app, _) = connected().await;
    let atlassian: &Atlassian = app.connections.atlassian();
    let token = app.sandbox.exchanges()[0].answer["access_token"].as_str().expect("a token").to_owned();
    let (cloud_id, token) = (CloudId::new(DEFAULT_CLOUD_ID), AccessToken::new(token));
    let mut errors = Vec::new();
    for message in ["The value 'SECRET' does not exist for the field 'project'.", "Error in the JQL Query"] {
        let body = json!({ "errorMessages": [message], "errors": {} });
        app.sandbox.fault("*/project/search", 1, json!({ "status": 400, "body": body })).await;
        let found = atlassian.jira(&cloud_id).projects(&token, &ProjectQuery::default()).await;
        errors.push(found.expect_err("a refusal"));
    }
    assert!(matches!(&errors[0], ApiError::NotVisible { status: 400, .. }), "{errors:?}");
    assert!(matches!(&errors[1], ApiError::InvalidRequest { status: Some(400), .. }), "{errors:?}");
}

#[tokio::test]
async fn trap_19_limits_are_met_with_patience_and_an_empty_quota_with_rest() {
    // Neither Retry-After nor JSON: the status alone says it.
    for body in [json!("<html>Too many requests</html>"), Value::Null] {
        let app = start(|_| {}).await;
        app.sandbox.fault(PAGES, 2, json!({ "status": 429, "body": body })).await;
        app.connected().await;
    }
    // One space: windows side by side would each ask once before they know.
    let app = start(|setup| setup.sandbox.spaces = Some(1)).await;
    let headers = json!({ "RateLimit-Reason": "confluence-quota-global-based", "Retry-After": "1200" });
    app.sandbox.lasting_fault(PAGES, json!({ "status": 429, "headers": headers })).await;
    let browser = app.browser();
    browser.connect().await;
    let runs = browser.get("/api/syncs").await.expect(200).json();
    let mut events = browser.events(runs["items"][0]["id"].as_str().expect("an id")).await;
    let waiting = events.wait_for("a wait", |run| run["status"] == "waiting").await;
    assert_eq!(app.sandbox.requests("/pages").await, 1, "asked once, not again and again: {waiting}");
}
