//! Blog posts, lists over a whole site, the tree below a page, downloads and earlier versions.

use std::collections::HashSet;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{ALL_SCOPES, Atlassian, Tokens, json_of};

async fn get(atlassian: &Atlassian, tokens: &Tokens, path: &str) -> Value {
    json_of(atlassian.confluence(tokens, &format!("/wiki/api/v2{path}")).await).await
}

/// All rows of a list, page by page.
async fn all(atlassian: &Atlassian, tokens: &Tokens, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = format!("/wiki/api/v2{path}");
    loop {
        let mut page = json_of(atlassian.confluence(tokens, &next).await).await;
        rows.append(page["results"].as_array_mut().expect("a list"));
        match page["_links"]["next"].as_str() {
            Some(link) => next = String::from(link),
            None => return rows,
        }
    }
}

#[tokio::test]
async fn blog_posts_are_listed_and_read_with_what_hangs_on_them() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let posts = all(&atlassian, &tokens, "/blogposts?limit=7&body-format=storage").await;
    assert_eq!(posts.len(), 20);
    let (mut attachments, mut comments) = (0, 0);
    for post in &posts {
        let id = post["id"].as_str().expect("an id");
        assert!(post.get("parentId").is_none() && post["body"]["storage"]["value"].is_string());
        assert_eq!(get(&atlassian, &tokens, &format!("/blogposts/{id}")).await["title"], post["title"]);
        let versions = get(&atlassian, &tokens, &format!("/blogposts/{id}/versions")).await;
        assert_eq!(versions["results"][0]["blogpost"]["id"], json!(id));
        assert!(get(&atlassian, &tokens, &format!("/blogposts/{id}/labels")).await["results"].is_array());
        let files = all(&atlassian, &tokens, &format!("/blogposts/{id}/attachments")).await;
        assert!(files.iter().all(|file| file["blogPostId"] == json!(id)));
        attachments += files.len();
        let footer = all(&atlassian, &tokens, &format!("/blogposts/{id}/footer-comments")).await;
        assert!(footer.iter().all(|comment| comment["blogPostId"] == json!(id)));
        comments += footer.len();
        let page = atlassian.confluence(&tokens, &format!("/wiki/api/v2/pages/{id}")).await;
        assert_eq!(page.status(), 404, "a blog post is no page");
        let html = format!("/sites/acme/wiki{}", post["_links"]["webui"].as_str().expect("a link"));
        assert_eq!(atlassian.get(&html).send().await.expect("an answer").status(), 200, "{html}");
    }
    assert!(attachments > 0 && comments > 0);
    let space = posts[0]["spaceId"].as_str().expect("an id");
    let own = all(&atlassian, &tokens, &format!("/spaces/{space}/blogposts")).await;
    assert!(!own.is_empty() && own.iter().all(|post| post["spaceId"] == json!(space)));
}

#[rstest]
#[case::attachments("attachments")]
#[case::footer("footer-comments")]
#[case::inline("inline-comments")]
#[tokio::test]
async fn lists_over_the_site_hold_what_the_lists_of_its_contents_hold(#[case] kind: &str) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let mut expected = HashSet::new();
    for folder in ["pages", "blogposts"] {
        for content in all(&atlassian, &tokens, &format!("/{folder}?limit=250")).await {
            let id = content["id"].as_str().expect("an id");
            let rows = all(&atlassian, &tokens, &format!("/{folder}/{id}/{kind}")).await;
            expected.extend(rows.into_iter().map(|row| row["id"].to_string()));
        }
    }
    let found = all(&atlassian, &tokens, &format!("/{kind}?limit=40")).await;
    let ids: HashSet<String> = found.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), found.len());
    assert_eq!(ids, expected);
    let single =
        get(&atlassian, &tokens, &format!("/{kind}/{}", found[0]["id"].as_str().expect("an id"))).await;
    assert_eq!(single["title"], found[0]["title"]);
}

#[tokio::test]
async fn the_list_of_all_inline_comments_says_that_it_will_go() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let answer = atlassian.confluence(&tokens, "/wiki/api/v2/inline-comments?limit=1").await;
    let links = answer.headers()["link"].to_str().expect("text");
    for relation in ["deprecation", "next", "base"] {
        assert!(links.contains(&format!("rel=\"{relation}\"")), "{links}");
    }
}

#[tokio::test]
async fn descendants_are_everything_below_a_page() {
    let (atlassian, _) = Atlassian::connected().await;
    let tokens = atlassian.log_in(&format!("{ALL_SCOPES} read:hierarchical-content:confluence")).await;
    let spaces = get(&atlassian, &tokens, "/spaces").await;
    let home = spaces["results"][0]["homepageId"].as_str().expect("an id");
    let found = all(&atlassian, &tokens, &format!("/pages/{home}/descendants?limit=10&depth=10")).await;
    let mut expected = HashSet::new();
    let mut waiting = vec![(format!("pages/{home}"), 1)];
    while let Some((parent, depth)) = waiting.pop() {
        if parent.starts_with("folders") {
            let list = all(&atlassian, &tokens, &format!("/{parent}/descendants?depth=1")).await;
            for child in list {
                let id = String::from(child["id"].as_str().expect("an id"));
                waiting.push((format!("pages/{id}"), depth + 1));
                expected.insert((id, depth));
            }
            continue;
        }
        for child in all(&atlassian, &tokens, &format!("/{parent}/direct-children")).await {
            let id = String::from(child["id"].as_str().expect("an id"));
            let folder = if child["type"] == "folder" { "folders" } else { "pages" };
            waiting.push((format!("{folder}/{id}"), depth + 1));
            expected.insert((id, depth));
        }
    }
    let ids: HashSet<(String, u64)> = found
        .iter()
        .map(|row| {
            (String::from(row["id"].as_str().expect("an id")), row["depth"].as_u64().expect("a depth"))
        })
        .collect();
    assert_eq!(ids, expected);
    assert!(
        get(&atlassian, &tokens, &format!("/pages/{home}/descendants?depth=11")).await["errors"].is_array()
    );
}

#[tokio::test]
async fn files_are_downloaded_from_another_host() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let file = &get(&atlassian, &tokens, "/attachments?limit=1").await["results"][0];
    let link = format!("/wiki{}", file["downloadLink"].as_str().expect("a link"));
    assert_eq!(
        atlassian.confluence(&tokens, &link).await.status(),
        401,
        "downloads have a scope of their own"
    );
    let tokens = atlassian.log_in(&format!("{ALL_SCOPES} readonly:content.attachment:confluence")).await;
    let answer = atlassian.confluence(&tokens, &link).await;
    assert_eq!(answer.status(), 302);
    let location = answer.headers()["location"].to_str().expect("text");
    let content = atlassian.get(location).send().await.expect("an answer");
    assert_eq!(content.headers()["content-type"].to_str().ok(), file["mediaType"].as_str());
    let length = content.bytes().await.expect("content").len();
    assert_eq!(file["fileSize"], json!(length));
    let site = atlassian.site("ada@example.com", &link).await;
    assert_eq!(site.status(), 302);
}

#[tokio::test]
async fn earlier_versions_keep_their_title_and_body() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let new = json!({ "space": "ENG", "title": "Draft", "body": "<p>One</p>" });
    let created = atlassian.control(Method::POST, "/sites/acme/pages", new).await;
    let id = created["id"].as_str().expect("an id");
    let edit = json!({ "title": "Final", "body": "<p>Two</p>" });
    atlassian.control(Method::PATCH, &format!("/sites/acme/pages/{id}"), edit).await;
    let first = get(&atlassian, &tokens, &format!("/pages/{id}?version=1&body-format=storage")).await;
    assert_eq!(
        (&first["title"], &first["body"]["storage"]["value"], &first["status"]),
        (&json!("Draft"), &json!("<p>One</p>"), &json!("historical"))
    );
    let now = get(&atlassian, &tokens, &format!("/pages/{id}?version=2&body-format=storage")).await;
    assert_eq!((&now["title"], &now["status"]), (&json!("Final"), &json!("current")));
    let versions = get(&atlassian, &tokens, &format!("/pages/{id}/versions?body-format=storage")).await;
    assert_eq!(versions["results"][1]["page"]["body"]["storage"]["value"], json!("<p>One</p>"));
    assert!(get(&atlassian, &tokens, &format!("/pages/{id}?version=3")).await["errors"].is_array());
}

#[tokio::test]
async fn cql_tells_pages_from_blog_posts() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let total = async |cql: &str| {
        let path = format!("/wiki/rest/api/search?includeArchivedSpaces=true&limit=1&cql={cql}");
        json_of(atlassian.confluence(&tokens, &path).await).await["totalSize"].as_u64().expect("a number")
    };
    let (pages, posts) = (total("type=page").await, total("type=blogpost").await);
    assert_eq!(posts, 20);
    assert_eq!(total("type%20in%20(page,blogpost)").await, pages + posts);
}
