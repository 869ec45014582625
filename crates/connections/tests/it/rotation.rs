//! The encryption keys change while the service runs.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use connector_connections::{open_everything, verify_keys};
use connector_domain::Actor;
use connector_store::{Engine, RotationStatus, Store};
use connector_testkit::{Browser, Setup, TestApp};
use connector_vault::KeyRing;
use rstest::rstest;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::fixtures::{everything, key, people_with_tokens};

/// How many people bring tokens: more values than fit into some batches.
const PEOPLE: usize = 170;

/// A service that sealed with `test-1`, and the one after it, which seals with `test-2`.
async fn before_and_after(engine: Engine) -> Option<(TestApp, TestApp, Browser)> {
    let before = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await?;
    let browser = before.browser();
    browser.connect().await;
    browser.begin("/api/oauth/atlassian/login").await;
    people_with_tokens(&before, PEOPLE).await;
    let keys = format!("{},{}", key("test-2", 8), before.setup.keys);
    let after = before.another(|setup| setup.keys = keys).await;
    let browser = browser.at(&after.url);
    Some((before, after, browser))
}

/// Polls `work` so many times and drops it where it then stands, as a kill does.
async fn killed_after<F: Future>(polls: usize, work: F) -> Option<F::Output> {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

async fn under_the_new_key(store: &Store) -> usize {
    let all = everything(store).await;
    all.iter().filter(|(_, row)| KeyRing::key_id_of(&row.sealed) == Some("test-2")).count()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_under_load_that_is_killed_again_and_again_completes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((_before, after, browser)) = before_and_after(engine).await else { return };
    let store = after.database.store();
    let all = everything(store).await.len();
    assert_eq!(after.connections.rows_under_other_keys().await.unwrap(), all as u64);
    assert!(all >= 2 * PEOPLE + 3, "{all}");

    let (stop, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut load = JoinSet::new();
    for address in ["GET /api/atlassian/resources", "POST /api/oauth/atlassian/refresh"] {
        let (browser, stop, requests) = (browser.clone(), Arc::clone(&stop), Arc::clone(&requests));
        load.spawn(async move {
            let (method, path) = address.split_once(' ').unwrap();
            while !stop.load(Ordering::SeqCst) {
                browser.call(method, path).await.expect(200);
                requests.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let mut half_way = 0;
    for polls in (1..400).step_by(19) {
        let rotation = after.connections.new_rotation().await.unwrap();
        after.connections.store_rotation(&rotation).await.unwrap();
        let never = CancellationToken::new();
        let work = after.connections.rotate_keys(rotation, Actor::Operator, &never);
        if let Some(ended) = killed_after(polls, work).await {
            ended.unwrap();
            break;
        }
        let done = under_the_new_key(store).await;
        half_way += usize::from(done > 3 && done < all);
        assert_eq!(everything(store).await.len(), all, "nothing is lost");
    }
    assert!(half_way > 0, "no kill came half-way");
    let rotation = after.connections.new_rotation().await.unwrap();
    after.connections.store_rotation(&rotation).await.unwrap();
    let done =
        after.connections.rotate_keys(rotation, Actor::Operator, &CancellationToken::new()).await.unwrap();
    assert_eq!((done.status, done.finished_at.is_some()), (RotationStatus::Succeeded, true));
    stop.store(true, Ordering::SeqCst);
    // A request that failed has panicked.
    while let Some(ended) = load.join_next().await {
        ended.unwrap();
    }
    assert!(requests.load(Ordering::SeqCst) > 0);

    assert_eq!(after.connections.rows_under_other_keys().await.unwrap(), 0);
    assert_eq!(under_the_new_key(store).await, all);
    // The old key is needed no more.
    let only_new = KeyRing::parse(&key("test-2", 8)).unwrap();
    assert_eq!(verify_keys(store, &only_new).await.unwrap(), ["test-2"]);
    let opened = open_everything(store, &only_new).await.unwrap();
    assert!(opened.iter().all(|column| column.failures.is_empty() && column.under_other_keys == 0));
    assert_eq!(opened.iter().map(|column| column.opened).sum::<u64>(), all as u64);
    let finished = after.database.count("audit_events WHERE event = 'key_rotation_finished'").await;
    assert!(finished >= 1);
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_opened_is_left_as_it_is_and_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((_before, after, _)) = before_and_after(engine).await else { return };
    let swap = "UPDATE user_tokens SET sealed_token = (SELECT other.sealed_token FROM user_tokens AS other
                WHERE other.user_id = user_tokens.user_id AND other.provider = 'confluence')
                WHERE provider = 'jira' AND user_id = (SELECT MAX(user_id) FROM user_tokens)";
    after.database.execute(swap).await;
    let rotation = after.connections.new_rotation().await.unwrap();
    after.connections.store_rotation(&rotation).await.unwrap();
    let refused = after.connections.rotate_keys(rotation, Actor::Operator, &CancellationToken::new()).await;
    let told = refused.unwrap_err().to_string();
    assert!(
        told.contains("1 sealed values cannot be opened") && told.contains("`user_tokens.sealed_token`"),
        "{told}"
    );
    assert_eq!(after.connections.rows_under_other_keys().await.unwrap(), 1);
    // The old key stays known: a start without it is refused.
    let only_new = KeyRing::parse(&key("test-2", 8)).unwrap();
    let refused = verify_keys(after.database.store(), &only_new).await.unwrap_err().to_string();
    assert!(refused.contains("`test-1`"), "{refused}");
}

#[rstest]
#[tokio::test]
async fn a_value_under_a_key_that_is_missing_is_found_even_without_its_check(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((before, after, _)) = before_and_after(engine).await else { return };
    before.database.execute("DELETE FROM key_checks").await;
    let only_new = KeyRing::parse(&key("test-2", 8)).unwrap();
    let refused = verify_keys(after.database.store(), &only_new).await.unwrap_err().to_string();
    assert!(refused.contains("`test-1`"), "{refused}");
}

#[rstest]
#[tokio::test]
async fn the_answers_in_the_spool_are_sealed_anew_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let patient = |setup: &mut Setup| {
        setup.runs_jobs = false;
        setup.timings.spool_retry_first = Duration::from_hours(1);
        setup.timings.spool_retry_longest = Duration::from_hours(1);
    };
    let Some(before) = TestApp::start_with(engine, patient).await else { return };
    let browser = before.browser();
    browser.connect().await;
    // No answer can be stored without its line in the trail.
    before.database.execute("ALTER TABLE audit_events RENAME TO away").await;
    browser.call("POST", "/api/oauth/atlassian/refresh").await;
    before.database.execute("ALTER TABLE away RENAME TO audit_events").await;
    assert_eq!(before.database.spooled().len(), 1);
    before.database.unlock_spool();

    let keys = format!("{},{}", key("test-2", 8), before.setup.keys);
    let rotating = before.another(|setup| setup.keys = keys).await;
    let rotation = rotating.connections.new_rotation().await.unwrap();
    rotating.connections.store_rotation(&rotation).await.unwrap();
    rotating.connections.rotate_keys(rotation, Actor::Operator, &CancellationToken::new()).await.unwrap();
    let sealed = std::fs::read(&before.database.spooled()[0]).unwrap();
    assert_eq!(KeyRing::key_id_of(&sealed), Some("test-2"));
    rotating.connections.take_up_spool().await;
    rotating.connections.recover().await.unwrap();
    assert_eq!((before.database.spooled().len(), before.sandbox.refreshes().await.ok), (0, 1));
    browser.at(&rotating.url).get("/api/atlassian/resources").await.expect(200);
}
