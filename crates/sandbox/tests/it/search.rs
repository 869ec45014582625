//! Search by JQL.

use std::collections::HashSet;

use reqwest::Url;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, Tokens, json_of, read};

const API: &str = "/ex/jira/11111111-1111-4111-8111-111111111111/rest/api/3";

async fn search(atlassian: &Atlassian, tokens: &Tokens, parameters: &[(&str, &str)]) -> (u16, Value) {
    let url =
        Url::parse_with_params(&format!("{}{API}/search/jql", atlassian.url), parameters).expect("a URL");
    read(atlassian.get(url.as_str()).bearer_auth(&tokens.access).send().await.expect("an answer")).await
}

async fn post(atlassian: &Atlassian, tokens: &Tokens, path: &str, body: &Value) -> (u16, Value) {
    let answer = atlassian.post(&format!("{API}{path}"), body).bearer_auth(&tokens.access).send().await;
    read(answer.expect("an answer")).await
}

/// How many issues fit a query.
async fn count(atlassian: &Atlassian, tokens: &Tokens, jql: &str) -> u64 {
    let (status, body) = post(atlassian, tokens, "/search/approximate-count", &json!({ "jql": jql })).await;
    assert_eq!(status, 200, "{jql}: {body}");
    body["count"].as_u64().expect("a count")
}

async fn ids(atlassian: &Atlassian, tokens: &Tokens, jql: &str) -> Vec<String> {
    let (status, body) = search(atlassian, tokens, &[("jql", jql), ("maxResults", "5000")]).await;
    assert_eq!(status, 200, "{jql}: {body}");
    assert_eq!(body["isLast"], json!(true));
    body["issues"]
        .as_array()
        .expect("issues")
        .iter()
        .map(|issue| issue["id"].as_str().expect("an id").into())
        .collect()
}

#[tokio::test]
async fn an_issue_is_its_id_unless_fields_are_asked_for() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (_, page) = search(&atlassian, &tokens, &[("jql", "project = WEB"), ("maxResults", "1")]).await;
    assert_eq!(page["issues"][0].as_object().expect("an issue").keys().collect::<Vec<_>>(), ["id"]);
    let (_, page) = search(&atlassian, &tokens, &[("jql", "project = WEB"), ("fields", "key")]).await;
    assert!(page["issues"][0]["key"].is_string() && page["issues"][0].get("fields").is_none());
    let (_, page) =
        search(&atlassian, &tokens, &[("jql", "project = WEB"), ("fields", "summary,status")]).await;
    assert_eq!(page["issues"][0]["fields"].as_object().map(serde_json::Map::len), Some(2));
    let (_, page) = search(&atlassian, &tokens, &[("jql", "project = WEB"), ("fields", "*navigable")]).await;
    let fields = page["issues"][0]["fields"].as_object().expect("fields");
    assert!(fields.contains_key("description") && !fields.contains_key("comment"));
}

#[rstest]
#[case::ids("", "1000", 1)]
#[case::keys("key", "150", 4)]
#[case::everything("*all", "5000", 6)]
#[case::newest_first("updated", "70", 9)]
#[tokio::test]
async fn tokens_lead_to_the_end(#[case] fields: &str, #[case] size: &str, #[case] pages: usize) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let mut seen: HashSet<String> = HashSet::new();
    let mut token = String::new();
    for page in 1.. {
        let parameters = [
            ("jql", "created > 2000-01-01 ORDER BY updated DESC"),
            ("fields", fields),
            ("maxResults", size),
            ("nextPageToken", &token),
        ];
        let (status, body) = search(&atlassian, &tokens, &parameters).await;
        assert_eq!(status, 200, "{body}");
        for issue in body["issues"].as_array().expect("issues") {
            assert!(seen.insert(issue["id"].to_string()), "an issue came twice");
        }
        let next = body.get("nextPageToken").map(|next| next.as_str().expect("text").to_owned());
        assert_eq!(body["isLast"], json!(next.is_none()));
        assert!(body.get("total").is_none() && body.get("startAt").is_none());
        match next {
            Some(next) => token = next,
            None => {
                assert_eq!((seen.len(), page), (600, pages));
                break;
            }
        }
    }
}

#[tokio::test]
async fn get_and_post_find_the_same() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (_, by_get) =
        search(&atlassian, &tokens, &[("jql", "project = PAY ORDER BY key"), ("fields", "summary")]).await;
    let body = json!({ "jql": "project = PAY ORDER BY key", "fields": ["summary"] });
    let (_, by_post) = post(&atlassian, &tokens, "/search/jql", &body).await;
    assert_eq!(by_get["issues"], by_post["issues"]);
}

#[rstest]
#[case("", "Unbounded JQL queries are not allowed here.")]
#[case("order by updated", "Unbounded JQL queries are not allowed here.")]
#[case("project = NOPE", "The value 'NOPE' does not exist for the field 'project'.")]
#[case("project in (WEB, NOPE)", "The value 'NOPE' does not exist for the field 'project'.")]
#[case("status = Sleeping", "The value 'Sleeping' does not exist for the field 'status'.")]
#[case("key = WEB-99999", "An issue with key 'WEB-99999' does not exist for field 'key'.")]
#[case("colour = red", "Field 'colour' does not exist")]
#[case("project = WEB order by colour", "Field 'colour' does not exist")]
#[case("project ~ WEB", "The operator '~' is not supported by the 'project' field.")]
#[case("status was Done", "does not understand")]
#[case("assignee in membersOf(\"x\")", "Unable to find JQL function 'membersOf()'")]
#[case("updated > yesterday", "Date value 'yesterday'")]
#[case("project = WEB project = APP", "Expecting either 'OR' or 'AND' but got 'project'.")]
#[case("project = ", "Expecting either a value, list or function but got the end of the query.")]
#[case("project WEB", "Expecting operator but got 'WEB'.")]
#[case("(project = WEB", "Expecting ')' but got the end of the query.")]
#[case("summary ~ \"open", "has not been completed")]
#[case("summary ~ a|b", "reserved JQL character")]
#[tokio::test]
async fn what_is_not_understood_is_refused(#[case] jql: &str, #[case] message: &str) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (status, body) = search(&atlassian, &tokens, &[("jql", jql)]).await;
    assert_eq!(status, 400, "{jql}");
    let found = body["errorMessages"][0].as_str().expect("a message");
    assert!(found.contains(message), "{found}");
}

#[tokio::test]
async fn a_query_that_is_nested_for_ever_is_refused() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let jql = format!("{}project = WEB{}", "(".repeat(50_000), ")".repeat(50_000));
    assert_eq!(post(&atlassian, &tokens, "/search/jql", &json!({ "jql": jql })).await.0, 400);
    let jql = format!("{} project = WEB", "not ".repeat(50_000));
    assert_eq!(post(&atlassian, &tokens, "/search/jql", &json!({ "jql": jql })).await.0, 400);
}

#[rstest]
#[case("0")]
#[case("5001")]
#[case("-1")]
#[tokio::test]
async fn the_page_size_has_bounds(#[case] size: &str) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (status, body) = search(&atlassian, &tokens, &[("jql", "project = WEB"), ("maxResults", size)]).await;
    let message = "The max results parameter has to be between 1 and 5,000.";
    assert_eq!((status, &body["errorMessages"][0]), (400, &json!(message)));
}

#[tokio::test]
async fn a_body_must_be_json_without_surprises() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let path = format!("{API}/search/jql");
    let empty = atlassian.request(reqwest::Method::POST, &path).bearer_auth(&tokens.access).send().await;
    let empty = empty.expect("an answer");
    assert_eq!(empty.headers()["content-type"], "application/problem+json");
    assert_eq!(empty.status(), 415);
    let surprise = json!({ "jql": "project = WEB", "startAt": 0 });
    assert_eq!(post(&atlassian, &tokens, "/search/jql", &surprise).await.0, 400);
}

#[tokio::test]
async fn a_token_belongs_to_its_search_and_lives_a_week() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (_, page) = search(&atlassian, &tokens, &[("jql", "project = WEB"), ("maxResults", "5")]).await;
    let token = page["nextPageToken"].as_str().expect("a token");
    let again = |jql: &'static str, token: String| {
        let (atlassian, tokens) = (&atlassian, &tokens);
        async move {
            search(atlassian, tokens, &[("jql", jql), ("maxResults", "5"), ("nextPageToken", &token)]).await.0
        }
    };
    assert_eq!(again("project = WEB", token.into()).await, 200);
    assert_eq!(again("project = APP", token.into()).await, 400);
    assert_eq!(again("project = WEB", "nonsense".into()).await, 400);
    atlassian.advance(7 * 24 * 3600 + 1).await;
    let tokens = atlassian.log_in("read:jira-work").await;
    let parameters = [("jql", "project = WEB"), ("maxResults", "5"), ("nextPageToken", token)];
    assert_eq!(search(&atlassian, &tokens, &parameters).await.0, 400);
}

#[tokio::test]
async fn the_old_search_is_gone() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (status, body) = read(atlassian.jira(&tokens, "/search?jql=project=WEB").await).await;
    assert_eq!(status, 410);
    assert!(body["errorMessages"][0].as_str().is_some_and(|text| text.contains("CHANGE-2046")));
}

#[tokio::test]
async fn clauses_divide_the_issues() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let count = async |jql: &str| count(&atlassian, &tokens, jql).await;
    assert_eq!(count("updated >= \"1970-01-01\" ORDER BY updated ASC").await, 600);
    let halves = [
        ("project = WEB", "project != WEB"),
        ("project in (WEB, 10001, \"Driver App\")", "project NOT IN (WEB, APP)"),
        ("issuetype = Bug", "not type = Bug"),
        ("statusCategory = Done", "statusCategory in (\"To Do\", \"In Progress\")"),
        ("assignee is EMPTY", "assignee is not empty"),
        ("labels is empty", "labels is not empty"),
        ("resolution = Done", "resolution is null"),
        ("created < 2024-06-01", "created >= \"2024/06/01 00:00\""),
        ("priority in (Highest, High)", "priority not in (1, 2)"),
        ("summary ~ export", "summary !~ \"EXPORT\""),
        ("status = Done AND project = WEB", "status != Done OR project != WEB"),
        ("key = WEB-1", "key != WEB-1"),
        ("reporter = currentUser() OR reporter is EMPTY", "reporter != currentUser()"),
    ];
    for (one, other) in halves {
        let (first, second) = (count(one).await, count(other).await);
        assert!(first > 0 && second > 0, "{one}: {first}, {other}: {second}");
        assert_eq!(first + second, 600, "{one}, {other}");
    }
    // Unassigned issues fit neither side.
    let (is, is_not) = (count("assignee = currentUser()").await, count("assignee != currentUser()").await);
    assert_eq!(is + is_not + count("assignee is empty").await, 600);
}

#[tokio::test]
async fn and_binds_closer_than_or() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let without = ids(&atlassian, &tokens, "project = WEB or project = APP and type = Bug").await;
    assert_eq!(without, ids(&atlassian, &tokens, "project = WEB or (project = APP and type = Bug)").await);
    assert_ne!(without, ids(&atlassian, &tokens, "(project = WEB or project = APP) and type = Bug").await);
    assert_eq!(without, ids(&atlassian, &tokens, "project=WEB||project=APP&&!(type!=Bug)").await);
}

#[tokio::test]
async fn results_come_in_the_order_asked_for() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (_, page) = search(
        &atlassian,
        &tokens,
        &[("jql", "project in (WEB, APP) ORDER BY key DESC"), ("fields", "key"), ("maxResults", "500")],
    )
    .await;
    let keys: Vec<(String, u64)> = page["issues"]
        .as_array()
        .expect("issues")
        .iter()
        .filter_map(|issue| issue["key"].as_str()?.split_once('-'))
        .map(|(project, number)| (project.into(), number.parse().expect("a number")))
        .collect();
    assert!(keys.is_sorted_by(|a, b| a > b));
    let ascending = ids(&atlassian, &tokens, "project = WEB ORDER BY updated ASC, key ASC").await;
    let mut descending = ids(&atlassian, &tokens, "project = WEB ORDER BY updated DESC, key DESC").await;
    descending.reverse();
    assert_eq!(ascending, descending);
}

/// The site is in Berlin, Ada in New York: what she writes without a zone is her time.
#[tokio::test]
async fn written_times_are_the_callers() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let me = json_of(atlassian.jira(&tokens, "/myself").await).await;
    let server = json_of(atlassian.jira(&tokens, "/serverInfo").await).await;
    assert_eq!(
        (&me["timeZone"], &server["serverTimeZone"]),
        (&json!("America/New_York"), &json!("Europe/Berlin"))
    );
    // Noon of 1 February 2026 in New York is 17:00 UTC.
    let written = ids(&atlassian, &tokens, "updated >= \"2026-02-01 12:00\" order by id").await;
    assert!(!written.is_empty());
    assert_eq!(written, ids(&atlassian, &tokens, "updated >= 1769965200000 order by id").await);
    let (_, page) = search(
        &atlassian,
        &tokens,
        &[
            ("jql", "updated >= \"2026-02-01 12:00\" order by updated asc"),
            ("fields", "updated"),
            ("maxResults", "1"),
        ],
    )
    .await;
    let first = page["issues"][0]["fields"]["updated"].as_str().expect("a time");
    assert!(first >= "2026-02-01T18:00" && first.ends_with("+0100"), "{first} is in the site's zone");
}

#[tokio::test]
async fn a_change_shows_in_the_next_search() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let before = ids(&atlassian, &tokens, "updated >= -1h").await;
    assert!(before.is_empty());
    atlassian
        .control(
            reqwest::Method::PATCH,
            "/sites/acme/issues/WEB-1",
            json!({ "summary": "Tune the xylophone" }),
        )
        .await;
    assert_eq!(ids(&atlassian, &tokens, "updated >= -1h").await.len(), 1);
    assert_eq!(ids(&atlassian, &tokens, "summary ~ xylophone").await.len(), 1);
    atlassian.advance(7200).await;
    let tokens = atlassian.log_in("read:jira-work").await;
    assert!(ids(&atlassian, &tokens, "updated >= -1h").await.is_empty());
}

#[tokio::test]
async fn hidden_projects_are_not_searched() {
    let (atlassian, _) = Atlassian::connected().await;
    let path = |jql: &str| format!("/rest/api/3/search/jql?maxResults=5000&jql={jql}");
    let all = json_of(atlassian.site("ada@example.com", &path("id%20is%20not%20empty")).await).await;
    let fewer = json_of(atlassian.site("ben@example.com", &path("id%20is%20not%20empty")).await).await;
    let length = |page: &Value| page["issues"].as_array().map_or(0, Vec::len);
    assert!(length(&fewer) < length(&all) && length(&all) == 600);
    let (status, body) = read(atlassian.site("ben@example.com", &path("project=SEC")).await).await;
    assert_eq!(
        (status, &body["errorMessages"][0]),
        (400, &json!("The value 'SEC' does not exist for the field 'project'."))
    );
}
