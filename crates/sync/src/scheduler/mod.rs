//! Every call of Atlassian's APIs passes here before it is sent.
//!
//! Three limits of Atlassian's hold at once: calls a second of a site, route and method; points an hour of an app; points
//! an hour of an app on a site. What a 429 says decides what waits: the call alone, the site, or the app. What counts
//! for all processes is in the database.

mod bucket;
mod cost;
mod ledger;
mod pauses;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connector_atlassian::{
    Admission, Admitted, ApiError, CallClass, HourlyPoints, Observed, Pause, Permit, Priority,
};
use connector_domain::{Clock, CloudId, Timestamp};
use connector_store::{Engine, RatePause, Store};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) use cost::with_cost;

use bucket::Bucket;
use ledger::{Ledger, Verdict};
use pauses::{Pauses, Scopes};

/// A call waits here for so long; for anything longer its caller is told when to come again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Timers are as coarse as this: a call that is sent a moment early meets the limit once more.
const SPARE: Duration = Duration::from_millis(5);
/// What other processes have paused is looked up so often: for so long a call may be sent that another process knows to
/// be too early.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How many points the others have spent is looked up so often.
const COUNT_EVERY: Duration = Duration::from_millis(200);
/// Points are told to the other processes when so many have come together.
const TELL_AFTER: u64 = 200;

/// The scheduler of one process.
pub struct CallScheduler {
    store: Store,
    clock: Arc<dyn Clock>,
    pause: Arc<dyn Pause>,
    /// The app, as the ledger knows it.
    client_id: String,
    state: Arc<Mutex<State>>,
    /// Told of the end of each call: those wait for it that its points may suffice for.
    ended: Arc<Notify>,
}

#[derive(Default)]
struct State {
    /// By site, method and route.
    buckets: HashMap<(CloudId, &'static str, &'static str), Bucket>,
    ledgers: HashMap<CloudId, Ledger>,
    pauses: Pauses,
    looked_at: Option<Instant>,
    counted_at: Option<Instant>,
}

/// The points of a call that was let through, until it has ended.
struct UnderWay {
    state: Arc<Mutex<State>>,
    ended: Arc<Notify>,
    cloud_id: CloudId,
    points: u64,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ledger(&self.cloud_id).ends(self.points);
        drop(state);
        self.ended.notify_waiters();
    }
}

impl fmt::Debug for CallScheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallScheduler").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl CallScheduler {
    /// `pause` is how a call waits.
    pub fn new(store: Store, clock: Arc<dyn Clock>, pause: Arc<dyn Pause>, client_id: String) -> Self {
        Self { store, clock, pause, client_id, state: Arc::default(), ended: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn admit_call(&self, class: &CallClass<'_>) -> Result<Permit, ApiError> {
        let Some(cloud_id) = class.cloud_id else { return Ok(Permit::default()) };
        self.wait_out_pauses(class, cloud_id).await?;
        let (wait, permit) = loop {
            // Interest is registered before looking, so that no end of a call between the two is lost.
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            match self.take(class, cloud_id) {
                Ok(taken) => break taken,
                Err(Verdict::NextHour(until)) => {
                    let reason = "the rest of this hour's points is kept for more urgent calls";
                    return Err(refusal(reason.to_owned(), until.since(self.clock.now()), until));
                }
                Err(_) => ended.await,
            }
        };
        if !wait.is_zero() {
            self.pause.wait(wait).await;
            // Another call may have been refused meanwhile.
            self.wait_out_pauses(class, cloud_id).await?;
        }
        Ok(permit)
    }

    /// Takes a call out of its bucket, and its points, until it has ended. Says how long it has to wait.
    fn take(&self, class: &CallClass<'_>, cloud_id: &CloudId) -> Result<(Duration, Permit), Verdict> {
        let (mut state, now, points) = (self.lock(), self.clock.now(), class.points);
        match state.ledger(cloud_id).admits(points, class.priority, now) {
            Verdict::Now => {}
            other => return Err(other),
        }
        state.ledger(cloud_id).begins(points);
        let key = (cloud_id.clone(), class.method, class.route);
        let wait = state.buckets.entry(key).or_default().take(Instant::now(), class.priority);
        let (state, ended) = (Arc::clone(&self.state), Arc::clone(&self.ended));
        Ok((wait, Permit::holding(UnderWay { state, ended, cloud_id: cloud_id.clone(), points })))
    }

    /// Waits for as long as something is paused that the call belongs to: what it waits for may be put off meanwhile.
    async fn wait_out_pauses(&self, class: &CallClass<'_>, cloud_id: &CloudId) -> Result<(), ApiError> {
        loop {
            self.look_at_others(cloud_id).await;
            let now = self.clock.now();
            let paused = self.lock().pauses.until(&Scopes::of(class), now);
            let Some((until, reason)) = paused else { return Ok(()) };
            let left = until.since(now);
            if left > LONGEST_WAIT {
                return Err(refusal(reason, left, until));
            }
            self.pause.wait(left + SPARE).await;
            // Where the clock stands still, in a test, no wait would ever be long enough.
            if self.clock.now() == now {
                return Ok(());
            }
        }
    }

    /// On PostgreSQL other processes may have met a limit.
    async fn look_at_others(&self, cloud_id: &CloudId) {
        if self.store.engine() != Engine::Postgres {
            return;
        }
        let counts = {
            let mut state = self.lock();
            let now = Instant::now();
            let is_due = |at: Option<Instant>, every| at.is_none_or(|at| now.duration_since(at) >= every);
            if !is_due(state.looked_at, LOOK_EVERY) {
                return;
            }
            state.looked_at = Some(now);
            let counts = is_due(state.counted_at, COUNT_EVERY);
            if counts {
                state.counted_at = Some(now);
            }
            counts
        };
        let now = self.clock.now();
        // Without the database the own knowledge has to do; what needs the database fails for itself.
        if let Ok(pauses) = self.store.list_rate_pauses(now).await {
            let mut state = self.lock();
            for pause in pauses {
                state.pauses.put(pause);
            }
        }
        if counts && let Ok(hour) = self.store.points_spent(&self.client_id, cloud_id, now).await {
            self.lock().ledger(cloud_id).learn(hour, now);
        }
    }

    fn note(&self, class: &CallClass<'_>, observed: &Observed) {
        let Some(cloud_id) = class.cloud_id else { return };
        cost::add(observed.points);
        let now = self.clock.now();
        let (pause, spent) = {
            let mut state = self.lock();
            let pause = (observed.status == Some(429)).then(|| {
                let pause = state.pauses.of_refusal(class, &observed.rate, now, self.pause.jitter());
                tracing::warn!(scope = pause.scope, until = %pause.until, reason = pause.reason, "Atlassian asks to wait");
                state.pauses.put(pause.clone());
                pause
            });
            // Of a call that was given up nobody knows.
            if pause.is_none() && observed.status.is_some() {
                state.pauses.passed(class);
            }
            let key = (cloud_id.clone(), class.method, class.route);
            state.buckets.entry(key).or_default().learn(&observed.rate);
            let ledger = state.ledger(cloud_id);
            ledger.spend(observed.points, &observed.rate, now);
            (pause, ledger.untold(TELL_AFTER))
        };
        self.tell(cloud_id.clone(), pause, spent, now);
    }

    /// Lets the other processes know, without holding the call up.
    fn tell(
        &self,
        cloud_id: CloudId,
        pause: Option<RatePause>,
        spent: Option<(u64, Option<u64>)>,
        now: Timestamp,
    ) {
        if pause.is_none() && spent.is_none() {
            return;
        }
        // A call that is dropped with the runtime has nobody left to tell it.
        let Ok(runtime) = Handle::try_current() else { return };
        let (store, client_id, state) = (self.store.clone(), self.client_id.clone(), Arc::clone(&self.state));
        runtime.spawn(async move {
            if let Some(pause) = pause
                && let Err(error) = store.put_rate_pause(pause).await
            {
                tracing::warn!(%error, "a pause could not be told to the other processes");
            }
            let Some((points, budget)) = spent else { return };
            match store.spend_points(&client_id, &cloud_id, points, budget, now).await {
                Ok(hour) => {
                    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.ledger(&cloud_id).learn(hour, now);
                }
                Err(error) => tracing::warn!(%error, "points could not be noted"),
            }
        });
    }
}

impl State {
    fn ledger(&mut self, cloud_id: &CloudId) -> &mut Ledger {
        self.ledgers.entry(cloud_id.clone()).or_default()
    }
}

impl Admission for CallScheduler {
    fn admit<'a>(&'a self, class: &'a CallClass<'a>) -> Admitted<'a> {
        Box::pin(self.admit_call(class))
    }

    fn observe(&self, class: &CallClass<'_>, observed: &Observed) {
        self.note(class, observed);
    }

    fn points(&self, cloud_id: &CloudId, priority: Priority) -> Option<HourlyPoints> {
        let now = self.clock.now();
        self.lock().ledger(cloud_id).hourly(priority, now)
    }
}

fn refusal(reason: String, after: Duration, until: Timestamp) -> ApiError {
    ApiError::QuotaExceeded { reason, retry_after: Some(after), until: Some(until) }
}

/// The share of an hour's points, and of a second's calls, that a priority may use, in percent.
const fn share(priority: Priority) -> u64 {
    match priority {
        Priority::Interactive => 100,
        Priority::Incremental => 90,
        Priority::Backfill => 80,
        Priority::Census => 70,
    }
}
