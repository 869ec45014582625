//! Lists, from their first page to the last, and the links in them.

use connector_conformance::{documents, recorded};
use connector_sandbox::DEFAULT_CLOUD_ID;
use serde_json::json;

use super::start;

#[tokio::test]
async fn trap_11_a_list_that_turns_in_circles_ends() {
    // The same page with the same cursor for ever.
    let next = "/wiki/api/v2/pages?cursor=again&limit=250";
    let page =
        json!({ "results": [{ "id": "1", "title": "One", "spaceId": "1" }], "_links": { "next": next } });
    // No end, and nothing in it.
    let empty = json!({ "values": [], "startAt": 0, "maxResults": 100, "isLast": false });
    for (path, route, body) in
        [("*/wiki/api/v2/pages", "/pages", page), ("*/project/search", "/project/search", empty)]
    {
        let app = start(|setup| setup.sandbox.spaces = Some(1)).await;
        app.sandbox.lasting_fault(path, json!({ "status": 200, "body": body })).await;
        let browser = app.browser();
        browser.connect().await;
        let run = browser.latest_sync().await;
        assert_eq!(run["status"], "failed", "{run}");
        let asked = app.sandbox.requests(route).await;
        assert!(asked < 20, "{route} was asked {asked} times");
    }
}

#[tokio::test]
async fn trap_13_the_next_page_is_asked_for_at_the_gateway() {
    let app = start(|setup| setup.sandbox.pages = Some(600)).await;
    let browser = app.connected().await;
    let truth = app.sandbox.truth("acme").await;
    let expected = truth["pages"].as_array().expect("pages").len();
    let pages = browser.get("/api/confluence/pages?limit=1000").await.expect(200).json();
    assert_eq!(pages["items"].as_array().expect("pages").len(), expected);
    assert!(app.sandbox.requests("/wiki/api/v2/pages").await >= 3);
    // Neither `/wiki/wiki` nor an address without the cloud id: those would have met no route.
    assert_eq!(app.sandbox.requests("(unknown)").await, 0);
    assert_eq!(app.sandbox.requests("{*path}").await, 0);
}

#[tokio::test]
async fn trap_14_a_cursor_is_sent_and_not_the_address_around_it() {
    let scopes = documents::client_scopes().expect("scopes");
    let requests = recorded::requests(&scopes).await.expect("the client at work");
    let parameters =
        |query: &str| url::form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
    let sent = requests.iter().flat_map(|request| parameters(&request.query));
    let cursors: Vec<String> = sent.filter(|(name, _)| name == "cursor").map(|(_, value)| value).collect();
    assert!(cursors.len() > 5, "{} pages that follow another", cursors.len());
    for cursor in &cursors {
        // Decoded once, neither less nor more often.
        assert!(!cursor.contains(['/', '?', '&', '%']) && !cursor.contains("cursor"), "{cursor}");
    }
    let lists = requests.iter().filter(|request| request.path.contains("/wiki/"));
    let root = format!("/ex/confluence/{DEFAULT_CLOUD_ID}/wiki");
    for request in lists {
        // Searches are of version 1, all else of version 2.
        let route = request.path.strip_prefix(&root).unwrap_or_else(|| panic!("{}", request.path));
        assert!(route.starts_with("/api/v2/") || route == "/rest/api/search", "{route}");
    }
}

#[tokio::test]
async fn trap_20_links_lead_to_the_site() {
    let app = start(|_| {}).await;
    let browser = app.connected().await;
    let site = format!("{}/sites/acme", app.sandbox.url);
    for (list, front) in [
        ("jira/projects", format!("{site}/browse/")),
        ("confluence/spaces", format!("{site}/wiki/spaces/")),
        ("confluence/pages", format!("{site}/wiki/spaces/")),
    ] {
        let rows = browser.get(&format!("/api/{list}?limit=1000")).await.expect(200).json();
        let rows = rows["items"].as_array().expect("rows").clone();
        assert!(!rows.is_empty());
        for row in &rows {
            let url = row["url"].as_str().unwrap_or_else(|| panic!("{list}: {row}"));
            assert!(url.starts_with(&front) && !url.contains("/wiki/wiki"), "{url}");
        }
        // Where people are, there is a page.
        let first = rows[0]["url"].as_str().expect("an address");
        browser.stranger().for_pages().get(first).await.expect(200);
    }
}
