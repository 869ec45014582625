//! Mirrored issues, by the API.

use std::time::Duration;

use connector_domain::{CloudId, Json, Timestamp, UserId};
use connector_store::{
    AbsenceReason, Durability, Engine, MirrorKind, RemoteChangelog, RemoteIssue, RemoteIssueComment,
    RemoteWorklog,
};
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

use crate::column;
use crate::mirror::all;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const ADA: UserId = UserId(1);
const BOB: UserId = UserId(2);

fn json_of(value: &Value) -> Json {
    value.into()
}

fn issue(number: u64, project: &str) -> RemoteIssue {
    let some = |text: &str| Some(text.to_owned());
    let is_odd = number % 2 == 1;
    RemoteIssue {
        remote_id: (10_000 + number).to_string(),
        project_id: format!("id of {project}"),
        project_key: project.to_owned(),
        key: format!("{project}-{number}"),
        summary: format!("Issue {number}"),
        description: some("**bold**"),
        issue_type: some("Bug"),
        status: some(if is_odd { "Done" } else { "To Do" }),
        status_category: some(if is_odd { "done" } else { "new" }),
        priority: None,
        resolution: None,
        assignee_account_id: is_odd.then(|| "account ada".to_owned()),
        assignee_name: is_odd.then(|| "Ada".to_owned()),
        reporter_account_id: None,
        reporter_name: None,
        creator_account_id: None,
        creator_name: None,
        parent_id: None,
        parent_key: None,
        labels: json_of(&json!(["red"])),
        due_date: some("2026-03-02"),
        resolved_at: None,
        remote_created_at: Some(NOW),
        remote_updated_at: Some(NOW.plus(Duration::from_secs(number))),
        custom_fields: json_of(&json!({"Story Points": number})),
        fields: json_of(&json!({"customfield_10001": number})),
    }
}

/// Ada has 40 issues in two projects, what hangs on one of them, and one that is gone; Bob has one issue.
async fn filled(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await?;
    let browser = app.browser();
    for name in ["ada", "bob"] {
        browser.post("/users", &json!({"email": format!("{name}@example.com")})).await.expect(201);
    }
    let one = CloudId::new("one");
    let mut tx = app.database.store().begin_write(Durability::Normal).await.unwrap();
    let issues: Vec<_> = (1..=40).map(|i| issue(i, if i <= 30 { "CORE" } else { "DOCS" })).collect();
    tx.upsert_remote(ADA, &one, &issues, NOW).await.unwrap();
    tx.upsert_remote(BOB, &one, &[issue(99, "SECRET")], NOW).await.unwrap();
    let moved = RemoteIssue {
        key: "DOCS-100".to_owned(),
        project_key: "DOCS".to_owned(),
        remote_updated_at: Some(NOW.plus(Duration::from_secs(1000))),
        ..issue(7, "CORE")
    };
    tx.upsert_remote(ADA, &one, &[moved], NOW).await.unwrap();
    let gone = AbsenceReason::Deleted;
    tx.mark_absent(MirrorKind::JiraIssues, ADA, &one, &["10002"], gone, NOW).await.unwrap();
    let comments: Vec<_> = (1..=5)
        .map(|i| RemoteIssueComment {
            remote_id: i.to_string(),
            issue_id: "10001".to_owned(),
            author_account_id: None,
            author_name: Some("Ada".to_owned()),
            body: format!("comment {i}"),
            body_adf: None,
            remote_created_at: Some(NOW),
            remote_updated_at: None,
        })
        .collect();
    tx.upsert_remote(ADA, &one, &comments, NOW).await.unwrap();
    let worklog = RemoteWorklog {
        remote_id: "1".to_owned(),
        issue_id: "10001".to_owned(),
        author_account_id: None,
        author_name: None,
        started_at: Some(NOW),
        time_spent_seconds: 3600,
        comment: None,
        remote_created_at: None,
        remote_updated_at: None,
    };
    tx.upsert_remote(ADA, &one, &[worklog], NOW).await.unwrap();
    let change = RemoteChangelog {
        remote_id: "1".to_owned(),
        issue_id: "10001".to_owned(),
        author_account_id: None,
        author_name: None,
        remote_created_at: Some(NOW),
        items: json_of(&json!([{"field": "status", "toString": "Done"}])),
    };
    tx.upsert_remote(ADA, &one, &[change], NOW).await.unwrap();
    tx.commit().await.unwrap();
    Some((app, browser))
}

#[rstest]
#[tokio::test]
async fn issues_are_listed_latest_first_and_filtered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((_app, browser)) = filled(engine).await else { return };
    let whole = all(&browser, "/api/jira/issues?limit=1000").await;
    assert_eq!(whole.len(), 39);
    assert_eq!(whole[0]["key"], "DOCS-100");
    let times = column(&Value::from(whole.clone()), "remote_updated_at").join(" ");
    let mut sorted: Vec<_> = times.split(' ').collect();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(times, sorted.join(" "));
    for limit in [1, 7, 38, 39] {
        assert_eq!(all(&browser, &format!("/api/jira/issues?limit={limit}")).await, whole, "by {limit}");
    }
    for (filter, number) in [
        ("project=CORE", 28),
        ("project=id%20of%20DOCS", 10),
        ("project=DOCS&status=Done", 6),
        ("status_category=new", 19),
        ("assignee=account%20ada", 20),
        ("assignee=Ada&project=CORE", 14),
        ("assignee=nobody", 0),
        ("updated_since=2026-09-21T14:13:55Z", 7),
        ("deleted=include", 40),
        ("deleted=only", 1),
        ("cloud_id=two", 0),
        ("owner_id=2", 1),
    ] {
        let found = all(&browser, &format!("/api/jira/issues?limit=1000&{filter}")).await;
        assert_eq!(found.len(), number, "{filter}");
    }
}

#[rstest]
#[tokio::test]
async fn an_issue_is_found_by_its_id_and_by_every_key_it_had(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((_app, browser)) = filled(engine).await else { return };
    for name in ["10007", "DOCS-100", "CORE-7"] {
        let found = browser.get(&format!("/api/jira/issues/{name}")).await.expect(200).json();
        assert_eq!(found["remote_id"], "10007", "{name}");
        assert_eq!(found["key"], "DOCS-100", "{name}");
    }
    let found = browser.get("/api/jira/issues/CORE-1").await.expect(200).json();
    assert_eq!(found["description"], "**bold**");
    assert_eq!(found["labels"], json!(["red"]));
    assert_eq!(found["custom_fields"], json!({"Story Points": 1}));
    assert_eq!(found["fields"], json!({"customfield_10001": 1}));
    assert_eq!(found["remote_created_at"], NOW.to_string());
    assert!(found.get("comments").is_none());
    // What is gone is there to look at, and says so.
    let gone = browser.get("/api/jira/issues/CORE-2").await.expect(200).json();
    assert_eq!((&gone["deleted_reason"], &gone["deleted_at"]), (&json!("deleted"), &json!(NOW.to_string())));
    for name in ["SECRET-99", "10099", "CORE-1000", "1", "%20"] {
        let answer = browser.get(&format!("/api/jira/issues/{name}")).await;
        assert_eq!(answer.detail(404), "There is no such issue.", "{name}");
    }
    browser.get("/api/jira/issues/SECRET-99?owner_id=2").await.expect(200);
}

#[rstest]
#[tokio::test]
async fn what_hangs_on_an_issue_comes_with_it_or_by_itself(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((_app, browser)) = filled(engine).await else { return };
    let include = "include=comments,%20worklogs,changelog";
    let found = browser.get(&format!("/api/jira/issues/CORE-1?{include}")).await.expect(200).json();
    let bodies = ["comment 1", "comment 2", "comment 3", "comment 4", "comment 5"];
    assert_eq!(column(&found["comments"], "body"), bodies);
    assert_eq!(found["worklogs"][0]["time_spent_seconds"], 3600);
    assert_eq!(found["changelog"][0]["items"], json!([{"field": "status", "toString": "Done"}]));
    for (name, member) in [("comments", "comments"), ("worklogs", "worklogs"), ("changelog", "changelog")] {
        let listed = all(&browser, &format!("/api/jira/issues/10001/{name}?limit=2")).await;
        assert_eq!(Value::from(listed), found[member], "{name}");
        let none = browser.get(&format!("/api/jira/issues/CORE-3/{name}")).await.expect(200).json();
        assert_eq!(none, json!({"items": [], "next_cursor": null}), "{name}");
        browser.get(&format!("/api/jira/issues/CORE-1000/{name}")).await.expect(404);
    }
}

#[rstest]
#[tokio::test]
async fn wrong_parameters_are_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((_app, browser)) = filled(engine).await else { return };
    for (path, pointer) in [
        ("/api/jira/issues?limit=0", "/query/limit"),
        ("/api/jira/issues?limit=1001", "/query/limit"),
        ("/api/jira/issues?cursor=x", "/query/cursor"),
        ("/api/jira/issues?deleted=maybe", "/query/deleted"),
        ("/api/jira/issues?updated_since=yesterday", "/query/updated_since"),
        ("/api/jira/issues?project=a%00b", "/query"),
        ("/api/jira/issues/a%00b", "/path"),
        ("/api/jira/issues/CORE-1?include=votes", "/query/include"),
        ("/api/jira/issues/CORE-1/comments?cursor=x", "/query/cursor"),
        ("/api/jira/projects?deleted=1", "/query/deleted"),
    ] {
        assert_eq!(browser.get(path).await.expect(422).pointers(), [pointer], "{path}");
    }
}
