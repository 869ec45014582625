//! Sync runs while Atlassian is out of order.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const PROJECTS: &str = "*/project/search";
const SPACES: &str = "*/wiki/api/v2/spaces";
const PAGES: &str = "*/wiki/api/v2/pages";

async fn counts(browser: &Browser) -> [usize; 2] {
    let mut counts = [0, 0];
    for (count, path) in counts.iter_mut().zip(["jira/projects", "confluence/pages"]) {
        let rows = browser.get(&format!("/integrations/{path}/fetch")).await.expect(200).json();
        *count = rows["items"].as_array().unwrap().len();
    }
    counts
}

#[rstest]
#[case(json!({"status": 429, "headers": {"Retry-After": "3"}}))]
#[case(json!({"status": 500}))]
#[case(json!({"status": 503, "headers": {"Retry-After": "30"}}))]
#[case(json!({"status": 502, "body": "<html>Bad Gateway</html>"}))]
#[case(json!({"garbage": true}))]
#[case(json!({"truncate": 100}))]
#[case(json!({"drop": "before"}))]
#[case(json!({"drop": "after"}))]
#[tokio::test]
async fn what_passes_by_itself_leaves_no_gap(#[case] fault: Value) {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for path in [PROJECTS, SPACES, PAGES, "/oauth/token/accessible-resources"] {
        app.sandbox.fault(path, 2, fault.clone()).await;
    }
    let browser = app.connected().await;
    assert_eq!(counts(&browser).await, [12, 300]);
    assert_eq!(browser.latest_sync().await["attempt"], 1);
}

#[rstest]
#[tokio::test]
async fn a_fault_in_the_middle_of_a_list_leaves_no_gap(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let second = app.sandbox.hold("/wiki/api/v2/pages");
    let browser = app.browser();
    browser.connect().await;
    second.reached().await;
    app.sandbox.fault(PAGES, 3, json!({"status": 503})).await;
    app.sandbox.expire_access_tokens().await;
    second.release();
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
    assert_eq!(counts(&browser).await, [12, 300]);
}

#[rstest]
#[tokio::test]
async fn a_long_wait_is_told_and_kept(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    app.sandbox.fault(PAGES, 1, json!({"status": 429, "headers": {"Retry-After": "120"}})).await;
    let browser = app.browser();
    browser.connect().await;
    let id = browser.get("/api/syncs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let mut events = browser.events(&id).await;
    let waiting = events.wait_for("a wait", |run| run["status"] == "waiting").await;
    let until = app.connections.now().plus(Duration::from_mins(2)).to_string();
    assert_eq!(waiting["waiting"]["until"], until, "{waiting}");
    assert!(!waiting["waiting"]["reason"].as_str().unwrap().is_empty());
    let asked = app.sandbox.requests("/pages").await;

    app.advance(Duration::from_secs(119)).await;
    assert_eq!(app.sandbox.requests("/pages").await, asked);
    app.advance(Duration::from_secs(1)).await;
    let last = events.all().await.pop().unwrap();
    assert_eq!(
        (&last["status"], &last["attempt"], &last["waiting"]),
        (&"succeeded".into(), &2.into(), &Value::Null)
    );
    assert_eq!(counts(&browser).await, [12, 300]);
}

/// To be refused by 429 is to wait, however often; an error that stays ends the run after ten beginnings.
#[rstest]
#[case::limited(429, 13, "succeeded")]
#[case::out_of_order(503, 10, "failed")]
#[tokio::test]
async fn only_failures_are_counted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] status: u16,
    #[case] attempts: u64,
    #[case] end: &str,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    browser.connect().await;
    browser.latest_sync().await;
    app.sandbox.lasting_fault(PAGES, json!({"status": status, "headers": {"Retry-After": "120"}})).await;
    let run = browser.post("/api/syncs", &json!({"mode": "full"})).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    for attempt in 1..attempts {
        events.wait_for("a wait", |run| run["status"] == "waiting" && run["attempt"] == attempt).await;
        if end == "succeeded" && attempt == attempts - 1 {
            app.sandbox.clear_faults().await;
        }
        app.advance(Duration::from_mins(2)).await;
    }
    let last = events.all().await.pop().unwrap();
    assert_eq!((&last["status"], &last["attempt"]), (&end.into(), &attempts.into()), "{last}");
}

#[rstest]
#[tokio::test]
async fn one_bad_record_does_not_cost_the_others(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let project =
        |id: &str, key: &str| json!({"id": id, "key": key, "name": key, "projectTypeKey": "software"});
    let body = json!({
        "startAt": 0, "maxResults": 50, "total": 4, "isLast": true,
        "values": [project("1", "ONE"), {"id": "2", "name": "without a key"}, null, project("4", "FOUR")],
    });
    app.sandbox.fault(PROJECTS, 1, json!({"status": 200, "body": body})).await;
    let browser = app.connected().await;
    assert_eq!(counts(&browser).await, [2, 300]);
    let run = browser.latest_sync().await;
    assert_eq!((&run["status"], &run["streams"][0]["fetched"]), (&"succeeded".into(), &2.into()));
}

#[rstest]
#[tokio::test]
async fn a_missing_scope_is_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let scope = "read:jira-work%20read:page:confluence";
    browser.connect_by(&format!("/api/oauth/atlassian/login?scope={scope}")).await;
    let run = browser.latest_sync().await;
    assert_eq!(run["status"], "failed");
    let error = run["error"].as_str().unwrap();
    assert!(
        error.contains("read:space:confluence") && error.contains("connect the account again"),
        "{error}"
    );
    assert_eq!(counts(&browser).await[0], 12, "what the consent covers is there");
}

#[rstest]
#[tokio::test]
async fn a_consent_to_one_product_is_enough_for_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    browser.connect_by("/api/oauth/atlassian/login?scope=read:jira-work").await;
    let run = browser.latest_sync().await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(counts(&browser).await, [12, 0]);
    let connected = async |product: &str| {
        browser.call("POST", &format!("/integrations/{product}/connect")).await.json()["connected"].clone()
    };
    assert_eq!((connected("jira").await, connected("confluence").await), (json!(true), json!(false)));
}

#[rstest]
#[tokio::test]
async fn a_grant_that_ends_during_a_run_ends_the_run_with_the_reason(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    app.sandbox.revoke_grants().await;
    let run = browser.post("/api/syncs", &json!({})).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    events.wait_for("the wait after the first refusal", |run| run["status"] == "waiting").await;
    app.advance(Duration::from_secs(61)).await;
    let last = events.all().await.pop().unwrap();
    assert_eq!(last["status"], "failed");
    assert!(last["error"].as_str().unwrap().contains("made anew"), "{last}");
    assert_eq!(counts(&browser).await, [12, 300], "what is here stays");
}

/// A project alone may take what the others leave; together they have no more issues in memory than one batch each.
#[rstest]
#[case::one_project(1, 2)]
#[case::more_projects_than_are_read_at_a_time(8, 4)]
#[tokio::test]
async fn issues_are_fetched_side_by_side_and_only_so_many(#[case] projects: usize, #[case] at_once: usize) {
    const FETCH: &str = "/issue/bulkfetch";
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.sandbox.projects = Some(projects);
        setup.sandbox.issues = Some(300 * projects);
    })
    .await
    .unwrap();
    let held: Vec<_> = (0..=at_once).map(|_| app.sandbox.hold(FETCH)).collect();
    let browser = app.browser();
    browser.connect().await;
    for fetch in &held[..at_once] {
        fetch.reached().await;
    }
    assert!(!held[at_once].is_reached(), "more than {at_once} at a time");
    drop(held);
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
}
