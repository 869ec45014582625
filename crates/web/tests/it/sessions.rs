//! Sessions: the same tests wherever they are kept.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Sqlite,
    Postgres,
    Redis,
}

use Place::{Postgres, Redis, Sqlite};

const DAY: Duration = Duration::from_hours(24);

async fn start(place: Place) -> Option<TestApp> {
    // Redis is for several processes, and so is PostgreSQL.
    let engine = if place == Sqlite { Engine::Sqlite } else { Engine::Postgres };
    TestApp::start_with(engine, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
        setup.sessions_in_redis = place == Redis;
    })
    .await
}

async fn signed_in(app: &TestApp) -> Browser {
    let browser = app.browser();
    browser.connect().await;
    browser
}

async fn sessions(browser: &Browser) -> Vec<Value> {
    browser.get("/api/sessions").await.expect(200).json()["items"].as_array().unwrap().clone()
}

#[rstest]
#[tokio::test]
async fn an_id_that_a_browser_brought_along_is_never_used(#[values(Sqlite, Postgres, Redis)] place: Place) {
    let Some(app) = start(place).await else { return };
    let (victim, attacker) = (app.browser(), app.browser());
    let chosen = "chosen-by-somebody-else-000000000000000000000";
    for browser in [&victim, &attacker] {
        browser.set_cookie("sid", chosen);
    }
    victim.connect().await;
    assert_ne!(victim.cookie("sid").unwrap(), chosen);
    attacker.get("/api/me").await.problem(401);

    // Nor one that was a session's before: a login ends it, whoever else has it.
    let before = victim.copy();
    before.get("/api/me").await.expect(200);
    victim.connect().await;
    assert_ne!(victim.cookie("sid"), before.cookie("sid"));
    before.get("/api/me").await.problem(401);
    assert_eq!(sessions(&victim).await.len(), 1);
    // Also where the session was another person's.
    let (shared, old) = (victim.copy(), victim.copy());
    shared.connect_as("Ben").await;
    assert_eq!(shared.get("/api/me").await.json()["user"]["email"], "ben@example.com");
    old.get("/api/me").await.problem(401);
}

#[rstest]
#[tokio::test]
async fn a_session_ends_by_logout_by_idleness_and_in_the_end(
    #[values(Sqlite, Postgres, Redis)] place: Place,
) {
    let Some(app) = start(place).await else { return };
    let browser = signed_in(&app).await;
    let stolen = browser.copy();
    browser.call("POST", "/api/logout").await.expect(204);
    assert_eq!(browser.cookie("sid"), None);
    stolen.get("/api/me").await.problem(401);

    let idle = signed_in(&app).await;
    app.clock.advance(14 * DAY);
    idle.get("/api/me").await.expect(200);
    app.clock.advance(14 * DAY + Duration::from_secs(1));
    idle.get("/api/me").await.problem(401);

    let used = signed_in(&app).await;
    for _ in 0..8 {
        app.clock.advance(11 * DAY);
        used.get("/api/me").await.expect(200);
    }
    app.clock.advance(Duration::from_secs(2 * 86_400 - 1));
    used.get("/api/me").await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    used.get("/api/me").await.problem(401);
}

#[rstest]
#[tokio::test]
async fn logging_out_everywhere_counts_in_every_process_at_once(
    #[values(Sqlite, Postgres, Redis)] place: Place,
) {
    let Some(app) = start(place).await else { return };
    let (here, there, bens) = (signed_in(&app).await, signed_in(&app).await, app.browser());
    bens.connect_as("Ben").await;
    let other = if place == Sqlite { None } else { Some(app.another(|_| {}).await) };
    let elsewhere = |browser: &Browser| match &other {
        Some(other) => browser.at(&other.url),
        None => browser.clone(),
    };
    elsewhere(&there).get("/api/me").await.expect(200);
    let listed = sessions(&here).await;
    assert_eq!(listed.iter().map(|one| one["current"].as_bool().unwrap()).filter(|own| *own).count(), 1);
    assert_eq!(listed.len(), 2);

    // One, by its id; another person's is as if it were not.
    let theirs = sessions(&bens).await[0]["id"].as_str().unwrap().to_owned();
    let told = here.delete(&format!("/api/sessions/{theirs}")).await.detail(404);
    assert_eq!(told, here.delete("/api/sessions/00000000-0000-7000-8000-000000000000").await.detail(404));
    let id = listed.iter().find(|one| one["current"] == false).unwrap()["id"].as_str().unwrap().to_owned();
    here.delete(&format!("/api/sessions/{id}")).await.expect(204);
    elsewhere(&there).get("/api/me").await.problem(401);
    elsewhere(&here).get("/api/me").await.expect(200);

    let again = signed_in(&app).await;
    here.delete("/api/sessions").await.expect(204);
    for browser in [&here.copy(), &elsewhere(&again), &again] {
        browser.get("/api/me").await.problem(401);
    }
    assert_eq!(here.cookie("sid"), None);
    bens.get("/api/me").await.expect(200);
    let trail = app.database.texts("SELECT details FROM audit_events WHERE event = 'logged_out'").await;
    assert_eq!(trail.len(), 2, "{trail:?}");
}

#[rstest]
#[tokio::test]
async fn of_many_equal_callbacks_one_counts(#[values(Sqlite, Postgres, Redis)] place: Place) {
    let Some(app) = start(place).await else { return };
    let browser = app.browser();
    let callback = browser.accept("/api/oauth/atlassian/login").await;
    let calls = (0..8).map(|_| browser.copy().get(callback.as_str()).outcome());
    let answers = futures::future::join_all(calls).await;
    let mut statuses: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [302, 400, 400, 400, 400, 400, 400, 400]);
    assert_eq!(app.sandbox.exchanges().len(), 1);
    // It is told apart from one that is too old, and from one that nobody has begun.
    assert!(browser.get(callback.as_str()).await.detail(400).contains("finished already"));
    let late = browser.accept("/api/oauth/atlassian/login").await;
    app.clock.advance(Duration::from_mins(10));
    assert!(browser.get(late.as_str()).await.detail(400).contains("more than 10 minutes"));
}

#[rstest]
#[tokio::test]
async fn ids_are_long_different_and_nowhere_but_in_the_cookie(#[values(Sqlite, Postgres)] place: Place) {
    let Some(app) = start(place).await else { return };
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let id = signed_in(&app).await.cookie("sid").unwrap();
        assert_eq!(id.len(), 43, "256 bits");
        ids.insert(id);
    }
    assert_eq!(ids.len(), 20);
    let stored = app.database.texts("SELECT token_hash || id FROM sessions").await.join("\n");
    assert!(ids.iter().all(|id| !stored.contains(id.as_str())));
    // What is stored opens nothing.
    let hash = app.database.texts("SELECT token_hash FROM sessions").await.remove(0);
    let thief = app.browser();
    thief.set_cookie("sid", &hash);
    thief.get("/api/me").await.problem(401);
}

#[tokio::test]
async fn what_is_idle_or_over_is_swept() {
    let Some(app) = start(Sqlite).await else { return };
    signed_in(&app).await;
    app.clock.advance(14 * DAY);
    assert_eq!(app.connections.delete_expired_sessions().await.unwrap(), 0);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(app.connections.delete_expired_sessions().await.unwrap(), 1);
}

#[rstest]
#[tokio::test]
async fn a_stream_of_events_ends_with_its_session(#[values(Sqlite, Redis)] place: Place) {
    let Some(app) = start(place).await else { return };
    let browser = signed_in(&app).await;
    let sync = browser.get("/api/syncs").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    // Jobs are not run, so that nothing else would end it.
    let mut events = browser.events(&sync).await;
    assert_eq!(events.next().await.unwrap()["status"], "queued");
    let also = browser.copy().events(&sync).await;
    browser.delete("/api/sessions").await.expect(204);
    assert_eq!(events.next().await, None);
    also.all().await;
}
