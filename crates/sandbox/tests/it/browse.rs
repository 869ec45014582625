//! Where links into a site lead.

use connector_sandbox::SandboxOptions;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, json_of};

async fn page(atlassian: &Atlassian, path: &str) -> (u16, String) {
    let answer = atlassian.get(path).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn every_link_of_a_page_leads_to_it() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let list =
        json_of(atlassian.confluence(&tokens, "/wiki/api/v2/pages?limit=250&status=current,trashed").await);
    let list = list.await;
    let base = list["_links"]["base"].as_str().expect("a base");
    for row in list["results"].as_array().expect("a list") {
        for link in ["webui", "tinyui"] {
            let link = format!("{base}{}", row["_links"][link].as_str().expect("a link"));
            let (status, html) = page(&atlassian, &link).await;
            assert_eq!(status, 200, "{link}");
            assert!(html.contains("Sandbox · not Atlassian"));
        }
    }
}

#[tokio::test]
async fn issues_and_projects_have_a_page_under_every_key_they_had() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let edit = json!({ "summary": "<script>alert(1)</script> & more", "description": "<b>bold</b>" });
    atlassian.control(Method::PATCH, "/sites/acme/issues/10020", edit).await;
    let moved =
        atlassian.control(Method::PATCH, "/sites/acme/issues/10020", json!({ "project": "SEC" })).await;
    let key = moved["key"].as_str().expect("a key");
    let (status, html) = page(&atlassian, &format!("/sites/acme/browse/{key}")).await;
    assert_eq!(status, 200);
    assert!(!html.contains("<script>") && !html.contains("<b>bold"), "{html}");
    assert!(html.contains("&#60;script&#62;") && html.contains("&lt;b&gt;bold"), "{html}");
    for path in ["/sites/acme/browse/SEC", "/sites/acme", "/sites/acme/wiki"] {
        assert_eq!(page(&atlassian, path).await.0, 200, "{path}");
    }
    atlassian.control(Method::DELETE, "/sites/acme/issues/10020", Value::Null).await;
    assert_eq!(page(&atlassian, &format!("/sites/acme/browse/{key}")).await.0, 404);
}

#[rstest]
#[case::issue("/sites/acme/browse/NOPE-1")]
#[case::number("/sites/acme/browse/10000")]
#[case::site("/sites/nowhere/browse/SEC")]
#[case::page("/sites/acme/wiki/spaces/NOPE/pages/1")]
#[case::no_confluence("/sites/fjord/wiki")]
#[tokio::test]
async fn what_is_not_there_is_a_page_too(#[case] path: &str) {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let (status, html) = page(&atlassian, path).await;
    assert_eq!(status, 404);
    assert!(html.contains("There is nothing here"));
}

#[tokio::test]
async fn every_avatar_is_a_drawing() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let resources =
        atlassian.get("/oauth/token/accessible-resources").bearer_auth(&tokens.access).send().await;
    let resources = json_of(resources.expect("an answer")).await;
    let projects = json_of(atlassian.jira(&tokens, "/project/search?expand=lead").await).await;
    let project = &projects["values"][0];
    for url in
        [&resources[0]["avatarUrl"], &project["avatarUrls"]["48x48"], &project["lead"]["avatarUrls"]["24x24"]]
    {
        let url = url.as_str().expect("a URL");
        let answer = atlassian.get(url).bearer_auth(&tokens.access).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{url}");
        assert_eq!(answer.headers()["content-type"], "image/svg+xml");
    }
}
