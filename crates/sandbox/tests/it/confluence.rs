//! Confluence spaces and pages.

use std::collections::{HashMap, HashSet};

use reqwest::{Method, Url};
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, Tokens, json_of, read};

async fn get(atlassian: &Atlassian, tokens: &Tokens, path: &str) -> Value {
    let answer = atlassian.confluence(tokens, &format!("/wiki/api/v2{path}")).await;
    assert_eq!(answer.status(), 200, "{path}");
    json_of(answer).await
}

/// Follows a list to its end, taking the cursor out of each link.
async fn all(atlassian: &Atlassian, tokens: &Tokens, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut url = Url::parse(&format!("http://x/{path}")).expect("a path");
        url.query_pairs_mut().extend_pairs(cursor.iter().map(|cursor| ("cursor", cursor)));
        let page = get(
            atlassian,
            tokens,
            &format!("/{}?{}", path.split('?').next().unwrap_or_default(), url.query().unwrap_or_default()),
        )
        .await;
        rows.extend(page["results"].as_array().expect("results").iter().cloned());
        let Some(next) = page["_links"]["next"].as_str() else { return rows };
        let next = Url::parse("http://x").expect("a URL").join(next).expect("a link");
        cursor = next.query_pairs().find(|(name, _)| name == "cursor").map(|(_, value)| value.into_owned());
        assert!(cursor.is_some());
    }
}

fn column<'a>(rows: &'a [Value], name: &str) -> Vec<&'a str> {
    rows.iter().filter_map(|row| row[name].as_str()).collect()
}

#[rstest]
#[case("pages", 300)]
#[case("pages?limit=250", 300)]
#[case("pages?limit=7&sort=title", 300)]
#[case("pages?limit=100&sort=-modified-date&status=current", 300)]
#[case("spaces?limit=4", 6)]
#[case("spaces?limit=1&sort=-name", 6)]
#[tokio::test]
async fn lists_can_be_followed_to_the_end(#[case] path: &str, #[case] count: usize) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, path).await;
    let ids: HashSet<&str> = column(&rows, "id").into_iter().collect();
    assert_eq!((rows.len(), ids.len()), (count, count));
}

#[tokio::test]
async fn the_link_to_the_next_page_is_as_awkward_as_atlassians() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let answer = atlassian.confluence(&tokens, "/wiki/api/v2/pages?status=current&limit=10").await;
    let header = answer.headers()["link"].to_str().expect("text").to_owned();
    let body = json_of(answer).await;
    let next = body["_links"]["next"].as_str().expect("a link");
    assert!(next.starts_with("/wiki/api/v2/pages?cursor="), "{next}");
    assert!(next.ends_with("&limit=10&status=current"), "the cursor is not the last parameter: {next}");
    let base = format!("{}/sites/acme/wiki", atlassian.url);
    assert_eq!(body["_links"]["base"], json!(base));
    assert_eq!(header, format!("<{next}>; rel=\"next\", <{base}>; rel=\"base\""));

    let last = atlassian.confluence(&tokens, "/wiki/api/v2/spaces").await;
    assert_eq!(last.headers()["link"], format!("<{base}>; rel=\"base\""));
    assert!(json_of(last).await["_links"].get("next").is_none());
}

#[rstest]
#[case("pages?cursor=nonsense")]
#[case("pages?cursor=/wiki/api/v2/pages?cursor%3Dabc")]
#[case("pages?limit=0")]
#[case("pages?limit=251")]
#[case("pages?limit=many")]
#[case("pages?sort=colour")]
#[case("pages?status=lost")]
#[case("pages?body-format=view")]
#[case("pages?space-id=ENG")]
#[case("spaces/ENG")]
#[case("spaces?description-format=storage")]
#[tokio::test]
async fn nonsense_is_refused(#[case] path: &str) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let (status, body) = read(atlassian.confluence(&tokens, &format!("/wiki/api/v2/{path}")).await).await;
    assert_eq!((status, &body["errors"][0]["code"]), (400, &json!("INVALID_REQUEST_PARAMETER")));
    assert_eq!(body["errors"][0]["status"], json!(400));
}

#[tokio::test]
async fn a_cursor_of_one_order_does_not_fit_another() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let page = get(&atlassian, &tokens, "/pages?sort=title").await;
    let next = page["_links"]["next"].as_str().expect("a link").replace("sort=title", "sort=id");
    assert_eq!(atlassian.confluence(&tokens, &next).await.status(), 400);
}

#[tokio::test]
async fn missing_and_forbidden_look_alike() {
    let (atlassian, tokens) = Atlassian::connected().await;
    for path in ["/pages/1", "/spaces/1", "/spaces/1/pages"] {
        let (status, body) = read(atlassian.confluence(&tokens, &format!("/wiki/api/v2{path}")).await).await;
        let error = json!({ "status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null });
        assert_eq!((status, body), (404, json!({ "errors": [error] })));
    }
}

#[tokio::test]
async fn spaces_come_in_all_kinds() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "spaces").await;
    let personal: Vec<&Value> = rows.iter().filter(|space| space["type"] == "personal").collect();
    assert_eq!(personal.len(), 1);
    assert!(personal[0]["key"].as_str().is_some_and(|key| key.starts_with('~')));
    assert_eq!(rows.iter().filter(|space| space["status"] == "archived").count(), 1);
    assert_eq!(all(&atlassian, &tokens, "spaces?status=current").await.len(), 5);
    assert!(rows.iter().all(|space| space["description"].is_null() && space["icon"].is_null()));
    let engineering =
        &get(&atlassian, &tokens, "/spaces?keys=ENG&description-format=plain").await["results"][0];
    assert!(engineering["description"]["plain"]["value"].is_string());
    let id = engineering["id"].as_str().expect("an id");
    let single = get(&atlassian, &tokens, &format!("/spaces/{id}")).await;
    assert_eq!((&single["key"], &single["homepageId"]), (&json!("ENG"), &engineering["homepageId"]));
}

#[tokio::test]
async fn pages_can_be_asked_for_by_space() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let mut sum = 0;
    for space in all(&atlassian, &tokens, "spaces").await {
        let id = space["id"].as_str().expect("an id");
        let pages = all(&atlassian, &tokens, &format!("spaces/{id}/pages?limit=50")).await;
        assert_eq!(pages, all(&atlassian, &tokens, &format!("pages?space-id={id}")).await);
        let roots = all(&atlassian, &tokens, &format!("spaces/{id}/pages?depth=root")).await;
        assert_eq!(roots.len(), 1);
        assert_eq!(roots[0]["id"], space["homepageId"]);
        assert!(roots[0]["_links"]["webui"].as_str().is_some_and(|link| link.ends_with("/overview")));
        sum += pages.len();
    }
    assert_eq!(sum, 300);
}

#[tokio::test]
async fn the_tree_hangs_together_and_some_of_it_under_folders() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "pages?limit=250").await;
    let spaces: HashMap<&str, &Value> =
        rows.iter().filter_map(|row| Some((row["id"].as_str()?, &row["spaceId"]))).collect();
    let (mut roots, mut folders) = (0, 0);
    for row in &rows {
        match (row["parentType"].as_str(), row["parentId"].as_str()) {
            (None, None) => roots += 1,
            (Some("page"), Some(parent)) => assert_eq!(spaces[parent], &row["spaceId"]),
            (Some("folder"), Some(parent)) => {
                folders += 1;
                assert!(!spaces.contains_key(parent), "no list contains a folder");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(roots, 6);
    assert!(folders > 5, "{folders}");
}

#[tokio::test]
async fn titles_are_unique_in_their_space_and_awkward() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "pages?limit=250").await;
    let titles: HashSet<(String, String)> = rows
        .iter()
        .map(|row| (row["spaceId"].to_string(), row["title"].to_string().to_lowercase()))
        .collect();
    assert_eq!(titles.len(), 300);
    let titles = column(&rows, "title");
    assert_eq!(titles.iter().map(|title| title.chars().count()).max(), Some(255));
    assert!(titles.iter().any(|title| title.contains('🚀')));
    assert!(
        titles.iter().any(|title| title.chars().any(|character| ('\u{590}'..'\u{700}').contains(&character)))
    );
}

#[tokio::test]
async fn bodies_come_in_the_format_that_was_asked_for() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = get(&atlassian, &tokens, "/pages?limit=3").await;
    assert_eq!(rows["results"][0]["body"], json!({}));
    let id = rows["results"][1]["id"].as_str().expect("an id");
    let storage = get(&atlassian, &tokens, &format!("/pages/{id}?body-format=storage")).await;
    assert_eq!(storage["body"]["storage"]["representation"], json!("storage"));
    assert!(storage["body"]["storage"]["value"].as_str().is_some_and(|value| value.starts_with('<')));
    let adf = get(&atlassian, &tokens, &format!("/pages/{id}?body-format=atlas_doc_format")).await;
    let document = adf["body"]["atlas_doc_format"]["value"].as_str().expect("JSON in a string");
    let document: Value = serde_json::from_str(document).expect("JSON");
    assert_eq!((&document["type"], &document["version"]), (&json!("doc"), &json!(1)));
    let view = get(&atlassian, &tokens, &format!("/pages/{id}?body-format=view")).await;
    assert!(view["body"]["view"]["value"].is_string());
}

#[tokio::test]
async fn the_newest_pages_come_first_when_asked() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let rows = all(&atlassian, &tokens, "pages?sort=-modified-date&limit=60").await;
    let times: Vec<&str> = rows.iter().filter_map(|row| row["version"]["createdAt"].as_str()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
    assert!(times.iter().all(|time| time.ends_with('Z') && time.len() == 24));
    assert!(rows.iter().all(|row| row.get("updatedAt").is_none() && row["version"].get("id").is_none()));
}

#[tokio::test]
async fn the_trash_is_listed_only_when_asked() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let trashed = all(&atlassian, &tokens, "pages?status=trashed").await;
    assert!(!trashed.is_empty());
    let id = trashed[0]["id"].as_str().expect("an id");
    let single = |query: &str| format!("/wiki/api/v2/pages/{id}{query}");
    assert_eq!(atlassian.confluence(&tokens, &single("")).await.status(), 404);
    assert_eq!(atlassian.confluence(&tokens, &single("?status=trashed")).await.status(), 200);
}

#[tokio::test]
async fn a_listing_survives_changes_while_it_is_read() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let first = get(&atlassian, &tokens, "/pages?limit=100").await;
    let seen = first["results"].as_array().expect("results");
    let gone = seen[50]["id"].as_str().expect("an id");
    atlassian.control(Method::DELETE, &format!("/sites/acme/pages/{gone}?purge=true"), Value::Null).await;
    let next = first["_links"]["next"].as_str().expect("a link");
    let second = json_of(atlassian.confluence(&tokens, next).await).await;
    let third =
        json_of(atlassian.confluence(&tokens, second["_links"]["next"].as_str().expect("a link")).await)
            .await;
    let count = |page: &Value| page["results"].as_array().map_or(0, Vec::len);
    assert_eq!((count(&second), count(&third)), (100, 100));
}
