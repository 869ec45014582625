//! Access tokens: renewed when they end, by one exchange however many wait for it.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, TestApp, within};
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

const RESOURCES: &str = "/api/atlassian/resources";
const REFRESH: &str = "/api/oauth/atlassian/refresh";
const HOUR: Duration = Duration::from_hours(1);

/// Connected, without the first sync, which would use tokens too.
async fn connected(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await?;
    let browser = app.browser();
    browser.connect().await;
    Some((app, browser))
}

/// The refresh tokens that were sent, in their order.
fn sent(app: &TestApp) -> Vec<String> {
    let exchanges = app.sandbox.exchanges();
    exchanges
        .iter()
        .filter_map(|exchange| exchange.request["refresh_token"].as_str().map(str::to_owned))
        .collect()
}

/// The refresh tokens that were given out, in their order.
fn given(app: &TestApp) -> Vec<String> {
    let exchanges = app.sandbox.exchanges();
    exchanges
        .iter()
        .filter_map(|exchange| exchange.answer["refresh_token"].as_str().map(str::to_owned))
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_not_sooner(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.advance(Duration::from_mins(54)).await;
    browser.get(RESOURCES).await.expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 0, "still good for six minutes");
    app.advance(Duration::from_mins(2)).await;
    for _ in 0..3 {
        browser.get(RESOURCES).await.expect(200);
    }
    assert_eq!(app.sandbox.refreshes().await.ok, 1, "one serves all that follow");
}

#[rstest]
#[tokio::test]
async fn a_token_that_ended_before_its_time_is_renewed_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.sandbox.expire_access_tokens().await;
    for _ in 0..3 {
        browser.get(RESOURCES).await.expect(200);
    }
    let refreshes = app.sandbox.refreshes().await;
    assert_eq!((refreshes.ok, refreshes.error), (1, 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_callers_at_the_end_of_a_token_share_one_exchange(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] ended_early: bool,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    if ended_early {
        app.sandbox.expire_access_tokens().await;
    } else {
        app.advance(HOUR).await;
    }
    let answers = join_all((0..64).map(|_| browser.get(RESOURCES).into_future())).await;
    for answer in answers {
        assert_eq!(answer.expect(200).json()["data"].as_array().unwrap().len(), 1);
    }
    let refreshes = app.sandbox.refreshes().await;
    assert_eq!((refreshes.ok, refreshes.error), (1, 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_one_exchange() {
    let Some((app, browser)) = connected(Engine::Postgres).await else { return };
    let other = app.another(|_| {}).await;
    app.advance(HOUR).await;
    let at = [browser.clone(), browser.at(&other.url)];
    let answers = join_all((0..32).map(|n| at[n % 2].get(RESOURCES).into_future())).await;
    for answer in answers {
        answer.expect(200);
    }
    assert_eq!(app.sandbox.refreshes().await.ok, 1);
}

#[rstest]
#[tokio::test]
async fn the_refresh_route_rotates_and_shows_no_token(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let answer = browser.call("POST", REFRESH).await.expect(200).json();
    assert_eq!(answer["status"], "success");
    let data = answer["data"].as_object().unwrap();
    assert_eq!((&data["expires_in"], &data["token_type"]), (&json!(3600), &json!("Bearer")));
    assert!(data["scope"].as_str().unwrap().contains("read:jira-work"));
    assert_eq!(data.len(), 3, "{data:?}");
    browser.call("POST", REFRESH).await.expect(200);
    // Each exchange sends what the one before has given.
    let given = given(&app);
    assert_eq!(sent(&app), given[..2]);
    assert_eq!(given.len(), 3);
    app.browser().call("POST", REFRESH).await.problem(401);
    app.browser().get(RESOURCES).await.problem(401);
}

#[rstest]
#[tokio::test]
async fn one_connection_can_be_refreshed_by_its_id(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let before = browser.get("/api/connections").await.json()["items"][0].clone();
    app.advance(Duration::from_mins(5)).await;
    let path = format!("/api/connections/{}/refresh", before["id"].as_str().unwrap());
    let after = browser.call("POST", &path).await.expect(200).json();
    assert!(after["access_expires_at"].as_str() > before["access_expires_at"].as_str(), "{after}");
    browser.call("POST", "/api/connections/00000000-0000-7000-8000-000000000000/refresh").await.problem(404);
}

#[rstest]
#[tokio::test]
async fn tokens_are_renewed_ahead_of_time_in_the_background(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, _browser)) = connected(engine).await else { return };
    assert_eq!(app.connections.refresh_due().await.unwrap(), 0);
    // 10 to 15 minutes before their end: spread, so that the tokens of one hour do not meet.
    app.advance(Duration::from_mins(44)).await;
    assert_eq!(app.connections.refresh_due().await.unwrap(), 0);
    app.advance(Duration::from_mins(7)).await;
    assert_eq!(app.connections.refresh_due().await.unwrap(), 1);
    assert_eq!(app.connections.refresh_due().await.unwrap(), 0);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_token(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.advance(HOUR).await;
    app.sandbox.fault("/oauth/token", 1, json!({"drop": "after"})).await;
    browser.get(RESOURCES).await.expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 2, "Atlassian has done it twice");
    let tokens = sent(&app);
    assert_eq!((tokens.len(), &tokens[0]), (2, &tokens[1]));

    // What the second answer has given is what counts from now on.
    browser.call("POST", REFRESH).await.expect(200);
    assert_eq!(sent(&app)[2], given(&app)[1]);
}

#[rstest]
#[tokio::test]
async fn answers_that_stay_lost_cost_time_but_not_the_connection(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.advance(HOUR).await;
    app.sandbox.lasting_fault("/oauth/token", json!({"drop": "after"})).await;
    let answer = browser.get(RESOURCES).await;
    answer.problem(503);
    assert!(answer.header("retry-after").is_some());
    app.sandbox.clear_faults().await;

    app.advance(Duration::from_mins(5)).await;
    browser.get(RESOURCES).await.expect(200);
    let tokens = sent(&app);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "the same token within the leeway");
    assert_eq!(browser.get("/api/connections").await.json()["items"][0]["status"], "active");
}

/// What the token endpoint may answer that says nothing about the grant.
fn passing_faults() -> Vec<Value> {
    vec![
        json!({"status": 500}),
        json!({"status": 503, "headers": {"Retry-After": "7"}}),
        json!({"status": 429, "headers": {"Retry-After": "7"}}),
        json!({"status": 403, "body": "<html>blocked by the edge</html>"}),
        json!({"status": 401, "body": {"error": "access_denied", "error_description": "Unauthorized"}}),
        json!({"status": 400, "body": {"error": "invalid_client"}}),
        json!({"status": 200, "body": {"access_token": ""}}),
        json!({"garbage": true}),
        json!({"truncate": 30}),
        json!({"drop": "before"}),
    ]
}

#[tokio::test]
async fn no_fault_of_the_token_endpoint_ends_a_connection() {
    // Beside one another, because each waits for its own repetitions.
    join_all(passing_faults().into_iter().map(async |fault| {
        let (app, browser) = connected(Engine::Sqlite).await.unwrap();
        app.sandbox.lasting_fault("/oauth/token", fault.clone()).await;
        // More than a minute apart, as two refusals that do end a connection.
        for _ in 0..2 {
            let answer = browser.call("POST", REFRESH).await;
            answer.problem(503);
            app.advance(Duration::from_secs(61)).await;
        }
        let connection = browser.get("/api/connections").await.json()["items"][0].clone();
        assert_eq!(connection["status"], "active", "{fault}");
        app.sandbox.clear_faults().await;
        assert_eq!(browser.call("POST", REFRESH).await.status, 200, "{fault}");
    }))
    .await;
}

#[rstest]
#[tokio::test]
async fn a_wrong_client_secret_is_the_operator_s_to_mend(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let misconfigured = app.another(|setup| setup.client_secret = Some("not-the-secret".to_owned())).await;
    let there = browser.at(&misconfigured.url);
    for _ in 0..2 {
        let told = there.call("POST", REFRESH).await.detail(503);
        assert!(told.contains("operator") && !told.contains("not-the-secret"), "{told}");
        app.advance(Duration::from_secs(61)).await;
    }
    assert_eq!(there.get("/api/connections").await.json()["items"][0]["status"], "active");
    browser.call("POST", REFRESH).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_token_serves_to_its_end_while_there_is_no_new_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.sandbox.lasting_fault("/oauth/token", json!({"status": 503})).await;
    app.advance(Duration::from_mins(57)).await;
    browser.get(RESOURCES).await.expect(200);
    app.advance(Duration::from_mins(4)).await;
    browser.get(RESOURCES).await.problem(503);
    app.sandbox.clear_faults().await;
    browser.get(RESOURCES).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_call_with_an_old_token_goes_on_with_the_stored_one_and_waits_for_no_exchange(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let call = app.sandbox.hold("/accessible-resources");
    let held = tokio::spawn(browser.get(RESOURCES).into_future());
    within("the call", call.reached()).await;
    // Generation 2 is stored while a call with generation 1 is on its way.
    app.sandbox.expire_access_tokens().await;
    browser.call("POST", REFRESH).await.expect(200);
    // And somebody wants a newer one already.
    let exchange = app.sandbox.hold("/oauth/token");
    let refreshing = tokio::spawn(browser.call("POST", REFRESH).into_future());
    within("the exchange", exchange.reached()).await;
    call.release();
    within("the answer", held).await.unwrap().expect(200);
    exchange.release();
    within("the refresh", refreshing).await.unwrap().expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 2);
}
