//! What is stored of Atlassian's, with all that is known of it.

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::Value;

use crate::column;

/// All items of a list, part by part.
pub(crate) async fn all(browser: &Browser, path: &str) -> Vec<Value> {
    let (mut cursor, mut items) = (String::new(), Vec::new());
    loop {
        let part = browser.get(&format!("{path}{cursor}")).await.expect(200).json();
        items.extend(part["items"].as_array().unwrap().clone());
        match part["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[rstest]
#[tokio::test]
async fn lists_have_everything_once_whatever_the_size_of_their_parts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    for (path, order, count) in [
        ("/api/jira/projects", "key", 12),
        ("/api/confluence/spaces", "key", 6),
        ("/api/confluence/pages", "title", 300),
    ] {
        let whole = all(&browser, &format!("{path}?limit=1000")).await;
        assert_eq!(whole.len(), count, "{path}");
        for limit in [1, 7, count - 1, count] {
            if count / limit <= 50 {
                assert_eq!(all(&browser, &format!("{path}?limit={limit}")).await, whole, "{path} by {limit}");
            }
        }
        let usual = browser.get(path).await.expect(200).json();
        assert_eq!(usual["items"].as_array().unwrap().len(), count.min(50), "{path}");
        assert!(column(&usual["items"], order).iter().all(|text| !text.is_empty()));
    }
}

#[rstest]
#[tokio::test]
async fn rows_carry_what_atlassian_says_of_them(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let project = browser.get("/api/jira/projects?limit=1").await.json()["items"][0].clone();
    assert_eq!(project["cloud_id"], "11111111-1111-4111-8111-111111111111");
    for member in ["key", "name", "lead", "url", "remote_id", "project_type", "description", "synced_at"] {
        assert!(project[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {project}");
    }
    let truth = app.sandbox.truth("acme").await;
    let pages = all(&browser, "/api/confluence/pages?limit=1000").await;
    for expected in truth["pages"].as_array().unwrap() {
        let page = pages.iter().find(|page| page["page_id"] == expected["id"]).unwrap();
        assert_eq!(page["version"], expected["version"], "{page}");
        assert_eq!(page["space_id"], expected["space_id"], "{page}");
        assert_eq!(page["parent_id"], expected["parent_id"], "{page}");
        assert_eq!(page["status"], "current");
        assert!(page["modified_at"].as_str().unwrap().ends_with('Z'), "{page}");
    }
}

#[rstest]
#[tokio::test]
async fn one_page_is_found_by_confluence_s_id(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let listed = browser.get("/api/confluence/pages?limit=1").await.json()["items"][0].clone();
    let id = listed["page_id"].as_str().unwrap();
    let mut found = browser.get(&format!("/api/confluence/pages/{id}?body=none")).await.expect(200).json();
    assert_eq!(found["body"].take(), Value::Null);
    found.as_object_mut().unwrap().remove("body");
    assert_eq!(found, listed);
    assert_eq!(browser.get("/api/confluence/pages/0").await.detail(404), "There is no such page.");
}

#[rstest]
#[tokio::test]
async fn pages_of_one_space_can_be_asked_for(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let spaces = browser.get("/api/confluence/spaces").await.json();
    let mut counted = 0;
    for key in column(&spaces["items"], "key") {
        let pages = all(&browser, &format!("/api/confluence/pages?limit=1000&space_key={key}")).await;
        assert!(pages.iter().all(|page| page["space_key"] == key), "{key}");
        counted += pages.len();
    }
    assert_eq!(counted, 300);
    let none = browser.get("/api/confluence/pages?space_key=NOPE").await.expect(200).json();
    assert_eq!(none["items"].as_array().unwrap().len(), 0);
}
