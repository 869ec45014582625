//! What becomes of a job whose process dies.

use std::time::Duration;

use connector_jobs::LEASE;
use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, Process, clock};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_whose_process_died_runs_elsewhere_once_its_lease_has_run_out(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut dead = Process::start(db.store(), &clock, 1);
    dead.enqueue("a").await;
    let lost = dead.begun().await;
    dead.die().await;
    let mut alive = Process::start(db.store(), &clock, 1);
    clock.advance(LEASE);
    // The lease still holds: only another job is run.
    alive.enqueue("b").await;
    let begun = alive.begun().await;
    assert_eq!(begun.job.dedupe_key, "b");
    begun.end(Ok(()));
    alive.gone("b").await;
    clock.advance(Duration::from_millis(1));
    alive.jobs.wake();
    let begun = alive.begun().await;
    assert_eq!((begun.job.id, begun.job.attempt), (lost.job.id, 2));
    begun.end(Ok(()));
    alive.gone("a").await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn who_lost_the_lease_cannot_end_the_job_of_its_successor(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut slow = Process::start(db.store(), &clock, 1);
    slow.enqueue("a").await;
    let first = slow.begun().await;
    // The slow one was suspended for longer than its lease.
    clock.advance(LEASE + Duration::from_millis(1));
    let mut next = Process::start(db.store(), &clock, 1);
    let second = next.begun().await;
    assert_eq!(second.job.id, first.job.id);
    first.end(Ok(()));
    slow.ask_to_stop();
    slow.stopped().await;
    let live = next.store.find_live_job("test", "a").await.unwrap().expect("the second one still runs it");
    assert_eq!(live.lease_owner, second.job.lease_owner);
    second.end(Ok(()));
    next.gone("a").await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_process_that_was_suspended_does_not_run_its_own_job_twice(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut process = Process::start(db.store(), &clock, 2);
    process.enqueue("a").await;
    let first = process.begun().await;
    clock.advance(LEASE + Duration::from_millis(1));
    // The lease of "a" has run out, and it has been due longest; all the same only "b" begins.
    process.enqueue("b").await;
    let second = process.begun().await;
    assert_eq!(second.job.dedupe_key, "b");
    second.end(Ok(()));
    process.gone("b").await;
    first.end(Ok(()));
    process.gone("a").await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_of_another_process_is_found_without_a_wake_up(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut runner = Process::start(db.store(), &clock, 1);
    let other = Process::start(db.store(), &clock, 0);
    other.enqueue("a").await;
    let begun = runner.begun().await;
    assert_eq!((begun.job.dedupe_key.as_str(), begun.job.run_at), ("a", NOW));
}
