//! A sealed value opens in its own row only.

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::json;

const RESOURCES: &str = "/api/atlassian/resources";

/// Ada and Ben, connected and synced.
async fn two_people(engine: Engine) -> Option<(TestApp, Browser, Browser)> {
    let app = TestApp::start(engine).await?;
    let ada = app.connected().await;
    let ben = app.browser();
    ben.connect_as("Ben").await;
    ben.latest_sync().await;
    Some((app, ada, ben))
}

/// Gives each grant the other's sealed tokens.
const SWAP: &str = "
    CREATE TEMP TABLE swapped AS SELECT * FROM grants;
    UPDATE grants SET
        sealed_access_token = (SELECT sealed_access_token FROM swapped WHERE connection_id <> grants.connection_id),
        sealed_refresh_token = (SELECT sealed_refresh_token FROM swapped WHERE connection_id <> grants.connection_id);
    DROP TABLE swapped";

#[rstest]
#[tokio::test]
async fn a_token_that_was_moved_to_another_connection_does_not_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, ada, ben)) = two_people(engine).await else { return };
    app.database.execute(SWAP).await;
    app.sandbox.clear_stats().await;

    for browser in [&ada, &ben] {
        for _ in 0..2 {
            let answer = browser.get(RESOURCES).await;
            assert_eq!(answer.problem(503)["type"], "urn:connector:problem:sealed");
            assert!(!answer.text().contains("eyJ"), "{}", answer.text());
        }
        browser.call("POST", "/api/oauth/atlassian/refresh").await.problem(503);
    }
    assert_eq!(app.sandbox.requests("/accessible-resources").await, 0, "nobody spoke as somebody else");
    assert_eq!((app.sandbox.refreshes().await.ok, app.sandbox.refreshes().await.error), (0, 0));

    // Swapped back, as from a backup, all is as before.
    app.database.execute(SWAP).await;
    ada.get(RESOURCES).await.expect(200);
    ben.get(RESOURCES).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_sync_with_a_token_that_does_not_open_fails_at_once_and_connecting_mends_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, ada, _ben)) = two_people(engine).await else { return };
    app.database.execute(SWAP).await;
    let run = ada.sync(&json!({})).await;
    assert_eq!((&run["status"], &run["attempt"]), (&"failed".into(), &1.into()), "{run}");
    assert!(run["error"].as_str().unwrap().contains("cannot be opened"), "{run}");
    ada.get("/healthz").await.expect(200);

    app.advance(std::time::Duration::from_secs(1)).await;
    ada.connect().await;
    ada.get(RESOURCES).await.expect(200);
    let run = ada.latest_sync().await;
    assert_eq!(run["status"], "succeeded", "{run}");
}

#[rstest]
#[tokio::test]
async fn a_token_of_an_earlier_generation_does_not_open(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await else { return };
    let browser = app.browser();
    browser.connect().await;
    app.database.execute("UPDATE grants SET generation = generation + 1").await;
    browser.get(RESOURCES).await.problem(503);
    app.database.execute("UPDATE grants SET generation = generation - 1").await;
    browser.get(RESOURCES).await.expect(200);
}
