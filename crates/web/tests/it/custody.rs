//! A copy of a database uses none of its tokens.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{TestApp, parameter};
use rstest::rstest;

const RESOURCES: &str = "/api/atlassian/resources";
const REFRESH: &str = "/api/oauth/atlassian/refresh";
/// As a copy finds it: it lies somewhere else.
const COPIED: &str = "UPDATE deployment SET place = 'elsewhere'";

#[rstest]
#[tokio::test]
async fn a_copy_serves_what_is_stored_and_asks_for_no_token_until_it_is_adopted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    app.database.execute(COPIED).await;
    app.sandbox.clear_stats().await;
    app.advance(Duration::from_hours(1)).await;

    for _ in 0..2 {
        let problem = browser.call("POST", REFRESH).await.problem(503);
        assert_eq!(problem["type"], "urn:connector:problem:not-adopted");
        assert!(problem["detail"].as_str().unwrap().contains("connector adopt"), "{problem}");
    }
    browser.get(RESOURCES).await.problem(503);
    assert_eq!(app.connections.refresh_due().await.unwrap(), 0);
    app.connections.take_up_spool().await;
    app.connections.recover().await.unwrap();
    let told = app.browser().for_pages().get("/api/oauth/atlassian/login").await.expect(302).location();
    assert!(parameter(&told, "message").unwrap().contains("connector adopt"), "{told}");
    let refreshes = app.sandbox.refreshes().await;
    assert_eq!((refreshes.ok, refreshes.error), (0, 0));
    browser.get("/api/jira/projects").await.expect(200);
    assert_eq!(browser.get("/api/connections").await.json()["items"][0]["status"], "active");

    app.connections.adopt().await.unwrap();
    browser.get(RESOURCES).await.expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 1);
    let adopted = "audit_events WHERE event = 'database_adopted' AND actor_kind = ";
    assert_eq!(app.database.count(&format!("{adopted}'operator'")).await, 1);
    assert_eq!(app.database.count(&format!("{adopted}'system'")).await, 1);
}

#[tokio::test]
async fn a_copied_file_is_another_file_and_lacks_the_mark_beside_it() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.runs_jobs = false).await.unwrap();
    let browser = app.browser();
    browser.connect().await;
    let path = app.database.path().unwrap();
    let mark = path.with_extension("db.deployment");
    let id = std::fs::read(&mark).unwrap();

    // Beside a copy there is no mark, or another deployment's.
    for wrong in [None, Some("00000000-0000-7000-8000-000000000000\n")] {
        match wrong {
            None => std::fs::remove_file(&mark).unwrap(),
            Some(other) => std::fs::write(&mark, other).unwrap(),
        }
        browser.call("POST", REFRESH).await.problem(503);
    }
    // The whole folder was copied: the mark is right, the file is another one.
    std::fs::write(&mark, id).unwrap();
    browser.call("POST", REFRESH).await.expect(200);
    let copy = path.with_extension("copy");
    std::fs::copy(path, &copy).unwrap();
    std::fs::rename(&copy, path).unwrap();
    browser.call("POST", REFRESH).await.problem(503);
    assert_eq!(app.sandbox.refreshes().await.ok, 1);
}
