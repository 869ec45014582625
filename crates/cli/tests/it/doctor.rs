//! `connector doctor`.

use std::fs;

use connector_store::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::program::Ended;
use crate::workplace::{KEY, Site, Workplace};

/// What was found of a kind.
fn found<'e>(ended: &'e Ended, what: &str) -> Vec<&'e str> {
    let lines = ended.stdout.lines().filter(|line| line.split_whitespace().nth(1) == Some(what));
    lines.map(|line| line.split_whitespace().next().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn a_service_that_works_is_well(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(mut site) = Site::new(engine).await else { return };
    let service = site.serve().await;
    site.browser().connect().await;
    let address = site.browser().base().as_str().to_owned();
    site.workplace.set("CONNECTOR_PUBLIC_URL", &address);
    let ended = site.workplace.run(&["doctor"]).await.well();
    for what in ["configuration", "app", "scopes", "database", "keys", "auth", "api"] {
        assert_eq!(found(&ended, what), ["ok"], "{what}: {}", ended.stdout);
    }
    service.kill().await;
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_remedy_and_nothing_is_changed() {
    let workplace = Workplace::new()
        .with("ATLASSIAN_AUTH_URL", "http://127.0.0.1:1")
        .with("ATLASSIAN_API_URL", "http://127.0.0.1:1")
        .with("ATLASSIAN_SCOPES", "read:me offline_access");
    let ended = workplace.run(&["doctor"]).await;
    assert_eq!(ended.code, Some(1));
    for what in ["app", "scopes", "auth", "api"] {
        assert_eq!(found(&ended, what), ["wrong"], "{what}: {}", ended.stdout);
    }
    assert!(ended.stdout.contains("developer.atlassian.com") && ended.stdout.contains("read:jira-work"));
    assert_eq!(fs::read_dir(workplace.folder()).unwrap().count(), 0);

    let ended = workplace.run(&["doctor", "--json"]).await;
    assert_eq!(ended.code, Some(1));
    let findings: Value = serde_json::from_str(&ended.stdout).unwrap();
    let wrong =
        findings["findings"].as_array().unwrap().iter().filter(|finding| finding["verdict"] == "wrong");
    assert!(wrong.inspect(|finding| assert!(finding["remedy"].is_string(), "{finding}")).count() >= 4);
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_found() {
    let mut site = Site::new(Engine::Sqlite).await.unwrap();
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", KEY);
    site.serve().await.kill().await;
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", &KEY.replace("MDEy", "AAAA"));
    let ended = site.workplace.run(&["doctor"]).await;
    assert_eq!((ended.code, found(&ended, "keys")), (Some(1), vec!["wrong"]), "{}", ended.stdout);
    assert!(!ended.stdout.contains("AAAA"), "{}", ended.stdout);
}

#[tokio::test]
async fn consents_that_lack_something_or_end_soon_are_told_with_the_login() {
    let Some(site) = Site::new(Engine::Postgres).await else { return };
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    let ended = site.workplace.run(&["doctor"]).await;
    assert_eq!(found(&ended, "consents"), ["ok"], "{}", ended.stdout);

    let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let choice = serde_json::json!({"streams": ["confluence_comments"]});
    browser.call("PATCH", &format!("/api/connections/{id}")).json(&choice).await.expect(200);
    let year_ago = "UPDATE connections SET connected_at = connected_at - CAST(360 AS BIGINT) * 86400000";
    site.database.as_ref().unwrap().execute(year_ago).await;
    let ended = site.workplace.run(&["doctor"]).await;
    assert_eq!(found(&ended, "consents"), ["warning", "warning"], "{}", ended.stdout);
    for part in [
        format!("{id} of user 1 lacks read:comment:confluence"),
        "add read:comment:confluence to ATLASSIAN_SCOPES".to_owned(),
        format!("{id} of user 1 ends at "),
        "/api/oauth/atlassian/login?scope=".to_owned(),
    ] {
        assert!(ended.stdout.contains(&part), "{part}: {}", ended.stdout);
    }
    service.kill().await;
}
