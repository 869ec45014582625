//! Issues and what hangs on them.

use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, Tokens, json_of, read};

async fn issue(atlassian: &Atlassian, tokens: &Tokens, path: &str) -> Value {
    let answer = atlassian.jira(tokens, &format!("/issue/{path}")).await;
    assert_eq!(answer.status(), 200, "{path}");
    json_of(answer).await
}

/// All issues with some fields, keyed by nothing.
async fn all(atlassian: &Atlassian, tokens: &Tokens, fields: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut token = String::new();
    loop {
        let path = format!("/search/jql?jql=id%20is%20not%20empty&maxResults=100&fields={fields}{token}");
        let page = json_of(atlassian.jira(tokens, &path).await).await;
        rows.extend(page["issues"].as_array().expect("issues").iter().cloned());
        match page["nextPageToken"].as_str() {
            Some(next) => token = format!("&nextPageToken={next}"),
            None => return rows,
        }
    }
}

#[tokio::test]
async fn an_issue_has_everything_unless_less_is_asked_for() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let full = issue(&atlassian, &tokens, "WEB-1").await;
    let fields = full["fields"].as_object().expect("fields");
    assert_eq!(fields["project"]["key"], "WEB");
    for field in ["summary", "status", "comment", "worklog", "attachment", "description", "customfield_10016"]
    {
        assert!(fields.contains_key(field), "{field}");
    }
    let less = issue(&atlassian, &tokens, "WEB-1?fields=summary,-status").await;
    assert_eq!(less["fields"], json!({ "summary": full["fields"]["summary"] }));
    assert_eq!(issue(&atlassian, &tokens, full["id"].as_str().expect("an id")).await, full);
}

#[tokio::test]
async fn a_missing_issue_and_a_hidden_one_look_alike() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let missing = read(atlassian.jira(&tokens, "/issue/WEB-999999").await).await;
    assert_eq!(missing.0, 404);
    assert_eq!(
        missing.1["errorMessages"][0],
        "Issue does not exist or you do not have permission to see it."
    );
    assert_eq!(read(atlassian.site("ben@example.com", "/rest/api/3/issue/SEC-1").await).await, missing);
    assert_eq!(atlassian.site("ada@example.com", "/rest/api/3/issue/SEC-1").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn text_is_a_document_in_version_3_and_a_string_in_version_2() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let described = all(&atlassian, &tokens, "description").await;
    assert!(described.iter().any(|issue| issue["fields"]["description"].is_null()));
    let with_text =
        described.iter().find(|issue| !issue["fields"]["description"].is_null()).expect("a description");
    assert_eq!(
        (&with_text["fields"]["description"]["type"], &with_text["fields"]["description"]["version"]),
        (&json!("doc"), &json!(1))
    );
    let path = format!("/rest/api/2/issue/{}?fields=description", with_text["id"].as_str().expect("an id"));
    let second = json_of(atlassian.site("ada@example.com", &path).await).await;
    assert!(second["fields"]["description"].is_string());
}

#[tokio::test]
async fn lists_inside_an_issue_end_after_twenty() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "comment,worklog").await;
    for (field, list) in [("comment", "comments"), ("worklog", "worklogs")] {
        let total = |issue: &Value| issue["fields"][field]["total"].as_u64().unwrap_or_default();
        let busiest = rows.iter().max_by_key(|issue| total(issue)).expect("an issue");
        assert!(total(busiest) > 20, "{field}");
        assert_eq!(busiest["fields"][field][list].as_array().map(Vec::len), Some(20));
        let path = format!("{}/{field}", busiest["id"].as_str().expect("an id"));
        let full = issue(&atlassian, &tokens, &path).await;
        assert_eq!(
            full[list].as_array().map(Vec::len),
            Some(usize::try_from(total(busiest)).expect("a size"))
        );
        assert!(full.get("isLast").is_none() && full["total"] == json!(total(busiest)));
        let part = issue(&atlassian, &tokens, &format!("{path}?startAt=5&maxResults=3")).await;
        assert_eq!(part[list].as_array().expect("a list")[..], full[list].as_array().expect("a list")[5..8]);
    }
}

#[tokio::test]
async fn comments_can_be_asked_for_by_id() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "comment").await;
    let mut ids: Vec<u64> = rows
        .iter()
        .filter_map(|issue| issue["fields"]["comment"]["comments"][0]["id"].as_str()?.parse().ok())
        .take(5)
        .collect();
    let path = "/ex/jira/11111111-1111-4111-8111-111111111111/rest/api/3/comment/list";
    ids.sort_unstable();
    let mut asked = ids.clone();
    asked.push(1);
    let answer = atlassian.post(path, &json!({ "ids": asked })).bearer_auth(&tokens.access).send().await;
    let answer = json_of(answer.expect("an answer")).await;
    let found: Vec<u64> = answer["values"]
        .as_array()
        .expect("values")
        .iter()
        .filter_map(|row| row["id"].as_str()?.parse().ok())
        .collect();
    assert_eq!(found, ids);
}

#[tokio::test]
async fn a_history_leads_to_the_present_status() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "status,updated").await;
    let done =
        rows.iter().find(|issue| issue["fields"]["status"]["name"] == "Done").expect("something is done");
    let id = done["id"].as_str().expect("an id");
    let log = issue(&atlassian, &tokens, &format!("{id}/changelog")).await;
    assert_eq!(log["isLast"], json!(true));
    let last = log["values"].as_array().expect("values").last().expect("an entry");
    assert_eq!(
        (&last["items"][0]["toString"], &last["created"]),
        (&json!("Done"), &done["fields"]["updated"])
    );
    let expanded = issue(&atlassian, &tokens, &format!("{id}?expand=changelog")).await;
    assert_eq!(expanded["changelog"]["histories"][0], *last);
}

#[tokio::test]
async fn several_issues_come_at_once_without_what_is_missing() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let path = "/ex/jira/11111111-1111-4111-8111-111111111111/rest/api/3/issue/bulkfetch";
    let fetch = async |body: Value| {
        read(atlassian.post(path, &body).bearer_auth(&tokens.access).send().await.expect("an answer")).await
    };
    let body =
        json!({ "issueIdsOrKeys": ["WEB-2", "APP-1", "10000", "NOPE-1", "WEB-2"], "fields": ["summary"] });
    let (status, body) = fetch(body).await;
    assert_eq!((status, &body["issueErrors"]), (200, &json!([])));
    let ids: Vec<u64> = body["issues"]
        .as_array()
        .expect("issues")
        .iter()
        .filter_map(|row| row["id"].as_str()?.parse().ok())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.is_sorted());
    let many: Vec<String> = (10_000..10_101).map(|id: u32| id.to_string()).collect();
    assert_eq!(fetch(json!({ "issueIdsOrKeys": many })).await.0, 400);
    assert_eq!(fetch(json!({ "issueIdsOrKeys": ["WEB-1"], "colour": "red" })).await.0, 400);
}

#[tokio::test]
async fn a_moved_issue_answers_to_its_old_key_with_its_new_one() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let before = issue(&atlassian, &tokens, "WEB-3?fields=comment").await;
    let moved =
        atlassian.control(Method::PATCH, "/sites/acme/issues/WEB-3", json!({ "project": "APP" })).await;
    assert!(moved["key"].as_str().is_some_and(|key| key.starts_with("APP-")));
    let after = issue(&atlassian, &tokens, "WEB-3?fields=comment,project&expand=changelog").await;
    assert_eq!((&after["id"], &after["key"]), (&before["id"], &moved["key"]));
    assert_eq!(after["fields"]["project"]["key"], json!("APP"));
    assert_eq!(after["fields"]["comment"]["total"], before["fields"]["comment"]["total"], "nothing is lost");
    let item = &after["changelog"]["histories"][0]["items"][0];
    assert_eq!(
        (&item["field"], &item["fromString"], &item["toString"]),
        (&json!("Key"), &json!("WEB-3"), &moved["key"])
    );
    assert!(item.get("fieldId").is_none());
}

#[tokio::test]
async fn issues_are_made_changed_and_deleted() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let new = json!({ "project": "WEB", "summary": "Something new", "description": "One\n\nTwo" });
    let created = atlassian.control(Method::POST, "/sites/acme/issues", new).await;
    let key = created["key"].as_str().expect("a key");
    let first = issue(&atlassian, &tokens, key).await;
    assert_eq!(first["fields"]["comment"]["total"], json!(0));
    assert_eq!(first["fields"]["description"]["content"].as_array().map(Vec::len), Some(2));
    let change = json!({ "summary": "Something better", "status": "Done" });
    atlassian.control(Method::PATCH, &format!("/sites/acme/issues/{key}"), change).await;
    let second = issue(&atlassian, &tokens, key).await;
    assert_eq!(
        (&second["fields"]["summary"], &second["fields"]["resolution"]["name"]),
        (&json!("Something better"), &json!("Done"))
    );
    assert!(second["fields"]["updated"].as_str() > first["fields"]["updated"].as_str());
    atlassian.control(Method::DELETE, &format!("/sites/acme/issues/{key}"), Value::Null).await;
    assert_eq!(atlassian.jira(&tokens, &format!("/issue/{key}")).await.status(), 404);
}

#[tokio::test]
async fn attachments_lie_on_another_host() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "attachment").await;
    let file =
        rows.iter().find_map(|issue| issue["fields"]["attachment"].as_array()?.first()).expect("a file");
    let content = file["content"].as_str().expect("an address");
    let redirect = atlassian.get(content).bearer_auth(&tokens.access).send().await.expect("an answer");
    assert_eq!(redirect.status(), StatusCode::SEE_OTHER);
    let media = redirect.headers()["location"].to_str().expect("text").to_owned();
    let answer = atlassian.get(&media).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], file["mimeType"].as_str().expect("a type"));
    assert_eq!(answer.bytes().await.expect("a file").len() as u64, file["size"].as_u64().expect("a size"));
    let leaked = atlassian.get(&media).bearer_auth(&tokens.access).send().await.expect("an answer");
    assert_eq!(leaked.status(), 400, "the token was not meant for this host");
    let id = file["id"].as_str().expect("an id");
    let metadata = json_of(atlassian.jira(&tokens, &format!("/attachment/{id}")).await).await;
    assert_eq!(metadata["filename"], file["filename"]);
}

#[rstest]
#[case("/field", "customfield_10020")]
#[case("/status", "10002")]
#[case("/priority", "3")]
#[case("/issuetype", "10001")]
#[tokio::test]
async fn small_lists_are_bare_arrays(#[case] path: &str, #[case] id: &str) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let list = json_of(atlassian.jira(&tokens, path).await).await;
    assert!(list.as_array().expect("a list").iter().any(|row| row["id"] == id), "{list}");
}

#[tokio::test]
async fn users_are_paged_until_an_empty_page() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let mut users: Vec<Value> = Vec::new();
    loop {
        let path = format!("/users/search?startAt={}&maxResults=10", users.len());
        let page = json_of(atlassian.jira(&tokens, &path).await).await;
        let page = page.as_array().expect("a bare array");
        if page.is_empty() {
            break;
        }
        users.extend(page.iter().cloned());
    }
    assert!(users.len() > 20);
    assert_eq!(users[0]["accountType"], "app");
    assert!(users[0].get("emailAddress").is_none());
    assert!(users.iter().any(|user| user["active"] == json!(false)));
    let id = users[5]["accountId"].as_str().expect("an id");
    assert_eq!(json_of(atlassian.jira(&tokens, &format!("/user?accountId={id}")).await).await, users[5]);
}
