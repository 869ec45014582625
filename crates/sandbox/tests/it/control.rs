//! Faults, statistics, changes to the data.

use std::time::{Duration, Instant};

use connector_sandbox::SandboxOptions;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, json_of, read};

const PROJECTS: &str = "*/project/search";

async fn fault(atlassian: &Atlassian, times: Option<u64>, action: Value) {
    let fault = json!({ "match": { "method": "GET", "path": PROJECTS }, "times": times, "action": action });
    atlassian.control(Method::POST, "/faults", fault).await;
}

#[tokio::test]
async fn control_is_there_only_when_asked_for() {
    let sandbox =
        connector_sandbox::Sandbox::new(SandboxOptions::default(), String::from("http://127.0.0.1:1"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/__sandbox/stats", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, sandbox.router()).await });
    let (atlassian, _) = Atlassian::connected().await;
    assert_eq!(atlassian.get(&url).send().await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn a_status_is_answered_as_often_as_asked() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let action = json!({ "status": 429, "headers": { "Retry-After": "7" }, "body": { "errorMessages": ["slow down"] } });
    fault(&atlassian, Some(2), action).await;
    for _ in 0..2 {
        let answer = atlassian.jira(&tokens, "/project/search").await;
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(read(answer).await, (429, json!({ "errorMessages": ["slow down"] })));
    }
    assert_eq!(atlassian.jira(&tokens, "/project/search").await.status(), 200);
}

#[tokio::test]
async fn a_fault_hits_only_what_it_names_and_can_be_removed() {
    let (atlassian, tokens) = Atlassian::connected().await;
    fault(&atlassian, None, json!({ "status": 503, "body": "<html>maintenance</html>" })).await;
    assert_eq!(atlassian.jira(&tokens, "/myself").await.status(), 200);
    for _ in 0..3 {
        let answer = atlassian.jira(&tokens, "/project/search").await;
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.text().await.expect("a body"), "<html>maintenance</html>");
    }
    atlassian.control(Method::DELETE, "/faults", Value::Null).await;
    assert_eq!(atlassian.jira(&tokens, "/project/search").await.status(), 200);
}

#[rstest]
#[case("before")]
#[case("after")]
#[tokio::test]
async fn a_dropped_connection_carries_no_answer(#[case] moment: &str) {
    let (atlassian, tokens) = Atlassian::connected().await;
    fault(&atlassian, Some(1), json!({ "drop": moment })).await;
    let path = "/ex/jira/11111111-1111-4111-8111-111111111111/rest/api/3/project/search";
    let result = atlassian.get(path).bearer_auth(&tokens.access).send().await;
    assert!(result.is_err(), "not even a head arrives");
    assert_eq!(atlassian.jira(&tokens, "/project/search").await.status(), 200);
}

#[tokio::test]
async fn a_drop_after_the_work_uses_a_refresh_token_up() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let fault = json!({ "match": { "path": "/oauth/token" }, "times": 2, "action": { "drop": "before" } });
    atlassian.control(Method::POST, "/faults", fault).await;
    let refresh = tokens.refresh.as_deref().expect("a refresh token");
    let body = json!({ "grant_type": "refresh_token", "refresh_token": refresh, "client_id": "sandbox-client", "client_secret": "sandbox-secret" });
    for _ in 0..2 {
        assert!(atlassian.post("/oauth/token", &body).send().await.is_err());
    }
    let count = async || {
        atlassian.control(Method::GET, "/stats", Value::Null).await["tokens"]["refresh_token"]["ok"].clone()
    };
    assert_eq!(count().await, json!(0));
    let fault = json!({ "match": { "path": "/oauth/token" }, "times": 1, "action": { "drop": "after" } });
    atlassian.control(Method::POST, "/faults", fault).await;
    assert!(atlassian.post("/oauth/token", &body).send().await.is_err());
    assert_eq!(count().await, json!(1));
    atlassian.advance(601).await;
    assert_eq!(atlassian.refresh(refresh).await.status(), 403);
}

#[tokio::test]
async fn a_truncated_body_breaks_off() {
    let (atlassian, tokens) = Atlassian::connected().await;
    fault(&atlassian, Some(1), json!({ "truncate": 40 })).await;
    let mut answer = atlassian.jira(&tokens, "/project/search").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mut received = 0;
    let broken = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => received += chunk.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the body ends too early");
    assert!(received <= 40);
}

#[tokio::test]
async fn garbage_is_not_json() {
    let (atlassian, tokens) = Atlassian::connected().await;
    fault(&atlassian, Some(1), json!({ "garbage": true })).await;
    let answer = atlassian.jira(&tokens, "/project/search").await;
    assert_eq!(answer.status(), 200);
    let body = answer.bytes().await.expect("a body");
    assert!(serde_json::from_slice::<Value>(&body).is_err());
}

#[tokio::test]
async fn answers_can_be_delayed() {
    let (atlassian, tokens) = Atlassian::connected().await;
    fault(&atlassian, Some(1), json!({ "delay_ms": 120 })).await;
    let begin = Instant::now();
    assert_eq!(atlassian.jira(&tokens, "/project/search").await.status(), 200);
    assert!(begin.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn an_unknown_fault_is_refused() {
    let (atlassian, _) = Atlassian::connected().await;
    for fault in [
        json!({ "match": { "path": "*" }, "action": { "explode": true } }),
        json!({ "action": { "status": 500 } }),
    ] {
        assert_eq!(
            atlassian.post("/__sandbox/faults", &fault).send().await.expect("an answer").status(),
            422
        );
    }
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let (atlassian, tokens) = Atlassian::connected().await;
    atlassian.control(Method::DELETE, "/stats", Value::Null).await;
    atlassian.jira(&tokens, "/project/APP").await;
    atlassian.jira(&tokens, "/project/WEB").await;
    atlassian.jira(&tokens, "/project/NOPE").await;
    let stats = atlassian.control(Method::GET, "/stats", Value::Null).await;
    let route = "/ex/jira/{cloud_id}/rest/api/3/project/{id}";
    let expected = json!([
        { "method": "GET", "route": route, "status": 200, "count": 2 },
        { "method": "GET", "route": route, "status": 404, "count": 1 },
    ]);
    assert_eq!(stats["requests"], expected);
    assert_eq!(stats["max_in_flight"], json!(1));
}

#[tokio::test]
async fn the_clock_shows_in_the_date_header() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let date = async || {
        atlassian.jira(&tokens, "/serverInfo").await.headers()["date"].to_str().expect("text").to_owned()
    };
    let year = |date: &str| date.split(' ').nth(3).and_then(|year| year.parse::<i32>().ok()).expect("a year");
    let before = year(&date().await);
    atlassian.advance(2 * 366 * 24 * 3600).await;
    let tokens = atlassian.log_in("read:jira-work").await;
    let after =
        atlassian.jira(&tokens, "/serverInfo").await.headers()["date"].to_str().expect("text").to_owned();
    assert!(year(&after) >= before + 2);
}

#[tokio::test]
async fn pages_are_written_moved_trashed_and_purged() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let page = async |id: &str, query: &str| {
        read(atlassian.confluence(&tokens, &format!("/wiki/api/v2/pages/{id}{query}")).await).await
    };
    let new = json!({ "space": "ENG", "title": "A new page", "body": "<p>First &amp; last</p>" });
    let created = atlassian.control(Method::POST, "/sites/acme/pages", new.clone()).await;
    let id = created["id"].as_str().expect("an id");
    assert_eq!(created["key"], json!("ENG"));
    let (status, body) = page(id, "?body-format=atlas_doc_format").await;
    assert_eq!((status, &body["version"]["number"]), (200, &json!(1)));
    assert!(
        body["body"]["atlas_doc_format"]["value"].as_str().is_some_and(|adf| adf.contains("First & last"))
    );

    // Titles are unique in a space.
    let again = atlassian.post("/__sandbox/sites/acme/pages", &new).send().await.expect("an answer");
    assert_eq!(again.status(), 422);

    atlassian.control(Method::PATCH, &format!("/sites/acme/pages/{id}"), json!({ "title": "Renamed" })).await;
    let (_, renamed) = page(id, "?body-format=storage").await;
    assert_eq!((&renamed["title"], &renamed["version"]["number"]), (&json!("Renamed"), &json!(2)));
    assert_eq!(renamed["body"]["storage"]["value"], json!("<p>First &amp; last</p>"));
    assert!(renamed["version"]["createdAt"].as_str() > body["version"]["createdAt"].as_str());

    atlassian.control(Method::PATCH, &format!("/sites/acme/pages/{id}"), json!({ "space": "PROD" })).await;
    let (_, moved) = page(id, "").await;
    assert_ne!(moved["spaceId"], renamed["spaceId"]);
    assert_eq!(moved["version"], renamed["version"], "a move is not a version");

    atlassian.control(Method::DELETE, &format!("/sites/acme/pages/{id}"), Value::Null).await;
    assert_eq!(page(id, "").await.0, 404);
    assert_eq!(page(id, "?status=trashed").await.0, 200);
    atlassian.control(Method::DELETE, &format!("/sites/acme/pages/{id}?purge=true"), Value::Null).await;
    assert_eq!(page(id, "?status=trashed").await.0, 404);
}

#[tokio::test]
async fn projects_and_spaces_come_and_go() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let total = async || json_of(atlassian.jira(&tokens, "/project/search").await).await["total"].clone();
    let project = json!({ "key": "NEW", "name": "Brand new" });
    assert_eq!(atlassian.control(Method::POST, "/sites/acme/projects", project).await["key"], json!("NEW"));
    assert_eq!(total().await, json!(13));
    atlassian.control(Method::PATCH, "/sites/acme/projects/NEW", json!({ "key": "NEWER" })).await;
    assert_eq!(json_of(atlassian.jira(&tokens, "/project/NEW").await).await["key"], json!("NEWER"));
    atlassian.control(Method::DELETE, "/sites/acme/projects/NEWER", Value::Null).await;
    assert_eq!(total().await, json!(12));
    assert_eq!(atlassian.jira(&tokens, "/project/NEWER").await.status(), 404);

    let space = json!({ "key": "FRESH", "name": "Fresh space" });
    let id = atlassian.control(Method::POST, "/sites/acme/spaces", space).await["id"].clone();
    let id = id.as_str().expect("an id");
    let space = json_of(atlassian.confluence(&tokens, &format!("/wiki/api/v2/spaces/{id}")).await).await;
    let home = space["homepageId"].as_str().expect("a home page");
    assert_eq!(atlassian.confluence(&tokens, &format!("/wiki/api/v2/pages/{home}")).await.status(), 200);
    atlassian.control(Method::DELETE, "/sites/acme/spaces/FRESH", Value::Null).await;
    assert_eq!(atlassian.confluence(&tokens, &format!("/wiki/api/v2/pages/{home}")).await.status(), 404);
}

#[tokio::test]
async fn the_truth_is_what_can_be_listed() {
    let (atlassian, _) = Atlassian::connected().await;
    let truth = atlassian.control(Method::GET, "/sites/acme/truth", Value::Null).await;
    let count = |kind: &str| truth[kind].as_array().map_or(0, Vec::len);
    assert_eq!((count("projects"), count("issues"), count("spaces"), count("pages")), (12, 600, 6, 300));
    assert!(count("trashed_pages") > 0);
    assert_eq!(
        atlassian.get("/__sandbox/sites/nowhere/truth").send().await.expect("an answer").status(),
        404
    );
}
