//! The main job: connect an account and have its projects and pages in one's own database.

use std::collections::BTreeSet;

use connector_store::Engine;
use connector_testkit::{TestApp, parameter};
use futures::future::join_all;
use rstest::rstest;
use serde_json::Value;

use crate::column;

/// (id, key or space, title) of each row, to be compared as sets.
fn triples<'v>(rows: &'v Value, names: [&str; 3]) -> BTreeSet<[&'v str; 3]> {
    let rows = rows.as_array().unwrap();
    let set: BTreeSet<_> = rows.iter().map(|row| names.map(|name| row[name].as_str().unwrap())).collect();
    assert_eq!(set.len(), rows.len(), "a row stands there twice");
    set
}

#[rstest]
#[tokio::test]
async fn who_connects_has_the_projects_and_pages_of_the_site(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();

    let landing = browser.connect().await.location();
    assert_eq!(landing.path(), "/connected");
    assert_eq!(parameter(&landing, "provider").as_deref(), Some("atlassian"));
    assert_eq!(parameter(&landing, "status").as_deref(), Some("success"));
    assert!(browser.for_pages().get(landing.as_str()).await.expect(200).text().contains("Ada"));

    let resources = browser.get("/api/atlassian/resources").await.expect(200).json();
    assert_eq!(resources["status"], "success");
    let sites = resources["data"].as_array().unwrap();
    let [site] = sites.as_slice() else { panic!("two products of one site are one site: {sites:?}") };
    assert_eq!(
        (&site["id"], &site["name"]),
        (&"11111111-1111-4111-8111-111111111111".into(), &"acme".into())
    );

    let run = browser.latest_sync().await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let projects = browser.get("/integrations/jira/projects/fetch").await.expect(200).json();
    let pages = browser.get("/integrations/confluence/pages/fetch").await.expect(200).json();
    assert_eq!((&projects["provider"], &pages["provider"]), (&"jira".into(), &"confluence".into()));
    assert_eq!(projects["items"].as_array().unwrap().len(), 12);
    assert_eq!(pages["items"].as_array().unwrap().len(), 300);

    let truth = app.sandbox.truth("acme").await;
    assert_eq!(
        triples(&projects["items"], ["remote_id", "key", "name"]),
        triples(&truth["projects"], ["id", "key", "name"])
    );
    let spaces = truth["spaces"].as_array().unwrap();
    let key_of = |id: &Value| &spaces.iter().find(|space| &space["id"] == id).unwrap()["key"];
    let mut expected = truth["pages"].clone();
    for page in expected.as_array_mut().unwrap() {
        page["space_key"] = key_of(&page["space_id"]).clone();
    }
    assert_eq!(
        triples(&pages["items"], ["remote_id", "space_key", "title"]),
        triples(&expected, ["id", "space_key", "title"])
    );
}

#[rstest]
#[tokio::test]
async fn rows_link_to_where_people_read_them(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let site = format!("{}/sites/acme", app.sandbox.url);

    let projects = browser.get("/integrations/jira/projects/fetch").await.json();
    for project in projects["items"].as_array().unwrap() {
        assert_eq!(project["url"], format!("{site}/browse/{}", project["key"].as_str().unwrap()));
        browser.get(project["url"].as_str().unwrap()).await.expect(200);
    }
    let spaces = browser.get("/api/confluence/spaces").await.json();
    assert_eq!(spaces["items"].as_array().unwrap().len(), 6);
    for space in spaces["items"].as_array().unwrap() {
        assert_eq!(space["url"], format!("{site}/wiki/spaces/{}", space["key"].as_str().unwrap()));
        browser.get(space["url"].as_str().unwrap()).await.expect(200);
    }
    let homepages = column(&spaces["items"], "homepage_id");
    let pages = browser.get("/integrations/confluence/pages/fetch").await.json();
    for page in pages["items"].as_array().unwrap() {
        let (space, id) = (page["space_key"].as_str().unwrap(), page["page_id"].as_str().unwrap());
        let beginning = if homepages.contains(&id) {
            format!("{site}/wiki/spaces/{space}/overview")
        } else {
            format!("{site}/wiki/spaces/{space}/pages/{id}/")
        };
        let url = page["url"].as_str().unwrap();
        assert!(url.starts_with(&beginning), "{url}");
        browser.get(url).await.expect(200);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sites_can_be_asked_for_while_a_sync_asks_for_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    browser.connect().await;
    let asked = (0..24).map(|_| browser.get("/api/atlassian/resources").into_future());
    for answer in join_all(asked).await {
        assert_eq!(answer.expect(200).json()["data"].as_array().unwrap().len(), 1);
    }
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
}
