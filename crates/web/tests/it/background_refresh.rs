//! Tokens that are exchanged without anybody asking: how often, for how long, and when not.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Answer, Browser, TestApp};
use rstest::rstest;
use serde_json::json;

const RESOURCES: &str = "/api/atlassian/resources";
const REFRESH: &str = "/api/oauth/atlassian/refresh";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Connected, without the first sync, which would use tokens too.
async fn connected(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await?;
    let browser = app.browser();
    browser.connect().await;
    Some((app, browser))
}

/// Lets time pass, and looks for what is due after each step.
async fn pass(app: &TestApp, step: Duration, times: usize) {
    for _ in 0..times {
        app.advance(step).await;
        app.connections.refresh_due().await.unwrap();
    }
}

#[rstest]
#[tokio::test]
async fn an_ended_grant_is_asked_for_once_an_hour_for_a_day_and_then_never(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.sandbox.revoke_grants().await;
    browser.call("POST", REFRESH).await.problem(503);
    app.advance(Duration::from_mins(1)).await;
    browser.call("POST", REFRESH).await.problem(409);
    assert_eq!(app.sandbox.refreshes().await.error, 2);

    let mut asked = 2;
    for _ in 0..24 {
        pass(&app, Duration::from_mins(10), 6).await;
        let by_now = app.sandbox.refreshes().await.error;
        assert!(by_now - asked <= 1, "{} in one hour", by_now - asked);
        asked = by_now;
    }
    assert!((24..=26).contains(&asked), "{asked}");
    pass(&app, HOUR, 10 * 24).await;
    assert_eq!(app.sandbox.refreshes().await.error, asked, "never again");
}

#[rstest]
#[tokio::test]
async fn a_connection_that_nobody_uses_lives_on_by_a_refresh_a_week(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, _browser)) = connected(engine).await else { return };
    // The first one is in time for who goes on using it.
    pass(&app, HOUR, 24).await;
    let first_day = app.sandbox.refreshes().await.ok;
    assert!((1..=2).contains(&first_day), "{first_day}");
    // Atlassian ends what is not used for 90 days.
    pass(&app, 6 * HOUR, 4 * 119).await;
    let refreshes = app.sandbox.refreshes().await;
    let since = refreshes.ok - first_day;
    assert!((119 / 7..=119 / 5).contains(&since), "every 5 to 6 days in 119: {since}");
    assert_eq!(refreshes.error, 0);
    let connection = &app.database.store().list_connections(None).await.unwrap()[0];
    assert!(app.connections.token(connection.id).await.unwrap().expires_at > app.connections.now());
}

#[rstest]
#[tokio::test]
async fn the_end_of_the_consent_s_year_is_told_two_weeks_ahead(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let connection = async || browser.get("/api/connections").await.expect(200).json()["items"][0].clone();
    let ends_at = connection().await["consent_expires_at"].clone();
    assert!(ends_at.is_string(), "{}", connection().await);
    // Sessions end sooner than that; the service's own look does not need one.
    app.clock.advance(350 * DAY);
    let store = app.database.store();
    let end = async || {
        let all = store.list_connections(None).await.unwrap();
        app.connections.consent_end(&all[0]).unwrap()
    };
    assert_eq!(end().await.renew_by, None);
    app.clock.advance(DAY + HOUR);
    assert_eq!(json!(end().await.renew_by), ends_at);
}

#[rstest]
#[tokio::test]
async fn a_429_rests_all_grants_of_the_app(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((app, browser)) = connected(engine).await else { return };
    app.browser().connect_as("Ben").await;
    app.advance(Duration::from_mins(51)).await;
    let limited = json!({"status": 429, "headers": {"Retry-After": "600"}});
    app.sandbox.fault("/oauth/token", 1, limited).await;
    browser.call("POST", REFRESH).await.problem(503);

    assert_eq!(app.connections.refresh_due().await.unwrap(), 0);
    app.advance(Duration::from_secs(598)).await;
    assert_eq!(app.connections.refresh_due().await.unwrap(), 0);
    assert_eq!(app.sandbox.refreshes().await.ok, 0, "nobody's token is asked for");
    // A token that has not ended yet still serves.
    app.advance(Duration::from_secs(3)).await;
    assert_eq!(app.connections.refresh_due().await.unwrap(), 2, "all are due at once");
}

#[rstest]
#[tokio::test]
async fn an_exchange_that_another_process_has_left_is_ended_before_its_leeway(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine).await else { return };
    let store = app.database.store();
    let id = store.list_connections(None).await.unwrap()[0].id;
    let lock = store.lock_grant(id, app.setup.timings.lock_idle).await.unwrap().unwrap();
    lock.record_intent("a process that is gone", app.connections.now()).await.unwrap();
    drop(lock);

    // The token itself is good for most of an hour, and nobody asks for a new one.
    let left = async || app.connections.end_left_exchanges().await.unwrap();
    assert_eq!(left().await, 0, "its request may still be on its way");
    app.advance(Duration::from_secs(21)).await;
    assert_eq!(left().await, 1);
    assert_eq!(app.sandbox.refreshes().await.ok, 1);
    assert_eq!(left().await, 0);
    browser.get(RESOURCES).await.expect(200);
}

/// On PostgreSQL, with the request of a process that is gone perhaps still on its way for `hold_off`: asks for a new
/// token with the patience `busy_wait`, while time passes. The answer, and how long it took.
async fn asked_after_a_death(hold_off: Duration, busy_wait: Duration) -> Option<(TestApp, Answer, Duration)> {
    const TICK: Duration = Duration::from_millis(5);
    let app = TestApp::start_with(Engine::Postgres, |setup| {
        setup.runs_jobs = false;
        setup.timings.intent_hold_off = hold_off;
        setup.timings.busy_wait = busy_wait;
    })
    .await?;
    let browser = app.browser();
    browser.connect().await;
    let store = app.database.store();
    let id = store.list_connections(None).await.unwrap()[0].id;
    let began = app.connections.now();
    let lock = store.lock_grant(id, app.setup.timings.lock_idle).await.unwrap().unwrap();
    lock.record_intent("a process that is gone", began).await.unwrap();
    drop(lock);

    let passing = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            app.clock.advance(TICK);
        }
    };
    let answer = tokio::select! {
        answer = browser.call("POST", REFRESH).into_future() => answer,
        () = passing => unreachable!("time does not end"),
    };
    let took = app.connections.now().since(began);
    Some((app, answer, took))
}

#[tokio::test]
async fn who_asks_just_after_a_process_died_in_an_exchange_waits_and_is_served() {
    let hold_off = Duration::from_secs(1);
    let Some((app, answer, took)) = asked_after_a_death(hold_off, Duration::from_mins(1)).await else {
        return;
    };
    answer.expect(200);
    assert!(took >= hold_off, "{took:?}");
    let refreshes = app.sandbox.refreshes().await;
    assert_eq!((refreshes.ok, refreshes.error), (1, 0));
}

#[tokio::test]
async fn who_would_have_to_wait_too_long_for_a_dead_process_s_exchange_is_told_for_how_long() {
    let (hold_off, patience) = (Duration::from_mins(5), Duration::from_secs(1));
    let Some((app, answer, took)) = asked_after_a_death(hold_off, patience).await else { return };
    let retry_after: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    answer.problem(503);
    assert!(took < hold_off && (290..=300).contains(&retry_after), "{took:?}, {retry_after} s");
    assert_eq!(app.sandbox.refreshes().await.ok, 0);
}
