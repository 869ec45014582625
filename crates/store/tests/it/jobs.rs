use std::collections::BTreeSet;
use std::time::Duration;

use connector_domain::{JobId, SeededEntropy, Timestamp};
use connector_store::{Durability, Engine, NewJob, Store};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, at_once, later, number};

const KINDS: [&str; 1] = ["sync"];
const LEASE: Duration = Duration::from_secs(30);

fn new_job(key: &str, run_at: Timestamp) -> NewJob {
    let seed = key.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    NewJob {
        id: JobId::generate(&SeededEntropy::new(seed), NOW),
        kind: "sync",
        dedupe_key: key.to_owned(),
        payload: format!("payload of {key}"),
        run_at,
    }
}

async fn enqueue(store: &Store, job: &NewJob) -> bool {
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let enqueued = tx.enqueue(job, NOW).await.unwrap();
    tx.commit().await.unwrap();
    enqueued
}

async fn finish(store: &Store, id: JobId, owner: &str) -> bool {
    store.finish_job(id, owner).await.unwrap()
}

/// The key of the job that `worker` gets.
async fn claim(store: &Store, worker: &str, now: Timestamp) -> Option<String> {
    let job = store.claim_job(&KINDS, worker, now, now.plus(LEASE)).await.unwrap()?;
    Some(job.dedupe_key)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn of_one_key_one_job_lives_at_a_time(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let first = new_job("a", NOW);
    let second = NewJob { payload: "second".to_owned(), ..new_job("a again", NOW) };
    let second = NewJob { dedupe_key: "a".to_owned(), ..second };
    assert!(enqueue(store, &first).await);
    assert!(!enqueue(store, &second).await, "one waits");
    assert_eq!(claim(store, "worker", NOW).await.as_deref(), Some("a"));
    assert!(!enqueue(store, &second).await, "one runs");
    let live = store.find_live_job("sync", "a").await.unwrap().unwrap();
    assert_eq!((live.id, live.payload.as_str()), (first.id, "payload of a"));
    assert!(enqueue(store, &NewJob { kind: "other", ..new_job("b", NOW) }).await);
    assert!(finish(store, first.id, "worker").await);
    assert!(store.find_live_job("sync", "a").await.unwrap().is_none());
    assert!(enqueue(store, &second).await, "the first is done");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_equal_jobs_at_once_one_is_put_in(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let answers = at_once(16, |i| {
        let store = db.store().clone();
        let job = NewJob { dedupe_key: "same".to_owned(), ..new_job(&i.to_string(), NOW) };
        async move { enqueue(&store, &job).await }
    })
    .await;
    assert_eq!(answers.iter().filter(|enqueued| **enqueued).count(), 1);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM jobs").await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_goes_with_its_transaction(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let mut tx = db.store().begin_write(Durability::Normal).await.unwrap();
    assert!(tx.enqueue(&new_job("a", NOW), NOW).await.unwrap());
    drop(tx);
    assert_eq!(claim(db.store(), "worker", NOW).await, None);
    assert!(enqueue(db.store(), &new_job("a", NOW)).await);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_has_been_due_longest_goes_first_and_what_is_not_due_waits(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    for (key, seconds) in [("third", 3), ("first", 1), ("second", 2), ("later", 60)] {
        enqueue(store, &new_job(key, later(seconds))).await;
    }
    enqueue(store, &NewJob { kind: "other", ..new_job("other", NOW) }).await;
    let mut order = Vec::new();
    while let Some(key) = claim(store, "worker", later(10)).await {
        order.push(key);
    }
    assert_eq!(order, ["first", "second", "third"]);
    assert_eq!(store.next_job_at(&["other"]).await.unwrap(), Some(NOW));
    assert_eq!(store.next_job_at(&["unknown"]).await.unwrap(), None);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn many_claimers_get_each_job_once(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let mut tx = db.store().begin_write(Durability::Normal).await.unwrap();
    for i in 0..200 {
        assert!(tx.enqueue(&new_job(&format!("job {i}"), NOW), NOW).await.unwrap());
    }
    tx.commit().await.unwrap();
    let claimed = at_once(8, |i| {
        let store = db.store().clone();
        async move {
            let mut keys = Vec::new();
            while let Some(key) = claim(&store, &format!("worker {i}"), NOW).await {
                keys.push(key);
            }
            keys
        }
    })
    .await
    .concat();
    assert_eq!(claimed.len(), 200);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM jobs WHERE attempt = 1").await, 200);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_claim_takes_one_job_whatever_the_planner_believes(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    enqueue(db.store(), &new_job("job 0", NOW)).await;
    // Statistics of a nearly empty queue: PostgreSQL then plans to look for the next job once for each row.
    db.execute("ANALYZE jobs").await;
    for i in 1..40 {
        enqueue(db.store(), &new_job(&format!("job {i}"), later(i))).await;
    }
    for claimed in 1..=3 {
        assert!(claim(db.store(), "worker", later(60)).await.is_some());
        assert_eq!(number(&db, "SELECT COUNT(*) FROM jobs WHERE attempt > 0").await, claimed);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_job_whose_lease_ran_out_goes_to_another(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    enqueue(store, &new_job("a", NOW)).await;
    let job = store.claim_job(&KINDS, "dead", NOW, later(30)).await.unwrap().unwrap();
    assert_eq!((job.attempt, job.lease_owner.as_deref()), (1, Some("dead")));
    assert_eq!(claim(store, "other", later(30)).await, None, "the lease still holds");
    let again = store.claim_job(&KINDS, "other", later(31), later(61)).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempt, again.lease_owner.as_deref()), (job.id, 2, Some("other")));
    assert!(!finish(store, job.id, "dead").await, "the first comes back too late");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_the_holder_extends_returns_and_finishes(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    enqueue(store, &new_job("a", NOW)).await;
    let id = store.claim_job(&KINDS, "holder", NOW, later(30)).await.unwrap().unwrap().id;
    assert!(!store.extend_lease(id, "other", later(900)).await.unwrap());
    assert!(!store.return_job(id, "other", NOW, None, 1).await.unwrap());
    assert!(!finish(store, id, "other").await);
    assert!(store.extend_lease(id, "holder", later(90)).await.unwrap());
    assert_eq!(claim(store, "other", later(60)).await, None, "extended");
    assert!(store.return_job(id, "holder", later(100), Some("busy"), 3).await.unwrap());
    assert_eq!(store.next_job_at(&KINDS).await.unwrap(), Some(later(100)));
    assert_eq!(claim(store, "other", later(99)).await, None, "returned for later");
    let job = store.claim_job(&KINDS, "other", later(100), later(130)).await.unwrap().unwrap();
    assert_eq!((job.attempt, job.failures, job.last_error.as_deref()), (2, 3, Some("busy")));
    assert!(finish(store, id, "other").await);
    assert!(!store.return_job(id, "other", NOW, None, 1).await.unwrap(), "it is gone");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_leases_of_a_dead_process_can_be_freed_at_once(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    for key in ["a", "b", "c"] {
        enqueue(store, &new_job(key, NOW)).await;
    }
    claim(store, "dead", NOW).await.unwrap();
    claim(store, "dead", NOW).await.unwrap();
    assert_eq!(store.release_all_leases().await.unwrap(), 2);
    for _ in 0..3 {
        assert!(claim(store, "alive", NOW).await.is_some());
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_end_of_a_job_goes_with_its_transaction(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    enqueue(store, &new_job("a", NOW)).await;
    let id = store.claim_job(&KINDS, "worker", NOW, later(30)).await.unwrap().unwrap().id;
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    assert!(tx.finish_job(id, "worker").await.unwrap());
    drop(tx);
    assert!(store.find_live_job("sync", "a").await.unwrap().is_some());
}
