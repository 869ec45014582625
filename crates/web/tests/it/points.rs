//! A first sync that costs more points than an hour has: it never meets a quota's 429, leaves the reserve alone, and says
//! when it will be through.
//!
//! The suite runs a small site; `cargo xtask points` one that takes as many hours as a company's, by the variables below.

use std::time::Duration;

use connector_domain::Timestamp;
use connector_store::Engine;
use connector_testkit::{Browser, SandboxOptions, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

const ISSUES_VAR: &str = "POINTS_ISSUES";
const AN_HOUR_VAR: &str = "POINTS_AN_HOUR";
/// What a run that copies a site may have of an hour's points; the rest is kept for people who are waiting.
const MOST_PERCENT: u64 = 80;
const TOLERATED_PERCENT: u32 = 20;
/// More than a company's site takes: a run that begins anew with every hour never ends.
const MOST_WAITS: usize = 200;
/// Comments are asked for by so many ids at a time.
const A_LIST: usize = 1000;
/// Waits are whole hours: no estimate can be nearer.
const HOUR: Duration = Duration::from_hours(1);
const AN_HOUR_MS: u64 = 3_600_000;

fn number(name: &str, otherwise: usize) -> usize {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn next_hour(now: Timestamp) -> Duration {
    Duration::from_millis(AN_HOUR_MS - u64::try_from(now.as_millis()).unwrap() % AN_HOUR_MS)
}

fn time(value: &Value) -> Option<Timestamp> {
    serde_json::from_value(value.clone()).unwrap()
}

fn issues(run: &Value) -> Option<&Value> {
    run["streams"].as_array().unwrap().iter().find(|stream| stream["name"] == "jira_issues")
}

/// What a run said on its way through all of its waits.
struct Followed {
    last: Value,
    waits: usize,
    /// When it said so, and when the issues would be there.
    estimates: Vec<(Timestamp, Timestamp)>,
}

/// Follows a run to its end; time goes on only where it waits.
async fn follow(app: &TestApp, browser: &Browser, id: &str, an_hour: u64) -> Followed {
    let (mut estimates, mut waits) = (Vec::new(), 0);
    loop {
        let mut events = browser.events(id).await;
        let run = loop {
            let run = events.next().await.expect("the events end with the run");
            let end = issues(&run).and_then(|issues| time(&issues["ends_at"]));
            estimates.extend(end.map(|end| (app.connections.now(), end)));
            // The wait that is over is told of until somebody has taken the run up again.
            let waits = time(&run["waiting"]["until"]).is_some_and(|until| until > app.connections.now());
            if waits || !run["finished_at"].is_null() {
                break run;
            }
        };
        assert_eq!(app.sandbox.refused_for_limits().await, 0, "{run}");
        let spent = app.sandbox.points_this_hour().await;
        assert!(spent <= an_hour * MOST_PERCENT / 100, "{spent} points of the hour are spent");
        let Some(until) = time(&run["waiting"]["until"]) else {
            return Followed { last: run, waits, estimates };
        };
        let now = app.connections.now();
        assert_eq!(until.as_millis() % 3_600_000, 0, "it waits for a new hour: {run}");
        eprintln!("at {now}: {spent} points, {}", issues(&run).map_or(&Value::Null, |one| &one["fetched"]));
        waits += 1;
        assert!(waits <= MOST_WAITS, "it does not come to its end: {run}");
        app.advance(until.since(now)).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_and_a_census_keep_to_the_points_of_the_hours(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (count, an_hour) = (number(ISSUES_VAR, 5_000), number(AN_HOUR_VAR, 13_000) as u64);
    let sandbox = SandboxOptions {
        projects: Some(4),
        issues: Some(count),
        spaces: Some(1),
        pages: Some(1),
        points_per_hour: Some(an_hour),
        ..SandboxOptions::default()
    };
    let Some(app) = TestApp::start_with(engine, |setup| setup.sandbox = sandbox).await else { return };
    // The sandbox's clock goes on while the service's stands still: both begin with an hour that is new.
    app.advance(next_hour(app.connections.now())).await;
    let begun = app.connections.now();
    let browser = app.browser();
    browser.connect().await;
    let id = browser.get("/api/syncs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let Followed { last, waits, estimates } = follow(&app, &browser, &id, an_hour).await;
    assert_eq!(last["status"], "succeeded", "{last}");
    assert_eq!(issues(&last).unwrap()["fetched"], count, "{last}");
    assert!(waits > 0, "the points of one hour were enough: {last}");
    let (end, took) = (app.connections.now(), app.connections.now().since(begun));
    eprintln!("{engine:?}: {count} issues, {an_hour} points an hour: {waits} waits, {took:?}");
    assert!(!estimates.is_empty(), "it never said when it would be through");
    for (told_at, estimate) in estimates {
        let off = if estimate > end { estimate.since(end) } else { end.since(estimate) };
        let tolerated = (took * TOLERATED_PERCENT / 100).max(HOUR);
        assert!(off <= tolerated, "at {told_at} it said {estimate}, and it was {end}");
    }

    // The list of all comments costs more than an hour has.
    let before = app.sandbox.requests("/comment/list").await;
    let run = browser.post("/api/syncs", &json!({"mode": "census"})).await.expect(202).json();
    let Followed { last, waits, .. } = follow(&app, &browser, run["id"].as_str().unwrap(), an_hour).await;
    assert_eq!(last["status"], "succeeded", "{last}");
    assert!(waits > 0, "the points of one hour were enough: {last}");
    let comments = usize::try_from(app.database.count("jira_comments").await).unwrap();
    let asked = usize::try_from(app.sandbox.requests("/comment/list").await - before).unwrap();
    assert!(
        asked <= comments.div_ceil(A_LIST) + waits,
        "{asked} lists of {comments} comments, {waits} waits"
    );
}
