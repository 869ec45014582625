//! Issues: searches that have no total, times in zones, what disappears, and what an issue leaves out.

use connector_atlassian::jira::{Jql, MOST_IDS, Search};
use connector_atlassian::{ApiError, Atlassian, Endpoints, Listing as _};
use connector_conformance::walk::consent::{self, CALLBACK, Person, SCOPES};
use connector_domain::{AccessToken, CloudId, Timestamp};
use connector_sandbox::{DEFAULT_CLOUD_ID, SandboxOptions};
use connector_testkit::{Browser, Sandbox};
use serde_json::{Value, json};

/// A sandbox, the client, and Ada's token.
pub struct Desk {
    pub sandbox: Sandbox,
    pub browser: Browser,
    pub client: Atlassian,
    pub token: AccessToken,
    pub cloud_id: CloudId,
}

impl Desk {
    pub async fn with(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let mut options =
            SandboxOptions { redirect_uri: vec![CALLBACK.to_owned()], ..SandboxOptions::default() };
        change(&mut options);
        let sandbox = Sandbox::start(options).await;
        let browser = Browser::new(&sandbox.url);
        let code = consent::code(&browser, Person::Ada, "acme", SCOPES).await.expect("a code");
        let token = AccessToken::new(consent::token(&browser, &code).await.expect("a token"));
        let endpoints = Endpoints { auth_url: sandbox.address(), api_url: sandbox.address() };
        let client = Atlassian::new(Atlassian::http_client().expect("a client"), endpoints);
        Self { sandbox, browser, client, token, cloud_id: CloudId::new(DEFAULT_CLOUD_ID) }
    }

    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.browser.call(method, &format!("/__sandbox{path}")).json(&body).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
        serde_json::from_slice(answer.bytes()).unwrap_or_default()
    }

    /// The id of a project and of its issues, as the sandbox knows them.
    async fn project(&self, key: &str) -> (u64, Vec<String>) {
        let truth = self.sandbox.truth("acme").await;
        let rows = |kind: &str| truth[kind].as_array().expect("a list").clone();
        let project = rows("projects").into_iter().find(|project| project["key"] == key).expect("a project");
        let front = format!("{key}-");
        let of_project = |issue: &&Value| issue["key"].as_str().is_some_and(|key| key.starts_with(&front));
        let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
        let mut issues: Vec<String> = rows("issues").iter().filter(of_project).map(id).collect();
        issues.sort();
        (id(&project).parse().expect("a number"), issues)
    }

    /// The ids of all issues that a query finds.
    async fn ids(&self, jql: Jql, max_results: u32) -> Result<Vec<String>, ApiError> {
        let jira = self.client.jira(&self.cloud_id);
        let mut pages = jira.all_issue_ids(Search { max_results, ..Search::new(jql) });
        let mut ids = Vec::new();
        while let Some(page) = pages.next(&self.token).await? {
            ids.extend(page.items.into_iter().map(|issue| issue.id));
        }
        ids.sort();
        Ok(ids)
    }
}

#[tokio::test]
async fn trap_10_a_search_is_paged_by_its_tokens() {
    let desk = Desk::with(|_| {}).await;
    let (project, expected) = desk.project("SEC").await;
    assert!(expected.len() > 20, "more than two pages of ten");
    assert_eq!(desk.ids(Jql::project(project), 10).await.as_ref(), Ok(&expected));
    // Not the first page again and again, and none of the old search's routes.
    let asked = desk.sandbox.requests("/search/jql").await;
    assert_eq!(asked, expected.len().div_ceil(10) as u64);
    assert_eq!(desk.sandbox.requests("/search").await, 0);
}

#[tokio::test]
async fn trap_11_a_search_whose_token_leads_back_ends() {
    let desk = Desk::with(|_| {}).await;
    let page = json!({ "issues": [{ "id": "1" }], "nextPageToken": "again", "isLast": false });
    desk.sandbox.lasting_fault("*/search/jql", json!({ "status": 200, "body": page })).await;
    let ended = desk.ids(Jql::project(10_000), 10).await;
    assert!(ended.is_err(), "{ended:?}");
    assert!(desk.sandbox.requests("/search/jql").await < 5);
    // Either sign of the end is one.
    for page in [
        json!({ "issues": [{ "id": "1" }], "nextPageToken": "more", "isLast": true }),
        json!({ "issues": [{ "id": "1" }], "isLast": false }),
    ] {
        desk.sandbox.clear_faults().await;
        desk.sandbox.lasting_fault("*/search/jql", json!({ "status": 200, "body": page })).await;
        assert_eq!(desk.ids(Jql::project(10_000), 10).await, Ok(vec!["1".to_owned()]));
    }
}

#[tokio::test]
async fn trap_12_a_moment_in_a_query_is_the_same_in_every_zone() {
    // Ada lives in New York, the site in Berlin; a date in quotes would be hours off, and a minute rough.
    let desk = Desk::with(|_| {}).await;
    let (project, _) = desk.project("SEC").await;
    let new = json!({ "project": "SEC", "summary": "Just now" });
    let id = desk.control("POST", "/sites/acme/issues", new).await["id"].clone();
    let jira = desk.client.jira(&desk.cloud_id);
    let issue = jira.issue(&desk.token, id.as_str().expect("an id")).await.expect("the issue");
    let updated = issue.fields.updated.expect("a time");
    let since = |millis: i64| Jql::updated_since(project, Timestamp::from_millis(millis));
    let at = updated.as_millis();
    assert_eq!(desk.ids(since(at), 100).await, Ok(vec![issue.id.clone()]));
    assert_eq!(desk.ids(since(at + 1), 100).await, Ok(Vec::new()), "to the millisecond");
}

#[tokio::test]
async fn trap_15_who_compares_all_ids_notices_deletions() {
    let desk = Desk::with(|_| {}).await;
    let (project, before) = desk.project("SEC").await;
    let gone = &before[3];
    desk.control("DELETE", &format!("/sites/acme/issues/{gone}"), Value::Null).await;
    let (_, expected) = desk.project("SEC").await;
    let census = desk.ids(Jql::project(project), MOST_IDS).await.expect("all ids");
    assert_eq!(census, expected);
    assert!(!census.contains(gone));
    assert_eq!(desk.sandbox.requests("/search/jql").await, 1, "all of them in one page");
    // Both ways to look again agree that it is not there, and that is no failure of the call.
    let jira = desk.client.jira(&desk.cloud_id);
    let shown = jira.issue(&desk.token, gone).await;
    assert!(matches!(shown, Err(ApiError::NotVisible { status: 404, .. })), "{shown:?}");
    let batch = jira.bulk_fetch(&desk.token, std::slice::from_ref(gone), &[]).await.expect("an answer");
    assert!(batch.issues.is_empty());
}

#[tokio::test]
async fn trap_16_comments_and_worklogs_behind_the_twentieth_are_read() {
    let desk = Desk::with(|_| {}).await;
    let (_, issues) = desk.project("SEC").await;
    let id = &issues[0];
    for number in 0..25 {
        let comment = json!({ "body": format!("Comment {number}") });
        desk.control("POST", &format!("/sites/acme/issues/{id}/comments"), comment).await;
        let worklog = json!({ "seconds": 60 + number });
        desk.control("POST", &format!("/sites/acme/issues/{id}/worklogs"), worklog).await;
    }
    let query = "/sites/acme/truth?full=true&kinds=issues";
    let truth = desk.control("GET", query, Value::Null).await;
    let all = truth["issues"].as_array().expect("a list");
    let issue = all.iter().find(|issue| issue["id"] == **id).expect("the issue");
    let expected = |list: &str| -> Vec<String> {
        let rows = issue[list].as_array().expect("a list").iter();
        rows.map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let jira = desk.client.jira(&desk.cloud_id);
    let (mut pages, mut comments) = (jira.comments(id).pager(), Vec::new());
    while let Some(page) = pages.next(&desk.token).await.expect("a page") {
        comments.extend(page.items.into_iter().map(|comment| comment.id));
    }
    let (mut pages, mut worklogs) = (jira.worklogs(id).pager(), Vec::new());
    while let Some(page) = pages.next(&desk.token).await.expect("a page") {
        worklogs.extend(page.items.into_iter().map(|worklog| worklog.id));
    }
    assert!(comments.len() >= 25 && worklogs.len() >= 25);
    assert_eq!((comments, worklogs), (expected("comments"), expected("worklogs")));
}

#[tokio::test]
async fn trap_17_a_project_that_vanished_breaks_only_its_own_search() {
    let desk = Desk::with(|_| {}).await;
    let (hidden, _) = desk.project("SEC").await;
    let (other, expected) = desk.project("WEB").await;
    let change = json!({ "hidden_from": ["ada@example.com"] });
    desk.control("PATCH", "/sites/acme/projects/SEC", change).await;
    let refused = desk.ids(Jql::project(hidden), 100).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(desk.ids(Jql::project(other), 100).await, Ok(expected));
}
