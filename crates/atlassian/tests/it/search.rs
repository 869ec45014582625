use connector_atlassian::ApiError;
use connector_atlassian::jira::{Condition, Jql, Search};
use connector_domain::Timestamp;
use serde_json::{Value, json};

use crate::stub::{Asked, Reply, Stub};
use crate::{NoPause, client, cloud_id, token};

fn search() -> Search {
    Search::new(Jql::project(10_000))
}

fn issue(id: u64) -> Value {
    json!({"id": id.to_string(), "key": format!("ENG-{id}"), "fields": {"summary": format!("Issue {id}")}})
}

fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

/// What a pager makes of these pages: how many issues, and how it ends.
async fn read_all(answers: Vec<Value>) -> (usize, Result<(), ApiError>) {
    let stub = Stub::in_turn(answers.iter().map(Reply::json).collect()).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let mut pager = client.jira(&cloud_id).all_issues(search());
    let mut count = 0;
    loop {
        match pager.next(&token()).await {
            Ok(Some(page)) => count += page.items.len(),
            Ok(None) => return (count, Ok(())),
            Err(error) => return (count, Err(error)),
        }
    }
}

#[tokio::test]
async fn every_page_is_asked_for_by_the_same_search_and_its_token() {
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"issues": [issue(1), issue(2)], "nextPageToken": "t=/+ 2", "isLast": false}))
            .header("date", "Thu, 26 Mar 2026 15:29:13 GMT")
            .header("x-ratelimit-remaining", "349"),
        Reply::json(&json!({"issues": [issue(3)], "isLast": true})),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jql = Jql::updated_since(10_000, Timestamp::from_millis(1_777_383_073_533));
    let fields = vec!["summary".to_owned(), "status".to_owned()];
    let search = Search { fields, reconcile: vec![7], ..Search::new(jql) };
    let mut pager = client.jira(&cloud_id).all_issues(search);
    let first = pager.next(&token()).await.unwrap().unwrap();
    assert_eq!(first.date.unwrap().to_string(), "2026-03-26T15:29:13.000Z");
    assert_eq!((first.rate.remaining, first.items.len(), first.total), (Some(349), 2, None));
    assert_eq!(pager.next(&token()).await.unwrap().unwrap().items[0].key, "ENG-3");
    assert!(pager.next(&token()).await.unwrap().is_none());
    let asked = stub.asked();
    let mut expected = json!({
        "jql": "project = 10000 AND updated >= 1777383073533 ORDER BY updated ASC, key ASC",
        "fields": ["summary", "status"], "maxResults": 100, "reconcileIssues": [7],
    });
    assert_eq!(body(&asked[0]), expected);
    expected["nextPageToken"] = json!("t=/+ 2");
    assert_eq!(body(&asked[1]), expected);
    for asked in asked {
        assert_eq!(asked.method, "POST");
        assert_eq!(asked.path, "/api/ex/jira/cloud-1/rest/api/3/search/jql");
        assert_eq!(asked.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn ids_alone_are_asked_for_five_thousand_a_page() {
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"issues": [{"id": "10001"}, {"id": 10_002}, {"key": "ENG-1"}], "isLast": true})),
        Reply::json(&json!({"count": 153})),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jira = client.jira(&cloud_id);
    let search = Search { max_results: connector_atlassian::jira::MOST_IDS, ..search() };
    let page = jira.all_issue_ids(search).next(&token()).await.unwrap().unwrap();
    assert_eq!(page.items.iter().map(|issue| issue.id.as_str()).collect::<Vec<_>>(), ["10001", "10002"]);
    assert_eq!(page.bad.len(), 1);
    assert_eq!(jira.approximate_count(&token(), &Jql::project(10_000)).await.unwrap(), 153);
    let asked = stub.asked();
    assert_eq!(
        body(&asked[0]),
        json!({"jql": "project = 10000 ORDER BY id ASC", "fields": ["id"], "maxResults": 5000})
    );
    assert_eq!(body(&asked[1]), json!({"jql": "project = 10000 ORDER BY id ASC"}));
}

#[tokio::test]
async fn short_and_empty_pages_do_not_end_a_search() {
    let pages = vec![
        json!({"issues": [issue(1)], "nextPageToken": "2", "isLast": false}),
        json!({"issues": [], "nextPageToken": "3", "isLast": false}),
        json!({"issues": [], "nextPageToken": "4"}),
        json!({"issues": [issue(2), issue(3)], "nextPageToken": null, "isLast": true}),
    ];
    assert_eq!(read_all(pages).await, (3, Ok(())));
}

#[tokio::test]
async fn either_sign_of_the_end_ends_a_search() {
    for end in [
        json!({"issues": [issue(2)], "isLast": true}),
        json!({"issues": [issue(2)], "isLast": true, "nextPageToken": null}),
        json!({"issues": [issue(2)], "isLast": true, "nextPageToken": "more"}),
        json!({"issues": [issue(2)], "isLast": false}),
        json!({"issues": [issue(2)], "isLast": false, "nextPageToken": ""}),
        json!({"issues": [issue(2)]}),
    ] {
        let pages = vec![json!({"issues": [issue(1)], "nextPageToken": "2", "isLast": false}), end];
        assert_eq!(read_all(pages).await, (2, Ok(())));
    }
}

/// The same token again, another token that leads to the same page, and pages without issues and without end.
#[tokio::test]
async fn a_search_in_a_circle_ends_with_its_place_lost() {
    let page = |id: u64, next: &str| json!({"issues": [issue(id)], "nextPageToken": next, "isLast": false});
    let empty = |next: usize| json!({"issues": [], "nextPageToken": format!("{next}"), "isLast": false});
    for (pages, good) in [
        (vec![page(1, "2"), page(2, "2")], 1),
        (vec![page(1, "2"), page(2, "3"), page(3, "2")], 2),
        (vec![page(1, "2"), page(2, "3"), page(1, "4")], 2),
        ((2..99).map(empty).collect(), 0),
    ] {
        let (count, end) = read_all(pages).await;
        assert_eq!(count, good);
        assert!(matches!(end, Err(ApiError::LostPlace { .. })), "{end:?}");
    }
}

#[tokio::test]
async fn an_old_token_loses_the_place_and_a_wrong_query_does_not() {
    let refusal = || Reply::new(400, r#"{"errorMessages":["Invalid value"],"errors":{}}"#);
    let unseen = r#"{"errorMessages":["The value 'X' does not exist for the field 'project'."],"errors":{}}"#;
    let stub = Stub::in_turn(vec![refusal(), refusal(), Reply::new(400, unseen), Reply::new(401, "")]).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jira = client.jira(&cloud_id);
    let first = search();
    let later = Search { page_token: Some("old".to_owned()), ..search() };
    let error = jira.search(&token(), &first).await.unwrap_err();
    assert!(matches!(error, ApiError::InvalidRequest { status: Some(400), .. }), "{error}");
    let error = jira.search(&token(), &later).await.unwrap_err();
    assert!(matches!(&error, ApiError::LostPlace { what } if what == "Invalid value"), "{error}");
    assert!(!error.is_transient());
    let error = jira.search(&token(), &later).await.unwrap_err();
    assert!(matches!(error, ApiError::NotVisible { .. }), "{error}");
    assert_eq!(jira.search(&token(), &later).await.unwrap_err(), ApiError::TokenExpired);
}

#[tokio::test]
async fn a_search_is_repeated_like_any_question() {
    let stub =
        Stub::in_turn(vec![Reply::new(503, ""), Reply::json(&json!({"issues": [], "isLast": true}))]).await;
    let (client, pause) = NoPause::install(client(&stub.url));
    client.jira(&cloud_id()).search(&token(), &search()).await.unwrap();
    let asked = stub.asked();
    assert_eq!((pause.waits(), asked.len()), (vec![2], 2));
    assert_eq!(asked[0].body, asked[1].body);
}

#[tokio::test]
async fn a_project_s_name_stays_a_name() {
    let stub = Stub::in_turn(vec![Reply::json(&json!({"issues": [], "isLast": true}))]).await;
    let name = "x\" OR project != \"x";
    let search = Search::new(Jql::new(Condition::Project(name.to_owned())));
    client(&stub.url).jira(&cloud_id()).search(&token(), &search).await.unwrap();
    let expected = r#"project = "x\" OR project != \"x""#;
    assert_eq!(body(&stub.asked()[0])["jql"], expected);
}
