use std::collections::BTreeSet;
use std::time::Duration;

use connector_jobs::JobError;
use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, Process, clock};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_is_run_and_then_gone(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let mut process = Process::start(db.store(), &clock(), 1);
    process.enqueue("a").await;
    let begun = process.begun().await;
    assert_eq!((begun.job.dedupe_key.as_str(), begun.job.attempt), ("a", 1));
    assert_eq!(begun.job.payload, "payload of a");
    begun.end(Ok(()));
    process.gone("a").await;
    process.ask_to_stop();
    process.stopped().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_that_wants_to_be_retried_waits_for_its_time(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut process = Process::start(db.store(), &clock, 1);
    process.enqueue("a").await;
    let again = JobError::Retry { after: Duration::from_mins(1), reason: "busy".to_owned() };
    process.begun().await.end(Err(again));
    let waiting = process.returned("a").await;
    assert_eq!(waiting.run_at, NOW.plus(Duration::from_mins(1)));
    assert_eq!(waiting.last_error.as_deref(), Some("busy"));
    clock.advance(Duration::from_secs(59));
    // It is not due: another that is put in later is run before it.
    process.enqueue("b").await;
    let begun = process.begun().await;
    assert_eq!(begun.job.dedupe_key, "b");
    begun.end(Ok(()));
    process.gone("b").await;
    clock.advance(Duration::from_secs(1));
    process.jobs.wake();
    let begun = process.begun().await;
    assert_eq!((begun.job.dedupe_key.as_str(), begun.job.attempt, begun.job.failures), ("a", 2, 1));
    begun.end(Ok(()));
    process.gone("a").await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_is_due_at_the_time_that_was_told_even_if_it_ends_after_that(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut process = Process::start(db.store(), &clock, 1);
    process.enqueue("a").await;
    let begun = process.begun().await;
    let until = NOW.plus(Duration::from_mins(1));
    // Who was told of the time has waited for it before the job is back in the queue.
    clock.advance(Duration::from_mins(2));
    begun.end(Err(JobError::Wait { until, reason: "busy".to_owned(), failures: 7 }));
    let begun = process.begun().await;
    assert_eq!((begun.job.run_at, begun.job.attempt, begun.job.failures), (until, 2, 7));
    assert_eq!(begun.job.last_error.as_deref(), Some("busy"));
    begun.end(Ok(()));
    process.gone("a").await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_that_failed_for_good_is_gone(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let mut process = Process::start(db.store(), &clock(), 1);
    process.enqueue("a").await;
    process.begun().await.end(Err(JobError::Fail { reason: "hopeless".to_owned() }));
    process.gone("a").await;
    process.enqueue("a").await;
    assert_eq!(process.begun().await.job.attempt, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_panic_is_retried_a_few_times_and_harms_no_other_job(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut process = Process::start(db.store(), &clock, 2);
    process.enqueue("a").await;
    let panics = process.begun().await;
    process.enqueue("b").await;
    let other = process.begun().await;
    assert_eq!(other.job.dedupe_key, "b");
    panics.panic();
    for attempt in [2, 3] {
        let waiting = process.returned("a").await;
        assert_eq!(waiting.last_error.as_deref(), Some("the job panicked"));
        clock.advance(Duration::from_secs(30));
        process.jobs.wake();
        let begun = process.begun().await;
        assert_eq!((begun.job.dedupe_key.as_str(), begun.job.attempt), ("a", attempt));
        begun.panic();
    }
    process.gone("a").await;
    other.end(Ok(()));
    process.gone("b").await;
    process.enqueue("c").await;
    process.begun().await.end(Ok(()));
    process.gone("c").await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_that_stops_when_asked_to_can_be_run_elsewhere_at_once(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    let mut process = Process::start(db.store(), &clock, 1);
    process.enqueue("a").await;
    let begun = process.begun().await;
    assert!(!begun.stop.is_cancelled());
    process.ask_to_stop();
    connector_testkit::within("the job to be asked", begun.stop.cancelled()).await;
    begun.end(Err(JobError::Interrupted));
    process.stopped().await;
    let mut next = Process::start(db.store(), &clock, 1);
    let begun = next.begun().await;
    assert_eq!((begun.job.dedupe_key.as_str(), begun.job.attempt, begun.job.failures), ("a", 2, 0));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn no_more_jobs_run_at_once_than_allowed(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let mut process = Process::start(db.store(), &clock(), 2);
    for key in ["a", "b", "c"] {
        process.enqueue(key).await;
    }
    let (first, second) = (process.begun().await, process.begun().await);
    assert!(process.begun_already().is_none());
    // Jobs of one moment have no order among them.
    let begun = [&first.job.dedupe_key, &second.job.dedupe_key];
    let last = ["a", "b", "c"].into_iter().find(|key| begun.iter().all(|begun| begun != key)).unwrap();
    let third = process.store.find_live_job("test", last).await.unwrap().unwrap();
    assert_eq!(third.lease_owner, None, "it is left to others");
    first.end(Ok(()));
    assert_eq!(process.begun().await.job.dedupe_key, last);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn two_runners_never_run_one_job_at_once(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let clock = clock();
    // On SQLite one process serves the file: its runners share the store.
    let second = if engine == Engine::Postgres { db.another_store().await } else { db.store().clone() };
    let mut runners = [Process::start(db.store(), &clock, 4), Process::start(&second, &clock, 4)];
    for i in 0..40 {
        runners[i % 2].enqueue(&i.to_string()).await;
    }
    let [one, other] = &mut runners;
    let mut seen = BTreeSet::new();
    let mut running = Vec::new();
    while seen.len() < 40 {
        let begun = tokio::select! {
            begun = one.begun() => begun,
            begun = other.begun() => begun,
        };
        assert_eq!(begun.job.attempt, 1);
        assert!(seen.insert(begun.job.dedupe_key.clone()), "{} runs twice", begun.job.dedupe_key);
        running.push(begun);
        // Keeps most of what is allowed running, so that the runners meet while they claim.
        if running.len() > 6 {
            running.remove(0).end(Ok(()));
        }
    }
    for begun in running {
        begun.end(Ok(()));
    }
    for runner in runners {
        runner.ask_to_stop();
        runner.stopped().await;
    }
    assert!(db.store().claim_job(&["test"], "anybody", NOW, NOW).await.unwrap().is_none());
}
