//! What is left at a site's own address for clients with API tokens.

use connector_sandbox::SandboxOptions;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, json_of};

const ADA: &str = "ada@example.com";

async fn get(atlassian: &Atlassian, path: &str) -> Value {
    json_of(atlassian.site(ADA, path).await).await
}

#[rstest]
#[case::content("/rest/api/content?type=page&expand=body.storage&limit=40", 250)]
#[case::spaces("/rest/api/space?limit=4", 6)]
#[case::search("/rest/api/content/search?cql=type%3Dpage&limit=90", 200)]
#[tokio::test]
async fn lists_of_version_1_are_read_to_their_end(#[case] path: &str, #[case] at_least: usize) {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let (mut next, mut ids) = (Some(String::from(path)), Vec::new());
    while let Some(path) = next {
        let page = get(&atlassian, &format!("/wiki{path}")).await;
        ids.extend(page["results"].as_array().expect("a list").iter().map(|row| row["id"].to_string()));
        next = page["_links"]["next"].as_str().map(String::from);
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() == count && count >= at_least, "{count}");
}

#[tokio::test]
async fn content_comes_with_what_was_expanded() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let pages = get(&atlassian, "/wiki/api/v2/pages?limit=250&body-format=storage").await;
    for page in pages["results"].as_array().expect("a list").iter().take(60) {
        let id = page["id"].as_str().expect("an id");
        let expand = "body.storage,version,space,ancestors,history,metadata.labels";
        let content = get(&atlassian, &format!("/wiki/rest/api/content/{id}?expand={expand}")).await;
        assert_eq!(content["body"]["storage"]["value"], page["body"]["storage"]["value"]);
        assert_eq!(content["version"]["number"], page["version"]["number"]);
        assert!(content["space"]["key"].is_string() && content["ancestors"].is_array());
        for child in ["page", "attachment", "comment"] {
            let path = format!("/wiki/rest/api/content/{id}/child/{child}?expand=body.view");
            let list = get(&atlassian, &path).await;
            assert_eq!(list["size"].as_u64(), list["results"].as_array().map(|rows| rows.len() as u64));
        }
        let labels = get(&atlassian, &format!("/wiki/rest/api/content/{id}/label")).await;
        assert_eq!(labels["results"], content["metadata"]["labels"]["results"]);
    }
    let space = get(&atlassian, "/wiki/rest/api/space/ENG?expand=description.plain,homepage").await;
    assert!(space["homepage"]["id"].is_string() && space["description"]["plain"]["value"].is_string());
    assert_eq!(atlassian.site(ADA, "/wiki/rest/api/content/1").await.status(), 404);
    assert_eq!(atlassian.site("ben@example.com", "/wiki/rest/api/space/LEGAL").await.status(), 404);
}

#[rstest]
#[case(2)]
#[case(3)]
#[tokio::test]
async fn the_old_search_counts_and_pages_by_position(#[case] version: u8) {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let (mut start, mut seen) = (0, Vec::new());
    loop {
        let path = format!(
            "/rest/api/{version}/search?jql=order+by+created&startAt={start}&maxResults=90&fields=key"
        );
        let page = get(&atlassian, &path).await;
        let rows = page["issues"].as_array().expect("a list");
        seen.extend(rows.iter().map(|row| row["key"].to_string()));
        start += rows.len();
        if start as u64 == page["total"].as_u64().expect("a number") {
            break;
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 600);
    let body = json!({ "jql": "project = SEC", "startAt": 0, "maxResults": 5, "fields": ["summary"] });
    let request = atlassian.post(&format!("/sites/acme/rest/api/{version}/search"), &body);
    let answer = request.basic_auth(ADA, Some(connector_sandbox::API_TOKEN)).send().await.expect("an answer");
    assert_eq!(json_of(answer).await["issues"].as_array().map(Vec::len), Some(5));
    let projects = get(&atlassian, &format!("/rest/api/{version}/project")).await;
    assert_eq!(projects.as_array().map(Vec::len), Some(12));
}

#[tokio::test]
async fn at_the_gateway_all_of_it_is_gone() {
    let (atlassian, tokens) = Atlassian::connected().await;
    for path in
        ["/wiki/rest/api/content", "/wiki/rest/api/space/ENG", "/wiki/rest/api/content/search?cql=type=page"]
    {
        assert_eq!(atlassian.confluence(&tokens, path).await.status(), 410, "{path}");
    }
    assert_eq!(atlassian.jira(&tokens, "/search?jql=project=SEC").await.status(), 410);
}

#[rstest]
#[case::local("acme.localhost:4001")]
#[case::default("127.0.0.1:4001")]
#[case::real("acme.atlassian.net")]
#[tokio::test]
async fn a_site_has_a_host_of_its_own(#[case] host: &str) {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let ask = async |path: &str| {
        let request = atlassian.get(path).header("host", host);
        let answer =
            request.basic_auth(ADA, Some(connector_sandbox::API_TOKEN)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer
    };
    let mut next = Some(String::from("/wiki/api/v2/spaces?limit=4"));
    let mut count = 0;
    while let Some(path) = next {
        let page = json_of(ask(&path).await).await;
        count += page["results"].as_array().map_or(0, Vec::len);
        next = page["_links"]["next"].as_str().map(String::from);
    }
    assert_eq!(count, 6);
    assert_eq!(json_of(ask("/rest/api/3/myself").await).await["emailAddress"], json!(ADA));
    ask("/browse/SEC").await;
}
