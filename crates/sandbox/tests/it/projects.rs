//! Jira projects.

use connector_sandbox::DEFAULT_CLOUD_ID;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, Tokens, json_of, read};

async fn search(atlassian: &Atlassian, tokens: &Tokens, query: &str) -> Value {
    let answer = atlassian.jira(tokens, &format!("/project/search{query}")).await;
    assert_eq!(answer.status(), 200, "{query}");
    json_of(answer).await
}

fn column<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    page["values"].as_array().expect("values").iter().filter_map(|row| row[name].as_str()).collect()
}

#[tokio::test]
async fn pages_can_be_followed_to_the_end() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let mut keys: Vec<String> = Vec::new();
    let mut next =
        Some(format!("{}/ex/jira/{DEFAULT_CLOUD_ID}/rest/api/3/project/search?maxResults=5", atlassian.url));
    while let Some(url) = next {
        let page =
            json_of(atlassian.get(&url).bearer_auth(&tokens.access).send().await.expect("an answer")).await;
        assert_eq!((&page["maxResults"], &page["total"]), (&json!(5), &json!(12)));
        assert_eq!(page["startAt"], json!(keys.len()));
        keys.extend(column(&page, "key").into_iter().map(String::from));
        assert_eq!(page["isLast"], json!(keys.len() == 12));
        next = page["nextPage"].as_str().map(String::from);
    }
    assert_eq!(keys.len(), 12);
    assert!(keys.is_sorted(), "the default order is by key");
}

#[tokio::test]
async fn a_page_has_at_most_a_hundred() {
    let (atlassian, tokens) = Atlassian::connected().await;
    assert_eq!(search(&atlassian, &tokens, "?maxResults=5000").await["maxResults"], json!(100));
    let beyond = search(&atlassian, &tokens, "?startAt=12").await;
    assert_eq!((&beyond["values"], &beyond["isLast"]), (&json!([]), &json!(true)));
}

#[tokio::test]
async fn what_is_not_expanded_is_missing() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let plain = &search(&atlassian, &tokens, "?keys=APP").await["values"][0];
    for name in ["description", "lead", "issueTypes", "projectKeys", "insight"] {
        assert!(plain.get(name).is_none(), "{name}");
    }
    let query = "?keys=APP&expand=description,lead,url,projectKeys,issueTypes,insight";
    let full = &search(&atlassian, &tokens, query).await["values"][0];
    assert!(full["description"].is_string());
    assert!(full["lead"]["displayName"].is_string());
    assert_eq!(full["projectKeys"], json!(["APP"]));
    assert!(full["insight"]["totalIssueCount"].as_u64().is_some_and(|count| count > 0));
    let time = full["insight"]["lastIssueUpdateTime"].as_str().expect("a time");
    assert!(
        time.ends_with("+0100") || time.ends_with("+0200"),
        "{time} is in the site's zone, without a colon"
    );
}

#[rstest]
#[case("?keys=WEB&keys=APP", &["APP", "WEB"])]
#[case("?id=10000&id=10001", &["APP", "WEB"])]
#[case("?query=driver", &["APP"])]
#[case("?query=pay&orderBy=-name", &["PAY"])]
#[case("?status=archived&status=deleted", &[])]
#[tokio::test]
async fn projects_can_be_filtered(#[case] query: &str, #[case] keys: &[&str]) {
    let (atlassian, tokens) = Atlassian::connected().await;
    assert_eq!(column(&search(&atlassian, &tokens, query).await, "key"), keys);
}

#[tokio::test]
async fn projects_can_be_ordered() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let mut keys = search(&atlassian, &tokens, "?orderBy=key").await;
    let descending = search(&atlassian, &tokens, "?orderBy=-key").await;
    keys["values"].as_array_mut().expect("values").reverse();
    assert_eq!(column(&keys, "key"), column(&descending, "key"));
    let counts = search(&atlassian, &tokens, "?orderBy=-issueCount&expand=insight").await;
    let counts = counts["values"].as_array().expect("values").iter();
    let counts: Vec<u64> = counts.filter_map(|row| row["insight"]["totalIssueCount"].as_u64()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    assert_eq!(counts.iter().sum::<u64>(), 600);
}

#[rstest]
#[case("?orderBy=colour")]
#[case("?startAt=-1")]
#[case("?status=sleeping")]
#[tokio::test]
async fn nonsense_is_refused(#[case] query: &str) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (status, body) = read(atlassian.jira(&tokens, &format!("/project/search{query}")).await).await;
    assert_eq!(status, 400);
    assert!(body["errorMessages"][0].is_string());
}

#[tokio::test]
async fn a_project_is_found_by_id_key_and_former_key() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let by_key = json_of(atlassian.jira(&tokens, "/project/FUL").await).await;
    let id = by_key["id"].as_str().expect("an id");
    assert_eq!(json_of(atlassian.jira(&tokens, &format!("/project/{id}")).await).await, by_key);
    assert_eq!(json_of(atlassian.jira(&tokens, "/project/WARE").await).await, by_key);
    assert!(by_key["lead"]["accountId"].is_string() && by_key["description"].is_string());
    let (status, body) = read(atlassian.jira(&tokens, "/project/NOPE").await).await;
    assert_eq!(
        (status, &body["errorMessages"][0]),
        (404, &json!("No project could be found with key 'NOPE'."))
    );
}

#[tokio::test]
async fn links_repeat_the_address_that_was_asked() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let gateway = search(&atlassian, &tokens, "?maxResults=1").await;
    let prefix = format!("{}/ex/jira/{DEFAULT_CLOUD_ID}/rest/api/3/project/", atlassian.url);
    assert!(gateway["nextPage"].as_str().is_some_and(|url| url.starts_with(&prefix)));
    assert!(gateway["values"][0]["self"].as_str().is_some_and(|url| url.starts_with(&prefix)));
    let site =
        json_of(atlassian.site("ada@example.com", "/rest/api/2/project/search?maxResults=1").await).await;
    let prefix = format!("{}/sites/acme/rest/api/2/project/", atlassian.url);
    assert!(site["nextPage"].as_str().is_some_and(|url| url.starts_with(&prefix)));
}
