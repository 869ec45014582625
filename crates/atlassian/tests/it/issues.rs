use connector_atlassian::ApiError;
use connector_atlassian::jira::{Issue, IssueBatch, IssueFields, RawFields};
use serde_json::{Value, json};

use crate::stub::{Asked, Reply, Stub};
use crate::{client, cloud_id, token};

fn ids(ids: impl IntoIterator<Item = u64>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

fn asked_ids(asked: &Asked) -> Vec<String> {
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    serde_json::from_value(body["issueIdsOrKeys"].clone()).unwrap()
}

fn issue(id: &str) -> Value {
    json!({"id": id, "key": format!("ENG-{id}"), "fields": {"summary": "x"}})
}

async fn fetch(stub: &Stub, asked: &[String]) -> Result<IssueBatch, ApiError> {
    let fields = ["*all".to_owned(), "-comment".to_owned()];
    client(&stub.url).jira(&cloud_id()).bulk_fetch(&token(), asked, &fields).await
}

async fn read(issue: Value) -> Result<Issue, ApiError> {
    let stub = Stub::in_turn(vec![Reply::json(&issue)]).await;
    client(&stub.url).jira(&cloud_id()).issue(&token(), "ENG-1").await
}

#[tokio::test]
async fn an_issue_is_read_in_full() {
    let description = json!({"type": "doc", "version": 1, "content": []});
    let person = |id: &str| json!({"accountId": id, "displayName": "Ada", "emailAddress": "?"});
    let issue = read(json!({"id": 10_001, "key": "ENG-1", "expand": "", "fields": {
        "summary": "A bug", "description": description, "labels": ["a", "b"],
        "status": {"id": "3", "name": "Doing", "statusCategory": {"id": 4, "key": "indeterminate", "name": "D"}},
        "issuetype": {"id": "10002", "name": "Bug", "subtask": false, "hierarchyLevel": 0},
        "priority": {"id": "2", "name": "High"}, "resolution": {"id": "1", "name": "Done"},
        "assignee": person("a"), "reporter": person("r"), "creator": {"displayName": "Gone"},
        "project": {"id": "10000", "key": "ENG", "name": "Engineering"},
        "parent": {"id": "10000", "key": "ENG-0", "fields": {"summary": "Epic"}},
        "created": "2026-04-28T15:31:13.533+0200", "updated": "2026-04-28T15:31:14.000+0200",
        "resolutiondate": "2026-04-28T04:01:14.000-0930", "duedate": "2026-05-01",
        "components": [{"id": "1", "name": "api"}], "fixVersions": [{"id": "2", "name": "1.0"}],
        "attachment": [{"id": 7, "filename": "log.txt", "mimeType": "text/plain", "size": 2460,
            "created": "2023-06-24T19:24:50.000+0000", "author": person("a"), "content": "https://x.example/7"}],
        "customfield_10016": 5.0, "comment": {"comments": [], "total": 0},
    }}))
    .await
    .unwrap();
    assert_eq!(issue.browse_url("https://acme.example/"), "https://acme.example/browse/ENG-1");
    assert_eq!((issue.id.as_str(), issue.key.as_str()), ("10001", "ENG-1"));
    let fields = issue.fields;
    assert_eq!(fields.summary.as_deref(), Some("A bug"));
    assert_eq!(fields.description, Some(description));
    assert_eq!(fields.labels, ["a", "b"]);
    let status = fields.status.unwrap();
    assert_eq!(
        (status.name.as_str(), status.status_category.unwrap().key.as_str()),
        ("Doing", "indeterminate")
    );
    assert_eq!(fields.issue_type.unwrap().hierarchy_level, Some(0));
    assert_eq!(
        (fields.priority.unwrap().name, fields.resolution.unwrap().name),
        ("High".into(), "Done".into())
    );
    let assignee = fields.assignee.unwrap();
    assert_eq!((assignee.account_id.as_str(), assignee.email), ("a", None));
    assert_eq!((fields.reporter.unwrap().account_id.as_str(), fields.creator), ("r", None));
    assert_eq!(fields.project.unwrap().key, "ENG");
    assert_eq!(fields.parent.unwrap().key.as_deref(), Some("ENG-0"));
    assert_eq!(fields.created.unwrap().to_string(), "2026-04-28T13:31:13.533Z");
    assert_eq!(fields.updated.unwrap().to_string(), "2026-04-28T13:31:14.000Z");
    assert_eq!(fields.resolved.unwrap().to_string(), "2026-04-28T13:31:14.000Z");
    assert_eq!(fields.due.unwrap().to_string(), "2026-05-01");
    assert_eq!((fields.components[0].name.as_str(), fields.fix_versions[0].name.as_str()), ("api", "1.0"));
    assert_eq!((fields.attachments[0].id.as_str(), fields.attachments[0].size), ("7", Some(2460)));
    let all: Vec<_> = fields.all.iter().map(|(id, _)| id).collect();
    assert_eq!(all.len(), 21, "{all:?}");
    let raw = |id| fields.all.read::<Value>(id);
    assert_eq!(raw("customfield_10016"), Some(json!(5.0)));
    assert_eq!(raw("components"), Some(json!([{"id": "1", "name": "api"}])));
    assert_eq!(
        raw("creator"),
        Some(json!({"displayName": "Gone"})),
        "as it came, though nobody can be read from it"
    );
}

#[tokio::test]
async fn absent_null_and_empty_fields_are_all_nothing() {
    let null = read(json!({"id": "1", "key": "ENG-1", "fields": {
        "summary": null, "description": null, "labels": null, "status": null, "assignee": null, "parent": null,
        "created": "", "updated": null, "duedate": "", "components": null, "attachment": null, "project": null,
    }}))
    .await
    .unwrap();
    assert_eq!(null.fields.all.iter().count(), 12);
    let null = IssueFields { all: RawFields::default(), ..null.fields };
    for issue in [
        read(json!({"id": "1", "key": "ENG-1"})).await,
        read(json!({"id": "1", "key": "ENG-1", "fields": {}})).await,
    ] {
        assert_eq!(issue.unwrap().fields, null);
    }
}

#[tokio::test]
async fn an_old_key_leads_to_the_issue_with_its_new_key() {
    let stub = Stub::in_turn(vec![Reply::json(&issue("5"))]).await;
    let issue = client(&stub.url).jira(&cloud_id()).issue(&token(), "OLD-1").await.unwrap();
    assert_eq!((issue.id.as_str(), issue.key.as_str()), ("5", "ENG-5"));
    assert_eq!(stub.asked()[0].path, "/api/ex/jira/cloud-1/rest/api/3/issue/OLD-1");
}

#[tokio::test]
async fn a_batch_says_what_became_of_each_issue() {
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({
            "issues": [issue("1"), {"id": "2", "key": "ENG-2", "fields": {"created": "yesterday"}}],
            "issueErrors": [{"id": "3", "errorMessage": "too much"}],
        }))
        .header("date", "Thu, 26 Mar 2026 15:29:13 GMT"),
    ])
    .await;
    let mut asked = ids(1..5);
    asked.push("eng-1".to_owned());
    let batch = fetch(&stub, &asked).await.unwrap();
    assert_eq!((batch.issues.len(), batch.issues[0].id.as_str()), (1, "1"));
    assert_eq!(batch.bad[0].to_string(), "record 2: `fields.created`: expected a time with its offset");
    assert_eq!((batch.errors[0].id.as_str(), batch.errors[0].error_message.as_str()), ("3", "too much"));
    assert_eq!(batch.absent, ["4"]);
    assert_eq!(batch.date.unwrap().to_string(), "2026-03-26T15:29:13.000Z");
    let asked = stub.asked();
    assert_eq!(asked[0].path, "/api/ex/jira/cloud-1/rest/api/3/issue/bulkfetch");
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(body["fields"], json!(["*all", "-comment"]));
}

/// Jira answers 200 and stops in the middle where the issues are too fat.
#[tokio::test]
async fn a_batch_that_is_cut_off_is_fetched_in_halves() {
    let stub = Stub::start(|asked| {
        let ids = asked_ids(asked);
        let whole = json!({"issues": ids.iter().map(|id| issue(id)).collect::<Vec<_>>(), "issueErrors": []})
            .to_string();
        let is_fat = ids.len() > 2 || ids.contains(&"5".to_owned());
        Reply::new(200, if is_fat { whole[..whole.len() - 20].to_owned() } else { whole })
    })
    .await;
    let batch = fetch(&stub, &ids(1..9)).await.unwrap();
    let found: Vec<_> = batch.issues.iter().map(|issue| issue.id.as_str()).collect();
    assert_eq!(found, ["1", "2", "3", "4", "6", "7", "8"]);
    assert_eq!(batch.errors.iter().map(|error| error.id.as_str()).collect::<Vec<_>>(), ["5"]);
    assert_eq!(batch.absent, Vec::<String>::new());
    let sizes: Vec<_> = stub.asked().iter().map(|asked| asked_ids(asked).len()).collect();
    assert_eq!(sizes, [8, 4, 2, 2, 4, 2, 1, 1, 2]);
}

#[tokio::test]
async fn nothing_is_asked_for_no_issue() {
    let stub = Stub::start(|_| Reply::new(500, "")).await;
    assert_eq!(fetch(&stub, &[]).await.unwrap(), IssueBatch::default());
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn a_file_is_described() {
    let stub = Stub::in_turn(vec![Reply::json(&json!({"id": 7, "filename": "a.png", "size": 12}))]).await;
    let file = client(&stub.url).jira(&cloud_id()).attachment(&token(), "7").await.unwrap();
    assert_eq!((file.id.as_str(), file.filename.as_str(), file.size), ("7", "a.png", Some(12)));
    assert_eq!(stub.asked()[0].path, "/api/ex/jira/cloud-1/rest/api/3/attachment/7");
}
