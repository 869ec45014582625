//! `connector sync`.

use connector_store::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::workplace::{Site, Workplace};

/// A site whose service has connected Ada, synced, and stopped.
async fn connected(engine: Engine) -> Option<Site> {
    let site = Site::new(engine).await?;
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    browser.latest_sync().await;
    service.signal("TERM").await;
    service.end().await.well();
    Some(site)
}

#[rstest]
#[tokio::test]
async fn without_a_service_it_does_the_work_itself(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(site) = connected(engine).await else { return };
    let plain = site.workplace.run(&["sync", "--full"]).await.well();
    assert!(plain.stdout.starts_with("synced: ") && plain.stdout.ends_with(", 0 rows written"), "{plain:?}");
    for line in ["jira_projects: 12 of 12 read, 0 written", "confluence_pages: 300 read, 0 written"] {
        assert!(plain.stderr.contains(line), "`{line}` in {}", plain.stderr);
    }
    let one = ["sync", "--json", "--stream", "confluence_spaces", "--user", "ada@example.com"];
    let run: Value = serde_json::from_str(&site.workplace.run(&one).await.well().stdout).unwrap();
    assert_eq!((&run["status"], &run["streams"][0]["fetched"]), (&"succeeded".into(), &6.into()));
    assert_eq!(run["streams"].as_array().unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn how_complete_the_mirror_is_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(site) = connected(engine).await else { return };
    site.workplace.run(&["sync", "--census"]).await.well();
    let plain = site.workplace.run(&["completeness"]).await.well();
    let projects = plain.stdout.lines().find(|line| line.contains("jira_projects")).unwrap_or_default();
    assert!(projects.starts_with("equal ") && projects.contains("12 here, 12 at Atlassian"), "{plain:?}");
    let last = plain.stdout.lines().last().unwrap_or_default();
    assert!(last.ends_with(" lists are as at Atlassian"), "{plain:?}");

    // A project is archived: a census takes it out of the mirror.
    let truth = site.sandbox.truth("acme").await;
    let project = truth["projects"][0]["id"].as_str().unwrap().to_owned();
    site.sandbox.edit("acme", "projects", &project, &serde_json::json!({"archived": true})).await;
    site.workplace.run(&["sync", "--census"]).await;
    let told = site.workplace.run(&["completeness", "--json", "--user", "ada@example.com"]).await.well();
    let proofs: Value = serde_json::from_str(&told.stdout).unwrap();
    let projects =
        proofs.as_array().unwrap().iter().find(|proof| proof["stream"] == "jira_projects").unwrap();
    assert_eq!((&projects["remote_count"], &projects["local_count"]), (&11.into(), &11.into()), "{projects}");
    assert!(projects["equal_at"].is_string() && projects["scope"].is_null(), "{projects}");
}

#[rstest]
#[tokio::test]
async fn beside_a_service_it_follows_what_that_one_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(site) = connected(engine).await else { return };
    let _service = site.serve().await;
    let ended = site.workplace.run(&["sync", "--user", "1"]).await.well();
    assert!(ended.stdout.ends_with(" records read, 0 rows written"), "{ended:?}");
    let runs = site.browser().get("/api/syncs").await.expect(200).json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_synced_is_told() {
    let told = async |workplace: &Workplace, arguments: &[&str]| {
        let ended = workplace.run(&[&["sync"][..], arguments].concat()).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        ended.stderr
    };
    let nobody = told(&Workplace::new(), &[]).await;
    assert!(nobody.contains("there is no user yet"), "{nobody}");

    let site = connected(Engine::Sqlite).await.unwrap();
    let unknown = told(&site.workplace, &["--user", "ben@example.com"]).await;
    assert!(unknown.contains("there is no user `ben@example.com`"), "{unknown}");
    let neither = told(&site.workplace, &["--user", "ben"]).await;
    assert!(neither.contains("neither a user's id nor an e-mail address"), "{neither}");

    site.sandbox.lasting_fault("*/search/jql", serde_json::json!({"status": 403})).await;
    let failed = site.workplace.run(&["sync", "--json"]).await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stderr.contains("error: the sync failed: "), "{failed:?}");
    let run: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(run["status"], "failed");
}
