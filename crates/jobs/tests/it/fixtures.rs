//! A queue on a clock that is moved by hand, and a handler that a test holds by the hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use connector_domain::{Clock as _, ManualClock, SeededEntropy, Timestamp};
use connector_jobs::{Handler, JobContext, JobError, Jobs, Runner};
use connector_store::{Durability, Job, Store};
use connector_testkit::within;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
pub(crate) const KIND: &str = "test";

/// One process: its queue, and its runner with a handler that hands every job to the test.
pub(crate) struct Process {
    pub(crate) jobs: Jobs,
    pub(crate) store: Store,
    begun: mpsc::UnboundedReceiver<Begun>,
    stop: CancellationToken,
    runner: JoinHandle<()>,
}

/// A job that runs until the test ends it.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) job: Job,
    pub(crate) stop: CancellationToken,
    end: oneshot::Sender<Outcome>,
}

type Outcome = Result<(), JobError>;

impl Begun {
    /// Ends the job.
    pub(crate) fn end(self, outcome: Outcome) {
        self.end.send(outcome).unwrap();
    }

    /// Makes the job panic: it waits for an end that cannot come any more.
    pub(crate) fn panic(self) {
        drop(self.end);
    }
}

struct HandedOver(mpsc::UnboundedSender<Begun>);

impl Handler for HandedOver {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, job: Job, context: JobContext) -> BoxFuture<'_, Outcome> {
        async move {
            let (end, ended) = oneshot::channel();
            self.0.send(Begun { job, stop: context.stop, end }).unwrap();
            ended.await.expect("the test panics here on purpose")
        }
        .boxed()
    }
}

impl Process {
    pub(crate) fn start(store: &Store, clock: &Arc<ManualClock>, concurrency: usize) -> Self {
        // Each process has a name of its own.
        static SEED: AtomicU64 = AtomicU64::new(1);
        let entropy = SeededEntropy::new(SEED.fetch_add(1, Ordering::Relaxed));
        let jobs = Jobs::new(store.clone(), Arc::clone(clock) as _, Arc::new(entropy));
        let (hand_over, begun) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let runner = Runner::new(jobs.clone(), vec![Arc::new(HandedOver(hand_over))], concurrency);
        let runner = tokio::spawn(runner.run(stop.clone()));
        Self { jobs, store: store.clone(), begun, stop, runner }
    }

    pub(crate) async fn enqueue(&self, key: &str) {
        let mut tx = self.store.begin_write(Durability::Normal).await.unwrap();
        let enqueued = self.jobs.enqueue(&mut tx, KIND, key.to_owned(), format!("payload of {key}")).await;
        assert!(enqueued.unwrap());
        tx.commit().await.unwrap();
        self.jobs.wake();
    }

    /// The next job that the runner begins.
    pub(crate) async fn begun(&mut self) -> Begun {
        within("a job to begin", self.begun.recv()).await.unwrap()
    }

    /// The next job that the runner begins, if it has begun one.
    pub(crate) fn begun_already(&mut self) -> Option<Begun> {
        self.begun.try_recv().ok()
    }

    /// Waits until a job of this key is out of the queue.
    pub(crate) async fn gone(&self, key: &str) {
        within("the job to be gone", async { while self.live(key).await.is_some() {} }).await;
    }

    /// Waits until the job is back in the queue.
    pub(crate) async fn returned(&self, key: &str) -> Job {
        within("the job to be put back", async {
            loop {
                if let Some(job) = self.live(key).await.filter(|job| job.lease_owner.is_none()) {
                    break job;
                }
            }
        })
        .await
    }

    async fn live(&self, key: &str) -> Option<Job> {
        self.store.find_live_job(KIND, key).await.unwrap()
    }

    /// Asks the runner to stop; it does once its jobs have ended.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn stopped(self) {
        within("the runner to stop", self.runner).await.unwrap();
    }

    /// Stops as a killed process does: nothing is given back.
    pub(crate) async fn die(self) {
        self.runner.abort();
        assert!(within("the runner's death", self.runner).await.unwrap_err().is_cancelled());
    }
}

pub(crate) fn clock() -> Arc<ManualClock> {
    let clock = Arc::new(ManualClock::at(NOW));
    assert_eq!(clock.now(), NOW);
    clock
}
