//! `connector keys rotate`, beside a running service and without one.

use std::fs;

use connector_store::Engine;
use rstest::rstest;
use serde_json::{Value, json};

use crate::workplace::{KEY, Site};

const NEW: &str = "test-2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// A database with a connection and many tokens of people, all sealed with the old key. The service is stopped.
async fn sealed_with_the_old_key(engine: Engine, people: usize) -> Option<Site> {
    let mut site = Site::new(engine).await?;
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", KEY);
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    browser.latest_sync().await;
    for i in 0..people {
        let tokens = json!({"email": format!("person-{i}@example.com"), "jira_token": "a-jira-token-4711"});
        browser.post("/users", &tokens).await.expect(201);
    }
    service.signal("TERM").await;
    service.end().await.well();
    Some(site)
}

async fn rotate(site: &Site) -> Value {
    serde_json::from_str(&site.workplace.run(&["keys", "rotate", "--json"]).await.well().stdout).unwrap()
}

#[rstest]
#[tokio::test]
async fn the_old_key_is_needed_until_the_rotation_and_not_after_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(mut site) = sealed_with_the_old_key(engine, 0).await else { return };
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", NEW);
    let refused = site.workplace.run(&["keys", "rotate"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("the encryption key `test-1`"), "{}", refused.stderr);

    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", &format!("{NEW},{KEY}"));
    let verified = site.workplace.run(&["keys", "verify"]).await.well().stdout;
    assert!(verified.contains("3 of them are under other keys"), "{verified}");
    let rotated = rotate(&site).await;
    assert_eq!((&rotated["key_id"], &rotated["status"]), (&json!("test-2"), &json!("succeeded")));
    assert_eq!(
        (&rotated["rows"], &rotated["rows_under_other_keys"]),
        (&json!(3), &json!(0)),
        "tokens and a verifier"
    );
    assert_eq!(rotate(&site).await["rows"], 0, "nothing is left to do");

    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", NEW);
    let service = site.serve().await;
    site.browser().post("/api/syncs", &json!({})).await.expect(202);
    assert_eq!(site.browser().latest_sync().await["status"], "succeeded");
    service.kill().await;
    let verified = site.workplace.run(&["keys", "verify", "--json"]).await.well().stdout;
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!((&verified["keys"], &verified["under_other_keys"]), (&json!(["test-2"]), &json!(0)));
    assert_eq!((&verified["opened"], &verified["failures"]), (&json!(3), &json!([])));
}

#[rstest]
#[tokio::test]
async fn a_running_service_goes_on_while_everything_is_sealed_anew(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(mut site) = sealed_with_the_old_key(engine, 150).await else { return };
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", &format!("{NEW},{KEY}"));
    let service = site.serve().await;
    let browser = site.browser();
    let rotation = site.workplace.start(&["keys", "rotate", "--json"]);
    for _ in 0..20 {
        browser.post("/api/syncs", &json!({})).await.expect(202);
    }
    let ended = rotation.end().await.well();
    let rotated: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&rotated["rows_under_other_keys"], &rotated["status"]), (&json!(0), &json!("succeeded")));
    assert!(rotated["rows"].as_u64().unwrap() >= 152, "{rotated}");
    assert!(ended.stderr.contains("sealed anew"), "{}", ended.stderr);
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
    if engine == Engine::Sqlite {
        service.line("everything is sealed with the first key").await;
    }
}

#[rstest]
#[tokio::test]
async fn a_rotation_that_is_killed_is_finished_by_the_next_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(mut site) = sealed_with_the_old_key(engine, 350).await else { return };
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", &format!("{NEW},{KEY}"));
    let killed = site.workplace.start(&["keys", "rotate"]);
    killed.line("sealed anew").await;
    killed.kill().await;
    assert_eq!(rotate(&site).await["rows_under_other_keys"], 0);
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", NEW);
    let verified = site.workplace.run(&["keys", "verify", "--json"]).await.well().stdout;
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!((&verified["opened"], &verified["failures"]), (&json!(353), &json!([])));
}

#[rstest]
#[case::wrong("test-1:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=")]
#[case::missing(NEW)]
#[tokio::test]
async fn a_start_with_a_wrong_or_missing_key_changes_no_byte(#[case] keys: &str) {
    let mut site = sealed_with_the_old_key(Engine::Sqlite, 1).await.unwrap();
    let file = site.workplace.database();
    let before = fs::read(&file).unwrap();
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", keys);
    for command in
        [&["serve", "--listen", "127.0.0.1:0"][..], &["sync"], &["keys", "rotate"], &["keys", "verify"]]
    {
        let ended = site.workplace.run(command).await;
        assert_eq!(ended.code, Some(1), "{command:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("the encryption key `test-1`"), "{}", ended.stderr);
        assert!(fs::read(&file).unwrap() == before, "{command:?} has changed the file");
        let log = file.with_extension("db-wal");
        assert!(fs::metadata(&log).map_or(0, |log| log.len()) == 0, "{command:?} has written");
    }
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", KEY);
    site.workplace.run(&["keys", "verify"]).await.well();
}

#[tokio::test]
async fn the_files_of_the_database_are_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let _service = site.serve().await;
    site.browser().connect().await;
    let mut seen = Vec::new();
    for file in fs::read_dir(site.workplace.folder()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if name.starts_with("integration.db") {
            let metadata = file.metadata().unwrap();
            let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(metadata.permissions().mode() & 0o777, expected, "{name}");
            seen.push(name);
        }
    }
    seen.sort_unstable();
    let names = ["", "-shm", "-wal", ".deployment", ".key", ".lock", ".spool"]
        .map(|end| format!("integration.db{end}"));
    assert_eq!(seen, names);
}

/// Neither a core dump nor another process of the same person sees the keys.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_memory_of_the_service_is_closed() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", service.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
}
