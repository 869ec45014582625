//! Everything that a copy of a site may hold can be edited, and the truth says what the copy has to be.

use connector_sandbox::SandboxOptions;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, Tokens, json_of, read};

async fn make(atlassian: &Atlassian, path: &str, body: Value) -> String {
    let made = atlassian.control(Method::POST, &format!("/sites/acme{path}"), body).await;
    made["id"].as_str().expect("an id").to_owned()
}

async fn change(atlassian: &Atlassian, path: &str, body: Value) {
    atlassian.control(Method::PATCH, &format!("/sites/acme{path}"), body).await;
}

async fn delete(atlassian: &Atlassian, path: &str) {
    atlassian.control(Method::DELETE, &format!("/sites/acme{path}"), Value::Null).await;
}

async fn truth(atlassian: &Atlassian, query: &str) -> Value {
    atlassian.control(Method::GET, &format!("/sites/acme/truth{query}"), Value::Null).await
}

async fn confluence(atlassian: &Atlassian, tokens: &Tokens, path: &str) -> (u16, Value) {
    read(atlassian.confluence(tokens, &format!("/wiki/api/v2{path}")).await).await
}

fn find<'a>(rows: &'a Value, id: &str) -> Option<&'a Value> {
    rows.as_array().expect("a list").iter().find(|row| row["id"] == id)
}

#[rstest]
#[case::page("/pages", "pages", "trashed_pages")]
#[case::blog_post("/blogposts", "blog_posts", "trashed_blog_posts")]
#[tokio::test]
async fn content_and_what_hangs_on_it_can_be_edited(
    #[case] folder: &str,
    #[case] kind: &str,
    #[case] trash: &str,
) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let new = json!({ "space": "ENG", "title": "News", "body": "<p>one</p>", "labels": ["new", "howto"] });
    let id = make(&atlassian, folder, new).await;
    let own = format!("{folder}/{id}");
    let comment = make(&atlassian, &format!("{own}/comments"), json!({ "body": "<p>why?</p>" })).await;
    let reply = json!({ "body": "<p>because</p>", "parent": comment });
    let reply = make(&atlassian, &format!("{own}/comments"), reply).await;
    let inline = json!({ "body": "<p>here</p>", "inline": true });
    let inline = make(&atlassian, &format!("{own}/comments"), inline).await;
    let file = json!({ "name": "plan.pdf", "media_type": "application/pdf", "size": 7 });
    let file = make(&atlassian, &format!("{own}/attachments"), file).await;

    change(&atlassian, &own, json!({ "body": "<p>two</p>", "labels": ["old"] })).await;
    change(&atlassian, &format!("{own}/comments/{comment}"), json!({ "body": "<p>why not?</p>" })).await;
    change(&atlassian, &format!("{own}/comments/{inline}"), json!({ "resolved": true })).await;

    let (_, shown) = confluence(&atlassian, &tokens, &format!("{own}?body-format=storage")).await;
    assert_eq!(
        (&shown["version"]["number"], &shown["body"]["storage"]["value"]),
        (&json!(2), &json!("<p>two</p>"))
    );
    let (_, labels) = confluence(&atlassian, &tokens, &format!("{own}/labels")).await;
    assert_eq!(labels["results"][0]["name"], "old");
    let (_, files) = confluence(&atlassian, &tokens, &format!("{own}/attachments")).await;
    assert_eq!(files["results"][0]["id"], json!(file));
    let footer = format!("/footer-comments/{comment}");
    let (_, shown) = confluence(&atlassian, &tokens, &format!("{footer}?body-format=storage")).await;
    assert_eq!(
        (&shown["version"]["number"], &shown["body"]["storage"]["value"]),
        (&json!(2), &json!("<p>why not?</p>"))
    );
    let (_, replies) = confluence(&atlassian, &tokens, &format!("{footer}/children")).await;
    assert_eq!(replies["results"][0]["id"], json!(reply));
    let (_, beside) = confluence(&atlassian, &tokens, &format!("{own}/inline-comments")).await;
    assert_eq!(beside["results"][0]["resolutionStatus"], "resolved");

    let told = truth(&atlassian, &format!("?full=true&kinds={kind}")).await;
    let told = find(&told[kind], &id).expect("it is there");
    assert_eq!(
        (told["comments"].as_array().map(Vec::len), told["attachments"].as_array().map(Vec::len)),
        (Some(3), Some(1))
    );
    assert_eq!(
        (&told["body"]["storage"]["value"], &told["versions"]),
        (&json!("<p>two</p>"), &json!([1, 2]))
    );

    // A comment goes with its replies.
    delete(&atlassian, &format!("{own}/comments/{comment}")).await;
    delete(&atlassian, &format!("{own}/attachments/{file}")).await;
    assert_eq!(confluence(&atlassian, &tokens, &footer).await.0, 404);
    assert_eq!(confluence(&atlassian, &tokens, &format!("/footer-comments/{reply}")).await.0, 404);
    delete(&atlassian, &own).await;
    assert_eq!(confluence(&atlassian, &tokens, &own).await.0, 404);
    let told = truth(&atlassian, "?full=true").await;
    assert!(find(&told[kind], &id).is_none());
    let told = find(&told[trash], &id).expect("it is in the trash");
    assert_eq!(told["comments"].as_array().map(Vec::len), Some(1));
    change(&atlassian, &own, json!({ "status": "current" })).await;
    assert_eq!(confluence(&atlassian, &tokens, &own).await.0, 200);
    delete(&atlassian, &format!("{own}?purge=true")).await;
    assert!(find(&truth(&atlassian, "").await[trash], &id).is_none());
}

#[tokio::test]
async fn issues_change_in_all_their_parts() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let epic =
        make(&atlassian, "/issues", json!({ "project": "SEC", "summary": "Above", "issuetype": "Epic" }))
            .await;
    let new = json!({ "project": "SEC", "summary": "Below", "labels": ["urgent"], "parent": epic });
    let id = make(&atlassian, "/issues", new).await;
    let own = format!("/issues/{id}");
    let file = make(&atlassian, &format!("{own}/attachments"), json!({ "name": "log.txt" })).await;
    let comment = make(&atlassian, &format!("{own}/comments"), json!({ "body": "first" })).await;
    make(&atlassian, &format!("{own}/worklogs"), json!({ "seconds": 600, "comment": "looked" })).await;
    change(&atlassian, &own, json!({ "labels": ["calm", "late"], "parent": "" })).await;
    let shown = json_of(atlassian.jira(&tokens, &format!("/issue/{id}")).await).await;
    assert_eq!(shown["fields"]["labels"], json!(["calm", "late"]));
    assert_eq!(
        (&shown["fields"]["parent"], &shown["fields"]["attachment"][0]["filename"]),
        (&Value::Null, &json!("log.txt"))
    );
    let found = json_of(atlassian.jira(&tokens, "/search/jql?jql=labels%3Dlate").await).await;
    assert_eq!(found["issues"][0]["id"], json!(id));

    let told = truth(&atlassian, "?full=true&kinds=issues,users,projects").await;
    let told_issue = find(&told["issues"], &id).expect("it is there");
    assert_eq!(told_issue["comments"][0]["id"], json!(comment));
    assert_eq!(told_issue["worklogs"][0]["timeSpentSeconds"], json!(600));
    let fields: Vec<&Value> = told_issue["changelog"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["items"][0]["field"])
        .collect();
    assert_eq!(fields, ["IssueParentAssociation", "labels"]);
    assert!(told["users"].as_array().is_some_and(|users| users.len() == 22));
    assert!(told["projects"][0]["lead"]["accountId"].is_string());

    delete(&atlassian, &format!("{own}/attachments/{file}")).await;
    let shown = json_of(atlassian.jira(&tokens, &format!("/issue/{id}?fields=attachment")).await).await;
    assert_eq!(shown["fields"]["attachment"], json!([]));
}

#[tokio::test]
async fn a_project_and_a_space_vanish_for_somebody_and_come_back() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let count = async |query: &str| {
        let told = truth(&atlassian, query).await;
        ["projects", "spaces"].map(|kind| told[kind].as_array().map_or(0, Vec::len))
    };
    let project = async || atlassian.jira(&tokens, "/project/SEC").await.status().as_u16();
    for (hidden, status, seen) in [(json!(["ada@example.com"]), 404, [11, 5]), (json!([]), 200, [12, 6])] {
        change(&atlassian, "/projects/SEC", json!({ "hidden_from": hidden })).await;
        change(&atlassian, "/spaces/ENG", json!({ "hidden_from": hidden })).await;
        assert_eq!(project().await, status);
        assert_eq!(count("?as=ada@example.com").await, seen);
        assert_eq!(count("").await, [12, 6], "they still exist");
        let (_, spaces) = confluence(&atlassian, &tokens, "/spaces").await;
        assert_eq!(spaces["results"].as_array().map(Vec::len), Some(seen[1]));
    }
    assert_eq!(count("?as=ben@example.com").await, [11, 6]);
}

#[tokio::test]
async fn the_index_can_begin_to_lag_and_catch_up() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let found = async || {
        let found = json_of(atlassian.jira(&tokens, "/search/jql?jql=labels%3Dlagging").await).await;
        found["issues"].as_array().map_or(0, Vec::len)
    };
    atlassian.control(Method::PATCH, "/switches", json!({ "index_lag": 30 })).await;
    make(&atlassian, "/issues", json!({ "project": "SEC", "summary": "Late", "labels": ["lagging"] })).await;
    assert_eq!(found().await, 0);
    atlassian.advance(31).await;
    assert_eq!(found().await, 1);
}

#[tokio::test]
async fn the_date_header_can_be_ahead_and_the_token_endpoint_limited() {
    let (atlassian, tokens) = Atlassian::connected().await;
    atlassian.control(Method::PATCH, "/switches", json!({ "date_skew": 200 * 86_400 })).await;
    let date = async || {
        let answer = atlassian.jira(&tokens, "/serverInfo").await;
        let date = answer.headers()["date"].to_str().expect("text").to_owned();
        chrono::DateTime::parse_from_rfc2822(&date).expect("a date").timestamp()
    };
    let ahead = date().await;
    atlassian.control(Method::PATCH, "/switches", json!({ "date_skew": 0, "token_limit": 2 })).await;
    assert!(ahead - date().await > 199 * 86_400);

    // Begins a minute of its own.
    atlassian.advance(60).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer = atlassian.refresh("nonsense").await;
        statuses.push((answer.status().as_u16(), answer.headers().contains_key("retry-after")));
    }
    assert_eq!(statuses, [(403, false), (403, false), (429, true)]);
    atlassian.advance(60).await;
    assert_eq!(atlassian.refresh("nonsense").await.status(), 403);
}

#[tokio::test]
async fn at_the_gateway_confluence_needs_no_wiki_in_its_paths() {
    let (atlassian, tokens) = Atlassian::connected_with(SandboxOptions::default()).await;
    for (path, status) in [
        ("/api/v2/spaces", 200),
        ("/rest/api/user/current", 200),
        ("/rest/api/search?cql=type%3Dpage", 200),
        ("/rest/api/space", 410),
    ] {
        assert_eq!(atlassian.confluence(&tokens, path).await.status(), status, "{path}");
    }
}
