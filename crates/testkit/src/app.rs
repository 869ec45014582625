use std::sync::{Arc, Mutex};
use std::time::Duration;

use connector_atlassian::{Atlassian, Endpoints};
use connector_connections::{Connections, DatabaseSessions, NewApiKey, SessionStore};
use connector_domain::{Actor, Clock, Entropy, KeyScope, ManualClock, SeededEntropy};
use connector_jobs::{Handler, JobContext, Jobs, LEASE, Runner};
use connector_store::{Engine, Store};
use connector_sync::{CallScheduler, Syncs};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::browser::Browser;
use crate::pause::NoPause;
use crate::sandbox::Sandbox;
use crate::setup::{Setup, callbacks};
use crate::{TestDatabase, TestRedis, http, within};

/// The whole application over a database and a sandbox of its own, served on a free port. All of it stops when this
/// is dropped.
#[derive(Debug)]
pub struct TestApp {
    /// Where it is served, without a slash at the end.
    pub url: String,
    pub setup: Setup,
    pub clock: Arc<ManualClock>,
    pub connections: Connections,
    jobs: Jobs,
    syncs: Syncs,
    runner: Mutex<Option<Running>>,
    _stop: DropGuard,
    // What it stands on goes after it.
    pub sandbox: Arc<Sandbox>,
    pub database: Arc<TestDatabase>,
    redis: Option<TestRedis>,
    /// For another process over the same database: the sandbox sends browsers back there too.
    spare: Mutex<Option<TcpListener>>,
}

#[derive(Debug)]
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl TestApp {
    /// `None` where the tests do without this engine.
    pub async fn start(engine: Engine) -> Option<Self> {
        Self::start_with(engine, |_| {}).await
    }

    pub async fn start_with(engine: Engine, change: impl FnOnce(&mut Setup)) -> Option<Self> {
        let database = Arc::new(TestDatabase::create(engine).await?);
        let mut setup = Setup::default();
        change(&mut setup);
        let redis = if setup.sessions_in_redis { Some(TestRedis::take()?) } else { None };
        let (listener, spare) = (bind().await, bind().await);
        setup
            .sandbox
            .redirect_uri
            .extend([&listener, &spare].into_iter().flat_map(|one| callbacks(port(one))));
        let sandbox = Arc::new(Sandbox::start(setup.sandbox.clone()).await);
        let store = database.store().clone();
        let app = Self::serve(setup, database, redis, store, sandbox, listener).await;
        app.spare.lock().expect("no panic").replace(spare);
        Some(app)
    }

    /// Another process over the same database and sandbox, set up anew: on PostgreSQL one beside this, on SQLite one
    /// that comes after it ([`stop_jobs`](Self::stop_jobs) first). Once only.
    pub async fn another(&self, change: impl FnOnce(&mut Setup)) -> Self {
        let listener =
            self.spare.lock().expect("no panic").take().expect("only one more process is prepared");
        let mut setup = self.setup.clone();
        setup.seed += 1;
        change(&mut setup);
        let store = self.database.another_store().await;
        let (database, sandbox) = (Arc::clone(&self.database), Arc::clone(&self.sandbox));
        Self::serve(setup, database, self.redis.clone(), store, sandbox, listener).await
    }

    async fn serve(
        setup: Setup,
        database: Arc<TestDatabase>,
        redis: Option<TestRedis>,
        store: Store,
        sandbox: Arc<Sandbox>,
        listener: TcpListener,
    ) -> Self {
        let url = format!("http://127.0.0.1:{}", port(&listener));
        let clock: Arc<dyn Clock> = Arc::clone(&setup.clock) as _;
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(setup.seed));
        let auth_url = setup.auth_url.clone().unwrap_or_else(|| sandbox.address());
        let scheduler =
            CallScheduler::new(store.clone(), Arc::clone(&clock), Arc::new(NoPause), "test-app".to_owned());
        let atlassian = Atlassian::new(http::client(), Endpoints { auth_url, api_url: sandbox.address() })
            .with_retry(setup.retry)
            .with_pause(Arc::new(NoPause))
            .with_admission(Arc::new(scheduler));
        let spool_folder = setup.spool_folder.clone().unwrap_or_else(|| database.spool_folder());
        let sessions: Arc<dyn SessionStore> = match &redis {
            Some(redis) => Arc::new(redis.sessions().await),
            None => Arc::new(DatabaseSessions::new(store.clone())),
        };
        let connections = Connections::with_sessions(
            store.clone(),
            sessions,
            atlassian,
            Arc::new(setup.key_ring()),
            setup.settings(&url, spool_folder),
            Arc::clone(&clock),
            Arc::clone(&entropy),
        );
        connections.check_vault().await.expect("the keys fit the database");
        let jobs = Jobs::new(store.clone(), Arc::clone(&clock), Arc::clone(&entropy));
        let syncs = Syncs::new(store.clone(), connections.clone(), jobs.clone(), clock, Arc::clone(&entropy));
        let stop = CancellationToken::new();
        let web = connector_web::App::new(
            store,
            connections.clone(),
            syncs.clone(),
            setup.web_settings(&url),
            entropy,
            stop.clone(),
        );
        let router = connector_web::router(web);
        tokio::spawn(connector_web::serve(listener, router, setup.limits, stop.clone()));
        let app = Self {
            url,
            clock: Arc::clone(&setup.clock),
            connections,
            jobs,
            syncs,
            runner: Mutex::default(),
            _stop: stop.drop_guard(),
            sandbox,
            database,
            redis,
            spare: Mutex::default(),
            setup,
        };
        if app.setup.runs_jobs {
            app.run_jobs();
        }
        app
    }

    /// A client without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// A client that is signed in and connected, with everything synced.
    pub async fn connected(&self) -> Browser {
        let browser = self.browser();
        browser.connect().await;
        let run = browser.latest_sync().await;
        assert_eq!(run["status"], "succeeded", "{run}");
        browser
    }

    /// A program with a new API key of these scopes.
    pub async fn server(&self, scopes: &[KeyScope]) -> Browser {
        let new = NewApiKey {
            name: "a test".to_owned(),
            scopes: scopes.iter().copied().collect(),
            user_id: None,
            lifetime: Duration::from_hours(24),
        };
        let made = self.connections.create_api_key(Actor::Operator, new).await;
        let (_, key) = made.expect("the database answers");
        self.browser().with_key(&key)
    }

    /// Asks for the syncs that are due by themselves, as the service does all the time; says for how many.
    pub async fn request_due(&self) -> usize {
        self.syncs.request_due(100).await.expect("the database answers")
    }

    /// Moves the service's clock and the sandbox's.
    pub async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        self.sandbox.advance(duration.as_secs()).await;
    }

    /// Runs jobs until they are stopped or this is dropped.
    pub fn run_jobs(&self) {
        let stop = CancellationToken::new();
        let runner =
            Runner::new(self.jobs.clone(), vec![self.syncs.handler(), self.syncs.erase_handler()], 4);
        let task = tokio::spawn(runner.run(stop.clone()));
        let before = self.runner.lock().expect("no panic").replace(Running { stop, task });
        assert!(before.is_none(), "jobs are being run already");
    }

    /// Asks the running jobs to stop, as SIGTERM does; the task ends when they have.
    pub fn stop_jobs(&self) -> JoinHandle<()> {
        let Running { stop, task } =
            self.runner.lock().expect("no panic").take().expect("jobs are being run");
        stop.cancel();
        task
    }

    /// Runs the next job to its end, as a process does that dies before it can tell the queue.
    pub async fn run_a_job_and_die(&self) {
        self.run_next(&*self.syncs.handler()).await;
    }

    /// Erases what the connection that was ended first has mirrored.
    pub async fn run_an_erasure(&self) {
        self.run_next(&*self.syncs.erase_handler()).await;
    }

    async fn run_next(&self, handler: &dyn Handler) {
        let (store, now) = (self.database.store(), self.clock.now());
        let claimed = store.claim_job(&[handler.kind()], "a worker", now, now.plus(LEASE)).await;
        let job = claimed.expect("the queue answers").expect("a job is due");
        let context = JobContext { stop: CancellationToken::new() };
        within("the end of a job", handler.run(job, context)).await.expect("the job ends well");
    }

    /// Ends the running jobs wherever they are, as SIGKILL does.
    pub async fn kill_jobs(&self) {
        let Running { task, .. } = self.runner.lock().expect("no panic").take().expect("jobs are being run");
        task.abort();
        let ended = within("the end of the jobs", task).await;
        assert!(ended.is_err_and(|error| error.is_cancelled()), "the jobs ended by themselves");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Ok(Some(running)) = self.runner.lock().map(|mut runner| runner.take()) {
            running.task.abort();
        }
    }
}

async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("an address").port()
}
