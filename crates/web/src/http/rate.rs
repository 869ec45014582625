//! How many requests a caller may send. What a caller spares it may use at once later, up to some seconds' worth.

use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use connector_connections::Connections;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::client::Client;
use super::problem::Problem;

/// How many seconds' worth may come at once.
const BURST_SECONDS: u32 = 5;
/// Keys that open nothing, from one address: so many at once, and then one a second.
const GUESSES: NonZeroU32 = NonZeroU32::new(100).expect("is not zero");
/// Whoever has not been seen lately is forgotten after so many requests.
const TIDY_AFTER: u32 = 4096;

/// Requests a second; `None` where they are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Of one API key, and of one session.
    pub caller: Option<NonZeroU32>,
    /// Of one address, whoever calls from there. Loopback addresses are not counted.
    pub address: Option<NonZeroU32>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { caller: NonZeroU32::new(100), address: NonZeroU32::new(200) }
    }
}

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    Key(String),
    Session(String),
}

/// The injected clock, as the limiter wants it.
#[derive(Debug, Clone)]
struct Ticks(Connections);

impl Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().as_millis()).unwrap_or(0))
    }
}

struct Limiter<K: Hash + Eq + Clone> {
    inner: RateLimiter<K, HashMapStateStore<K>, Ticks, NoOpMiddleware<Duration>>,
    clock: Ticks,
    seen: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(quota: Quota, clock: Ticks) -> Self {
        let inner = RateLimiter::hashmap_with_clock(quota, clock.clone());
        Self { inner, clock, seen: AtomicU32::new(0) }
    }

    /// How long to wait, where it is too much.
    fn count(&self, key: &K) -> Result<(), Duration> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % TIDY_AFTER == TIDY_AFTER - 1 {
            self.inner.retain_recent();
            self.inner.shrink_to_fit();
        }
        self.inner.check_key(key).map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

pub(crate) struct Rates {
    callers: Option<Limiter<Counted>>,
    addresses: Option<Limiter<IpAddr>>,
    guesses: Limiter<IpAddr>,
}

impl Rates {
    pub(crate) fn new(limits: RateLimits, connections: &Connections) -> Self {
        let clock = Ticks(connections.clone());
        let quota = |a_second: NonZeroU32| {
            Quota::per_second(a_second)
                .allow_burst(a_second.saturating_mul(NonZeroU32::new(BURST_SECONDS).unwrap_or(a_second)))
        };
        Self {
            callers: limits.caller.map(|a_second| Limiter::new(quota(a_second), clock.clone())),
            addresses: limits.address.map(|a_second| Limiter::new(quota(a_second), clock.clone())),
            guesses: Limiter::new(Quota::per_second(NonZeroU32::MIN).allow_burst(GUESSES), clock),
        }
    }

    /// # Errors
    /// 429 where the address asks for too much.
    pub(crate) fn count_address(&self, client: &Client) -> Result<(), Problem> {
        match &self.addresses {
            // Who is on this machine is the operator, or a proxy that nobody has named.
            Some(addresses) if !client.address.is_loopback() => {
                addresses.count(&client.network()).map_err(|wait| too_many("This address sends", wait))
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// 429 where the caller asks for too much.
    pub(crate) fn count_caller(&self, caller: &Counted) -> Result<(), Problem> {
        let Some(callers) = &self.callers else { return Ok(()) };
        callers.count(caller).map_err(|wait| {
            too_many(
                match caller {
                    Counted::Key(_) => "This API key sends",
                    Counted::Session(_) => "This session sends",
                },
                wait,
            )
        })
    }

    /// # Errors
    /// 429 where too many keys that open nothing came from this address.
    pub(crate) fn count_guess(&self, client: &Client) -> Result<(), Problem> {
        let counted = self.guesses.count(&client.network());
        counted.map_err(|wait| too_many("This address sends API keys that open nothing, and", wait))
    }
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rates").finish_non_exhaustive()
    }
}

fn too_many(who: &str, wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::too_many(format!("{who} too many requests. Wait for {seconds} s."), seconds.max(1))
}
