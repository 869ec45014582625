//! The end of a connection: its tokens are gone from the files, and its rows where its person wants that.

use std::collections::HashSet;
use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const MIRRORED: [&str; 9] = [
    "jira_projects",
    "jira_issues",
    "jira_issue_types",
    "jira_statuses",
    "jira_fields",
    "jira_users",
    "confluence_spaces",
    "confluence_pages",
    "content_bodies",
];
const STATE: [&str; 4] = ["sync_checkpoints", "sync_proofs", "sync_runs", "grants"];

/// Ada, with everything read, and a project and a page that were put in by hand.
async fn filled(engine: Engine) -> Option<(TestApp, Browser, String)> {
    let app = TestApp::start(engine).await?;
    let browser = app.connected().await;
    app.stop_jobs().await.unwrap();
    let project = json!({"owner_id": 1, "key": "HAND", "name": "By hand"});
    browser.post("/jira/projects", &project).await.expect(201);
    let page = json!({"owner_id": 1, "space_key": "HAND", "page_id": "1", "title": "By hand"});
    browser.post("/confluence/pages", &page).await.expect(201);
    let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    Some((app, browser, id))
}

async fn counts(app: &TestApp, tables: &[&'static str]) -> Vec<(&'static str, i64)> {
    let mut counts = Vec::new();
    for table in tables {
        counts.push((*table, app.database.count(table).await));
    }
    counts
}

async fn trail(browser: &Browser, id: &str) -> Vec<Value> {
    let page = browser.get(&format!("/api/connections/{id}/events")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_deletes_what_was_mirrored_and_nothing_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser, id)) = filled(engine).await else { return };
    let before = counts(&app, &MIRRORED).await;
    assert!(before.iter().all(|(_, rows)| *rows > 0), "{before:?}");
    // The answers are kept in memory on SQLite.
    assert_eq!(
        browser.get("/integrations/jira/projects/fetch").await.json()["items"].as_array().unwrap().len(),
        13
    );
    browser.post("/api/syncs", &json!({})).await.expect(202);

    // The trail is in the order of time.
    app.advance(Duration::from_secs(1)).await;
    let answer = browser.delete(&format!("/api/connections/{id}?data=erase")).await.expect(204);
    assert!(answer.header("link").unwrap().contains("https://id.atlassian.com/manage-profile/apps"));
    assert!(
        counts(&app, &STATE).await.iter().all(|(_, rows)| *rows == 0),
        "{:?}",
        counts(&app, &STATE).await
    );
    assert_eq!(app.database.texts("SELECT kind FROM jobs").await, ["erase"], "the sync has ended");
    app.advance(Duration::from_secs(1)).await;
    app.run_an_erasure().await;

    let left: Vec<_> = counts(&app, &MIRRORED).await.into_iter().filter(|(_, rows)| *rows > 0).collect();
    assert_eq!(left, [("jira_projects", 1), ("confluence_pages", 1)], "what was put in by hand");
    assert_eq!(app.database.count("jira_issue_keys").await, 0);
    let projects = browser.get("/integrations/jira/projects/fetch").await.json();
    assert_eq!(crate::column(&projects["items"], "key"), ["HAND"]);
    let trail = trail(&browser, &id).await;
    assert_eq!((&trail[0]["event"], &trail[1]["event"]), (&"data_erased".into(), &"disconnected".into()));
    assert_eq!(trail[1]["details"], json!({"data": "erased"}));
    let of = &trail[0]["details"]["of"];
    assert_eq!((&of["jira_projects"], &of["confluence_pages"]), (&12.into(), &300.into()));
    let sum: u64 = of.as_object().unwrap().values().map(|rows| rows.as_u64().unwrap()).sum();
    assert_eq!(trail[0]["details"]["rows"], sum);

    // Who comes back has everything read anew.
    browser.connect().await;
    app.run_jobs();
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
    let again = counts(&app, &["jira_issues", "confluence_spaces", "content_bodies"]).await;
    for (table, rows) in again {
        assert!(before.contains(&(table, rows)), "{table}: {rows}, and {before:?} before");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_another_connection_feeds_stay(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((app, browser, id)) = filled(engine).await else { return };
    // A second account of hers, which reads Jira's issues of the same site.
    let other = "01999999-0000-7000-8000-000000000001";
    let database = &app.database;
    database
        .execute(&format!(
            "INSERT INTO connections (id, user_id, client_id, account_key, status, scopes, epoch, connected_at, \
             updated_at, chosen_streams) SELECT '{other}', user_id, client_id, 'other', status, scopes, 1, \
             connected_at, updated_at, '[\"jira_issues\"]' FROM connections WHERE id = '{id}'; \
             INSERT INTO connection_sites (connection_id, cloud_id, url, name, scopes, seen_at) \
             SELECT '{other}', cloud_id, url, name, scopes, seen_at FROM connection_sites \
             WHERE connection_id = '{id}'"
        ))
        .await;
    let before = counts(&app, &["jira_projects", "jira_issues", "jira_issue_keys"]).await;
    browser.delete(&format!("/api/connections/{id}?data=erase")).await.expect(204);
    app.run_an_erasure().await;
    assert_eq!(counts(&app, &["jira_projects", "jira_issues", "jira_issue_keys"]).await, before);
    let gone = counts(&app, &["jira_statuses", "confluence_spaces", "content_bodies"]).await;
    assert!(gone.iter().all(|(_, rows)| *rows == 0), "{gone:?}");

    // What nobody feeds any more goes too.
    browser.delete(&format!("/api/connections/{other}?data=erase")).await.expect(204);
    app.run_an_erasure().await;
    assert_eq!(
        counts(&app, &["jira_projects", "jira_issues"]).await,
        [("jira_projects", 1), ("jira_issues", 0)]
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_is_under_way_ends_with_the_connection(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let issues = app.sandbox.hold("/issue/bulkfetch");
    browser.connect().await;
    issues.reached().await;
    let run = browser.get("/api/syncs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    browser.delete(&format!("/api/connections/{id}")).await.expect(204);
    let read = app.database.count("jira_issues").await;
    issues.release();
    app.stop_jobs().await.unwrap();
    assert_eq!(app.database.count("jira_issues").await, read, "nothing is written after the end");
    let run = browser.get(&format!("/api/syncs/{run}")).await.json();
    assert_eq!(
        (&run["status"], &run["error"]),
        (&"cancelled".into(), &"the account was disconnected".into())
    );
    assert_eq!(app.database.count("jobs").await, 0);
}

#[tokio::test]
async fn what_becomes_of_the_data_is_keep_or_erase() {
    let Some((_app, browser, id)) = filled(Engine::Sqlite).await else { return };
    let refused = browser.delete(&format!("/api/connections/{id}?data=burn")).await;
    assert_eq!(refused.pointers(), ["/query/data"]);
    assert_eq!(browser.get(&format!("/api/connections/{id}")).await.json()["status"], "active");
}

/// The sealed tokens that are stored now.
async fn sealed(app: &TestApp) -> Vec<Vec<u8>> {
    let hex = app
        .database
        .texts("SELECT hex(sealed_access_token) FROM grants UNION ALL SELECT hex(sealed_refresh_token) FROM grants")
        .await;
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.iter().map(|hex| hex.as_bytes().chunks(2).map(byte).collect()).collect()
}

/// How many pieces of sealed values lie in the files of the database and of its spool. By pieces, because a value may
/// lie on several pages.
fn pieces_left(app: &TestApp, sealed: &[Vec<u8>]) -> usize {
    const PIECE: usize = 32;
    let database = app.database.path().unwrap();
    let mut files = vec![database.to_owned(), format!("{}-wal", database.display()).into()];
    files.extend(app.database.spooled());
    let bytes: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).unwrap_or_default()).collect();
    // What stands in front, the id of the key, is no secret.
    let pieces: HashSet<&[u8]> =
        sealed.iter().flat_map(|value| value.get(64..).unwrap().chunks_exact(PIECE)).collect();
    bytes.windows(PIECE).filter(|window| pieces.contains(window)).count()
}

#[tokio::test]
async fn no_ciphertext_is_left_in_the_files_after_a_disconnect() {
    for data in ["keep", "erase"] {
        let app = TestApp::start_with(Engine::Sqlite, |setup| setup.runs_jobs = false).await.unwrap();
        let browser = app.browser();
        browser.connect().await;
        let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let mut all = sealed(&app).await;
        for _ in 0..3 {
            browser.call("POST", &format!("/api/connections/{id}/refresh")).await.expect(200);
            all.extend(sealed(&app).await);
        }
        assert_eq!(all.len(), 8);
        assert!(pieces_left(&app, &all) > 0, "the scan finds what is there");
        browser.delete(&format!("/api/connections/{id}?data={data}")).await.expect(204);
        assert_eq!(pieces_left(&app, &all), 0, "{data}");
    }
}
