//! Answers of the token endpoint that the database cannot take, and databases that take nothing at all.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, LogCapture, Setup, TestApp, within};
use rstest::rstest;
use serde_json::json;

const RESOURCES: &str = "/api/atlassian/resources";
const REFRESH: &str = "/api/oauth/atlassian/refresh";

/// A table takes no writes of a kind until [`takes`].
async fn takes_no(app: &TestApp, write: &str, table: &str) {
    let refusal = match app.database.path() {
        Some(_) => format!(
            "CREATE TRIGGER refusal BEFORE {write} ON {table} BEGIN SELECT RAISE(ABORT, 'not now'); END"
        ),
        None => format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'not now'; END $$; \
             CREATE TRIGGER refusal BEFORE {write} ON {table} EXECUTE FUNCTION refuse()"
        ),
    };
    app.database.execute(&refusal).await;
}

async fn takes(app: &TestApp, table: &str) {
    let again = match app.database.path() {
        Some(_) => "DROP TRIGGER refusal".to_owned(),
        None => format!("DROP TRIGGER refusal ON {table}; DROP FUNCTION refuse"),
    };
    app.database.execute(&again).await;
}

/// Only what a test asks for is tried again.
fn patient(setup: &mut Setup) {
    setup.runs_jobs = false;
    setup.timings.spool_retry_first = Duration::from_hours(1);
    setup.timings.spool_retry_longest = Duration::from_hours(1);
}

async fn connected(engine: Engine, change: fn(&mut Setup)) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, change).await?;
    let browser = app.browser();
    browser.connect().await;
    Some((app, browser))
}

fn spooled(app: &TestApp) -> usize {
    app.database.spooled().len()
}

#[rstest]
#[tokio::test]
async fn an_answer_that_cannot_be_stored_is_kept_and_stored_later(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine, patient).await else { return };
    takes_no(&app, "UPDATE", "grants").await;
    let answer = browser.call("POST", REFRESH).await;
    assert!(matches!(answer.status, 500 | 503), "{}", answer.status);
    assert_eq!(spooled(&app), 1);
    takes(&app, "grants").await;

    // What is there comes before anything new is asked for.
    browser.call("POST", REFRESH).await.expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 1);
    assert_eq!(spooled(&app), 0);
    browser.get(RESOURCES).await.expect(200);
    browser.call("POST", REFRESH).await.expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 2);
}

#[rstest]
#[tokio::test]
async fn an_answer_is_tried_until_the_database_takes_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let quickly = |setup: &mut Setup| {
        setup.runs_jobs = false;
        setup.timings.spool_retry_first = Duration::from_millis(10);
        setup.timings.spool_retry_longest = Duration::from_millis(50);
    };
    let Some((app, browser)) = connected(engine, quickly).await else { return };
    takes_no(&app, "UPDATE", "grants").await;
    browser.call("POST", REFRESH).await;
    takes(&app, "grants").await;
    within("an empty spool", async {
        while spooled(&app) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    browser.get(RESOURCES).await.expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 1);
}

#[rstest]
#[tokio::test]
async fn the_next_process_takes_up_what_a_dead_one_could_not_store(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine, patient).await else { return };
    takes_no(&app, "UPDATE", "grants").await;
    browser.call("POST", REFRESH).await;
    takes(&app, "grants").await;

    let next = app.another(|_| {}).await;
    let left = app.database.spooled();
    assert_eq!(left.len(), 1);
    next.connections.take_up_spool().await;
    // Not even moved into the folder of the one that starts.
    assert_eq!(app.database.spooled(), left, "who lives stores it by itself");
    app.database.unlock_spool();
    next.connections.take_up_spool().await;
    within("the recovery", next.connections.recover()).await.unwrap();
    assert_eq!((spooled(&app), app.sandbox.refreshes().await.ok), (0, 1));
    browser.at(&next.url).get(RESOURCES).await.expect(200);
    browser.at(&next.url).call("POST", REFRESH).await.expect(200);
}

#[rstest]
#[tokio::test]
async fn a_late_answer_never_replaces_a_newer_attempt_but_helps_when_that_is_lost(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = connected(engine, patient).await else { return };
    takes_no(&app, "UPDATE", "grants").await;
    browser.call("POST", REFRESH).await;
    takes(&app, "grants").await;

    // Another process, which cannot know of the answer, sends the token again; its answers are lost.
    let other = app.another(|setup| setup.spool_folder = Some("/nonexistent/spool".into())).await;
    let there = browser.at(&other.url);
    app.advance(Duration::from_secs(21)).await;
    app.sandbox.lasting_fault("/oauth/token", json!({"drop": "after"})).await;
    there.call("POST", REFRESH).await.problem(503);
    app.sandbox.clear_faults().await;
    // The spool of the first one is looked at again.
    app.connections.take_up_spool().await;
    within("the spare", async { while app.database.count("grant_spares").await == 0 {} }).await;
    within("an empty spool", async {
        while spooled(&app) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;

    // The leeway of the stored token is over: what came late is all that is left.
    app.advance(Duration::from_mins(11)).await;
    there.call("POST", REFRESH).await.expect(200);
    assert_eq!(app.database.count("grant_spares").await, 0);
    let exchanges = app.sandbox.exchanges();
    let given = exchanges[1].answer["refresh_token"].as_str();
    assert_eq!(exchanges.last().unwrap().request["refresh_token"].as_str(), given);
}

#[rstest]
#[case("INSERT", "grant_intents")]
#[tokio::test]
async fn nothing_is_sent_while_the_database_takes_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] write: &str,
    #[case] table: &str,
) {
    let Some((app, browser)) = connected(engine, patient).await else { return };
    app.advance(Duration::from_hours(1)).await;
    takes_no(&app, write, table).await;
    for _ in 0..5 {
        let answer = browser.get(RESOURCES).await;
        assert!(answer.status >= 500, "{}", answer.status);
        app.connections.refresh_due().await.unwrap();
    }
    let refreshes = app.sandbox.refreshes().await;
    assert_eq!((refreshes.ok, refreshes.error), (0, 0));
    takes(&app, table).await;
    browser.get(RESOURCES).await.expect(200);
    assert_eq!(app.sandbox.refreshes().await.ok, 1);
}

#[rstest]
#[tokio::test]
async fn the_spool_is_taken_up_once_the_database_says_whose_it_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let quickly = |setup: &mut Setup| {
        patient(setup);
        setup.timings.spool_retry_first = Duration::from_millis(10);
    };
    let Some((app, browser)) = connected(engine, patient).await else { return };
    takes_no(&app, "UPDATE", "grants").await;
    browser.call("POST", REFRESH).await;
    takes(&app, "grants").await;
    app.database.unlock_spool();

    let next = app.another(quickly).await;
    app.database.execute("ALTER TABLE deployment RENAME TO not_now").await;
    let log = LogCapture::start().await;
    let taken_up = tokio::spawn({
        let connections = next.connections.clone();
        async move { connections.take_up_spool().await }
    });
    within("a look that fails", async {
        while !String::from_utf8_lossy(&log.bytes()).contains("whose database this is") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(spooled(&app), 1);
    app.database.execute("ALTER TABLE not_now RENAME TO deployment").await;
    within("the spool", taken_up).await.unwrap();
    within("the recovery", next.connections.recover()).await.unwrap();
    assert_eq!((spooled(&app), app.sandbox.refreshes().await.ok), (0, 1));
    browser.at(&next.url).get(RESOURCES).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stood_still_and_sends_once_more_costs_no_grant() {
    let Some((app, browser)) = connected(Engine::Postgres, patient).await else { return };
    // The hardest reading: of two answers to one token, only the newer one is good.
    app.sandbox.switch(&json!({"siblings": "strict"})).await;
    let other = app.another(|_| {}).await;
    let there = browser.at(&other.url);
    let late = app.sandbox.hold("/oauth/token");
    let standing = tokio::spawn(browser.call("POST", REFRESH).into_future());
    within("the request", late.reached()).await;
    // PostgreSQL takes the lock from who does nothing for too long.
    let ended = "SELECT COUNT(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
                 WHERE datname = current_database() AND state = 'idle in transaction'";
    app.database.texts(&format!("SELECT ({ended})::text")).await;
    app.advance(Duration::from_secs(21)).await;
    there.call("POST", REFRESH).await.expect(200);

    late.release();
    within("the end", standing).await.unwrap();
    within("the spare", async {
        while app.database.count("grant_spares").await == 0 {
            app.connections.take_up_spool().await;
        }
    })
    .await;
    // The stored token is not good any more. What came late is.
    there.call("POST", REFRESH).await.expect(200);
    there.get(RESOURCES).await.expect(200);
    assert_eq!(app.database.count("grant_spares").await, 0);
}
