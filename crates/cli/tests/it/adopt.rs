//! A copied database, from the operator's side.

use std::fs;

use connector_store::Engine;

use crate::workplace::Site;

const REFRESH: &str = "/api/oauth/atlassian/refresh";

#[tokio::test]
async fn a_copied_database_stays_quiet_until_it_is_adopted() {
    let site = Site::new(Engine::Sqlite).await.unwrap();
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    browser.latest_sync().await;
    service.kill().await;
    let database = site.workplace.database();
    let copy = database.with_extension("copy");
    fs::copy(&database, &copy).unwrap();
    fs::rename(&copy, &database).unwrap();

    let service = site.serve().await;
    browser.call("POST", REFRESH).await.problem(503);
    let ready = browser.get("/readyz").await.expect(200).json();
    assert!(ready["detail"].as_str().unwrap().contains("connector adopt"), "{ready}");
    let doctor = site.workplace.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("it was copied or restored"), "{}", doctor.stdout);
    let asked = site.workplace.run(&["adopt"]).await;
    assert!(asked.stderr.contains("connector adopt --yes"), "{}", asked.stderr);
    browser.call("POST", REFRESH).await.problem(503);
    assert_eq!(site.sandbox.refreshes().await.ok, 0);

    site.workplace.run(&["adopt", "--yes"]).await.well();
    browser.call("POST", REFRESH).await.expect(200);
    assert_eq!(browser.get("/readyz").await.json()["detail"], serde_json::Value::Null);
    let again = site.workplace.run(&["adopt"]).await.well();
    assert!(again.stdout.contains("already"), "{}", again.stdout);
    service.kill().await;
}
