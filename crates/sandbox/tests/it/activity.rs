//! Comments, worklogs and history: changed by people, and read for many issues at once.

use connector_sandbox::{DEFAULT_CLOUD_ID, SandboxOptions};
use reqwest::Method;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, Tokens, json_of, read};

async fn post(atlassian: &Atlassian, tokens: &Tokens, path: &str, body: Value) -> (u16, Value) {
    let request = atlassian.post(&format!("/ex/jira/{DEFAULT_CLOUD_ID}/rest/api/3{path}"), &body);
    read(request.bearer_auth(&tokens.access).send().await.expect("an answer")).await
}

fn ids(values: &Value) -> Vec<u64> {
    values.as_array().expect("a list").iter().filter_map(|row| row["worklogId"].as_u64()).collect()
}

#[tokio::test]
async fn comments_can_be_written_changed_and_deleted() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let path = "/sites/acme/issues/10030/comments";
    let before = json_of(atlassian.jira(&tokens, "/issue/10030/comment").await).await["total"].clone();
    let updated =
        async || json_of(atlassian.jira(&tokens, "/issue/10030").await).await["fields"]["updated"].clone();
    let first = updated().await;
    let id = atlassian.control(Method::POST, path, json!({ "body": "It works now." })).await["id"].clone();
    let id = id.as_str().expect("an id");
    let comment = json_of(atlassian.jira(&tokens, &format!("/issue/10030/comment/{id}")).await).await;
    assert_eq!(comment["body"]["content"][0]["content"][0]["text"], json!("It works now."));
    let second = updated().await;
    assert_ne!(first, second);
    let own = format!("{path}/{id}");
    atlassian.control(Method::PATCH, &own, json!({ "body": "It does not." })).await;
    assert_eq!(updated().await, second, "editing a comment does not touch the issue");
    let edited = json_of(atlassian.jira(&tokens, &format!("/issue/10030/comment/{id}")).await).await;
    assert_ne!(edited["updated"], comment["updated"]);
    atlassian.control(Method::DELETE, &own, Value::Null).await;
    let list = json_of(atlassian.jira(&tokens, "/issue/10030/comment").await).await;
    assert_eq!(list["total"], before);
    let again = atlassian.control(Method::POST, path, json!({ "body": "Again." })).await;
    assert_ne!(again["id"], json!(id), "no id is given twice");
}

#[tokio::test]
async fn changed_worklogs_are_listed_after_a_minute() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let all = json_of(atlassian.jira(&tokens, "/worklog/updated").await).await;
    let since = all["until"].as_i64().expect("a time");
    assert_eq!(all["lastPage"], json!(true));
    assert!(!ids(&all["values"]).is_empty());
    let created = atlassian
        .control(
            Method::POST,
            "/sites/acme/issues/10030/worklogs",
            json!({ "seconds": 120, "comment": "Typing" }),
        )
        .await;
    let id: u64 = created["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let new = async |kind: &str| {
        ids(
            &json_of(atlassian.jira(&tokens, &format!("/worklog/{kind}?since={since}")).await).await["values"],
        )
    };
    assert!(new("updated").await.is_empty());
    atlassian.advance(61).await;
    assert_eq!(new("updated").await, [id]);
    let (status, list) = post(&atlassian, &tokens, "/worklog/list", json!({ "ids": [id, 1] })).await;
    assert_eq!((status, list.as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(list[0]["timeSpentSeconds"], json!(120));
    atlassian.control(Method::DELETE, &format!("/sites/acme/issues/10030/worklogs/{id}"), Value::Null).await;
    atlassian.advance(61).await;
    assert_eq!((new("updated").await, new("deleted").await), (vec![], vec![id]));
}

#[tokio::test]
async fn worklogs_come_in_pages_of_a_thousand() {
    let options = SandboxOptions { issues: Some(3000), ..SandboxOptions::default() };
    let (atlassian, tokens) = Atlassian::connected_with(options).await;
    let (mut since, mut seen) = (0, Vec::new());
    loop {
        let page = json_of(atlassian.jira(&tokens, &format!("/worklog/updated?since={since}")).await).await;
        seen.extend(ids(&page["values"]));
        since = page["until"].as_i64().expect("a time");
        if page["lastPage"] == json!(true) {
            break;
        }
        assert!(page["nextPage"].as_str().is_some_and(|next| next.ends_with(&format!("since={since}"))));
    }
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() == count && count > 1000, "{count}");
}

#[tokio::test]
async fn the_history_of_many_issues_comes_in_pages() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let issues: Vec<String> = (10_000..10_100).map(|id: u32| id.to_string()).collect();
    let mut request = json!({ "issueIdsOrKeys": issues, "maxResults": 30 });
    let mut entries = Vec::new();
    loop {
        let (status, page) = post(&atlassian, &tokens, "/changelog/bulkfetch", request.clone()).await;
        assert_eq!(status, 200);
        for issue in page["issueChangeLogs"].as_array().expect("a list") {
            entries.extend(
                issue["changeHistories"].as_array().expect("a list").iter().map(|row| row["id"].clone()),
            );
        }
        let Some(token) = page["nextPageToken"].as_str() else { break };
        request["nextPageToken"] = json!(token);
    }
    let mut single = Vec::new();
    for issue in &issues {
        let history = json_of(atlassian.jira(&tokens, &format!("/issue/{issue}/changelog")).await).await;
        single.extend(history["values"].as_array().expect("a list").iter().map(|row| row["id"].clone()));
    }
    assert_eq!(entries, single);
    let wrong = json!({ "issueIdsOrKeys": ["10000"], "nextPageToken": "nonsense" });
    assert_eq!(post(&atlassian, &tokens, "/changelog/bulkfetch", wrong).await.0, 400);
    let none = json!({ "issueIdsOrKeys": ["10000"], "fieldIds": ["summary"] });
    assert_eq!(post(&atlassian, &tokens, "/changelog/bulkfetch", none).await.1["issueChangeLogs"], json!([]));
}

#[tokio::test]
async fn a_lagging_index_finds_changes_later() {
    let options = SandboxOptions { index_lag: 30, ..SandboxOptions::default() };
    let (atlassian, tokens) = Atlassian::connected_with(options).await;
    let search = async |extra: &str| {
        let path = format!("/search/jql?jql=summary~zebra&fields=id{extra}");
        json_of(atlassian.jira(&tokens, &path).await).await["issues"].as_array().map_or(0, Vec::len)
    };
    let new = json!({ "project": "SEC", "summary": "A zebra" });
    let id = atlassian.control(Method::POST, "/sites/acme/issues", new).await["id"].clone();
    let id = id.as_str().expect("an id");
    atlassian.control(Method::PATCH, "/sites/acme/issues/10030", json!({ "summary": "Another zebra" })).await;
    assert_eq!(search("").await, 0);
    assert_eq!(search(&format!("&reconcileIssues={id}")).await, 1);
    assert_eq!(atlassian.jira(&tokens, &format!("/issue/{id}")).await.status(), 200);
    atlassian.advance(31).await;
    assert_eq!(search("").await, 2);
}
