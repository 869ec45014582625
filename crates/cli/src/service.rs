//! The wiring: which part is made from which.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use connector_atlassian::{Atlassian, SystemPause};
use connector_connections::{Connections, DatabaseSessions, RedisSessions, SessionStore, verify_checks};
use connector_domain::{Clock, Entropy, SystemClock, SystemEntropy};
use connector_jobs::{Jobs, Runner};
use connector_store::{DatabaseUrl, Engine, ServiceLock, Store, StoreError};
use connector_sync::{CallScheduler, Syncs};
use connector_vault::KeyRing;
use connector_web::{App, WebSettings};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::{hardening, key_file};

/// How many syncs run at once in one process.
const SYNCS_AT_ONCE: usize = 8;
/// How often it is looked for syncs that are due, and how many one look asks for at most.
const LOOK_FOR_DUE: Duration = Duration::from_secs(10);
const DUE_BATCH: u64 = 100;
/// An exchange takes no longer than its timeout and the commit of its answer. Most supervisors wait for 30 s in all.
const EXCHANGES_WITHIN: Duration = Duration::from_secs(17);
/// What the keys of this service in Redis begin with.
const SESSION_KEYS: &str = "connector:";
const SWEEP: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The services over an open database.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) connections: Connections,
    pub(crate) syncs: Syncs,
    audit_kept: Duration,
    pub(crate) jobs: Jobs,
    entropy: Arc<dyn Entropy>,
}

impl Service {
    /// Opens the database, brings it up to date, and checks that the keys fit before anything is read or written.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        // Keys and tokens are in memory from here on.
        hardening::forbid_dumps();
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let store = Store::open(&config.database)
            .await
            .with_context(|| format!("cannot open the database ({})", config.database))?;
        // Before anything is written: with a wrong key, nothing is.
        let keys = if store.is_empty().await? {
            None
        } else {
            let keys = keys(config, &store, &*entropy).await?;
            verify_checks(&store, &keys).await?;
            Some(keys)
        };
        let report = store.migrate().await.context("cannot bring the database up to date")?;
        for migration in &report.applied {
            tracing::info!(migration, "migrated the database");
        }
        let keys = match keys {
            Some(keys) => keys,
            None => self::keys(config, &store, &*entropy).await?,
        };
        Self::new(config, store, keys, clock, entropy).await
    }

    async fn new(
        config: &Config,
        store: Store,
        keys: Arc<KeyRing>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> anyhow::Result<Self> {
        let http = Atlassian::http_client().context("cannot make the HTTP client")?;
        // All processes that are configured alike count the points of one app together.
        let client_id = config.connections.atlassian.as_ref().map(|app| app.app.client_id.clone());
        let scheduler = CallScheduler::new(
            store.clone(),
            Arc::clone(&clock),
            Arc::new(SystemPause),
            client_id.unwrap_or_default(),
        );
        let atlassian = Atlassian::new(http, config.endpoints.clone()).with_admission(Arc::new(scheduler));
        let sessions: Arc<dyn SessionStore> = match &config.session_url {
            Some(url) => {
                let redis = RedisSessions::connect(url, SESSION_KEYS).await;
                Arc::new(redis.context("CONNECTOR_SESSION_URL cannot be used: is the Redis server up?")?)
            }
            None => Arc::new(DatabaseSessions::new(store.clone())),
        };
        let connections = Connections::with_sessions(
            store.clone(),
            sessions,
            atlassian,
            keys,
            config.connections.clone(),
            Arc::clone(&clock),
            Arc::clone(&entropy),
        );
        connections.check_vault().await?;
        let jobs = Jobs::new(store.clone(), Arc::clone(&clock), Arc::clone(&entropy));
        let syncs = Syncs::new(store.clone(), connections.clone(), jobs.clone(), clock, Arc::clone(&entropy))
            .with_settings(config.syncs);
        Ok(Self { store, connections, syncs, audit_kept: config.audit_kept, jobs, entropy })
    }

    pub(crate) fn app(&self, settings: WebSettings, stop: CancellationToken) -> App {
        App::new(
            self.store.clone(),
            self.connections.clone(),
            self.syncs.clone(),
            settings,
            Arc::clone(&self.entropy),
            stop,
        )
    }

    /// The right to serve this database, and with it the right to what a dead predecessor held.
    pub(crate) async fn take_over(&self) -> Result<ServiceLock, StoreError> {
        let lock = self.store.service_lock()?;
        if self.store.engine() == Engine::Sqlite {
            let freed = self.store.release_all_leases().await?;
            if freed > 0 {
                tracing::info!(jobs = freed, "going on with what was interrupted");
            }
        }
        Ok(lock)
    }

    /// Runs jobs until `stop`.
    pub(crate) fn run_jobs(&self, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        Runner::new(
            self.jobs.clone(),
            vec![self.syncs.handler(), self.syncs.erase_handler(), self.connections.rotation_handler()],
            SYNCS_AT_ONCE,
        )
        .run(stop)
    }

    /// Ends what an earlier process began with tokens. A start waits for it, but not for long: what is not done by then
    /// goes on beside the service.
    pub(crate) async fn recover(&self) {
        let connections = self.connections.clone();
        let recovery = tokio::spawn(async move {
            connections.take_up_spool().await;
            if let Err(error) = connections.recover().await {
                tracing::error!(%error, "interrupted exchanges could not be looked for");
            }
        });
        let wait = self.connections.settings().timings.recovery_wait;
        if tokio::time::timeout(wait, recovery).await.is_err() {
            tracing::warn!("interrupted exchanges are not at their end yet; serving meanwhile");
        }
    }

    /// Waits for the exchanges of tokens that are under way, and closes the database. To be called once nothing new is
    /// begun.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        if tokio::time::timeout(EXCHANGES_WITHIN, self.connections.settle()).await.is_err() {
            tracing::warn!(
                "an exchange of tokens did not end in time; the next start asks for its answer again"
            );
        }
        self.store.close().await
    }

    /// Keeps tokens good and sweeps what is old, until `stop`.
    pub(crate) fn keep_house(&self, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let tokens = keep_tokens(self.connections.clone(), stop.clone());
        let due = ask_for_due_syncs(self.syncs.clone(), stop.clone());
        let swept = sweep(self.connections.clone(), self.audit_kept, stop);
        async move {
            tokio::join!(tokens, due, swept);
        }
    }
}

async fn keep_tokens(connections: Connections, stop: CancellationToken) {
    // Two loops, because what is left over must not wait for what is due.
    let every = connections.settings().timings.look_every;
    let others = connections.clone();
    let due = look_again_and_again(every, move || {
        let connections = connections.clone();
        async move { connections.refresh_due().await }
    });
    let left = look_again_and_again(every, move || {
        let connections = others.clone();
        async move { connections.end_left_exchanges().await }
    });
    // An exchange under way is in a task of its own and not lost by a stop.
    tokio::select! {
        () = stop.cancelled() => {}
        () = due => {}
        () = left => {}
    }
}

async fn look_again_and_again<F>(every: Duration, look: impl Fn() -> F)
where
    F: Future<Output = Result<usize, StoreError>>,
{
    let mut looks = tokio::time::interval(every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Err(error) = look().await {
            tracing::error!(%error, "tokens that are due could not be looked for");
        }
    }
}

async fn ask_for_due_syncs(syncs: Syncs, stop: CancellationToken) {
    let mut looks = tokio::time::interval(LOOK_FOR_DUE);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {
                if let Err(error) = syncs.request_due(DUE_BATCH).await {
                    tracing::error!(%error, "syncs that are due could not be asked for");
                }
            }
        }
    }
}

async fn sweep(connections: Connections, audit_kept: Duration, stop: CancellationToken) {
    let (mut sweeps, mut days) = (tokio::time::interval(SWEEP), tokio::time::interval(DAY));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = days.tick() => {
                if let Err(error) = connections.warn_of_ends().await {
                    tracing::error!(%error, "consents that end soon could not be looked for");
                }
            }
            _ = sweeps.tick() => {
                let swept = async {
                    Ok::<_, StoreError>(
                        connections.delete_old_logins().await?
                            + connections.delete_expired_sessions().await?
                            + connections.destroy_ended_pairs().await?
                            + connections.forget_erased().await?
                            + connections.delete_old_audit(audit_kept).await?,
                    )
                };
                match swept.await {
                    Ok(rows) => tracing::debug!(rows, "swept old logins, sessions, tokens and events"),
                    Err(error) => tracing::error!(%error, "old logins, sessions, tokens and events could not be swept"),
                }
            }
        }
    }
}

/// The configured keys, else those of the key file beside a SQLite database.
pub(crate) async fn keys(
    config: &Config,
    store: &Store,
    entropy: &dyn Entropy,
) -> anyhow::Result<Arc<KeyRing>> {
    if let Some(keys) = &config.keys {
        return Ok(Arc::clone(keys));
    }
    let DatabaseUrl::Sqlite(database) = &config.database else {
        anyhow::bail!("CONNECTOR_ENCRYPTION_KEYS must be set with PostgreSQL");
    };
    let path = key_file::path(database);
    // A new key could not open what is sealed, and would stand where the right one belongs.
    if !path.exists() && !store.list_key_checks().await?.is_empty() {
        anyhow::bail!(
            "the key file {} is gone, and values in this database are sealed with it: restore it from its copy, or set \
             CONNECTOR_ENCRYPTION_KEYS",
            path.display()
        );
    }
    let (keys, path, made) = key_file::open(database, entropy)?;
    if made {
        tracing::warn!(path = %path.display(), "made a key file: keep a copy of it elsewhere, tokens cannot be opened without it");
    } else {
        tracing::info!(path = %path.display(), "sealing with the key file");
    }
    Ok(Arc::new(keys))
}
