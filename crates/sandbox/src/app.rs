//! The sandbox as a whole: what all handlers share.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::{Router, middleware};
use chrono::{DateTime, Utc};

use crate::{
    clock::Clock,
    control,
    control::{Faults, Stats},
    gateway,
    gateway::Limits,
    hosts::enter_by_host,
    oauth,
    oauth::{App, Grants, TokenLimit},
    options::SandboxOptions,
    switches::Switches,
    webhooks::Webhooks,
    world::{Millis, World, millis},
};

/// A running simulator. Clones share their state.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    options: SandboxOptions,
    base_url: String,
    clock: Clock,
    world: RwLock<World>,
    app: App,
    grants: Grants,
    token_limit: TokenLimit,
    limits: Limits,
    faults: Faults,
    stats: Stats,
    webhooks: Webhooks,
    switches: RwLock<Switches>,
}

impl Sandbox {
    /// Makes the data and everything else that the options ask for. The base URL is the address under which
    /// clients reach the sandbox, without a slash at the end, such as `http://127.0.0.1:4001`.
    pub fn new(options: SandboxOptions, base_url: String) -> Self {
        let inner = Inner {
            clock: Clock::default(),
            world: RwLock::new(World::new(&options)),
            app: App::new(&options.redirect_uri),
            grants: Grants::new(&options),
            token_limit: TokenLimit::default(),
            limits: Limits::new(options.rate_limit, options.points_per_hour),
            faults: Faults::default(),
            stats: Stats::default(),
            webhooks: Webhooks::default(),
            switches: RwLock::new(Switches::new(&options)),
            base_url,
            options,
        };
        Self { inner: Arc::new(inner) }
    }

    /// All routes of the sandbox.
    pub fn router(&self) -> Router {
        let hosts = Router::new()
            .merge(oauth::routes())
            .merge(gateway::routes(self))
            .fallback(gateway::unknown_path)
            .layer(middleware::from_fn_with_state(self.clone(), control::observe));
        let router = if self.inner.options.control { hosts.merge(control::routes()) } else { hosts };
        // Around everything, because it has to happen before a route is looked for.
        let inside = router.with_state(self.clone());
        Router::new().fallback_service(inside).layer(middleware::map_request(enter_by_host))
    }

    pub(crate) fn options(&self) -> &SandboxOptions {
        &self.inner.options
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    pub(crate) fn now_millis(&self) -> Millis {
        self.now().timestamp_millis()
    }

    pub(crate) fn app(&self) -> &App {
        &self.inner.app
    }

    pub(crate) fn grants(&self) -> &Grants {
        &self.inner.grants
    }

    pub(crate) fn token_limit(&self) -> &TokenLimit {
        &self.inner.token_limit
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.inner.stats
    }

    pub(crate) fn webhooks(&self) -> &Webhooks {
        &self.inner.webhooks
    }

    pub(crate) fn switches(&self) -> Switches {
        *self.inner.switches.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_switches(&self, switches: Switches) {
        for site in &mut self.world_mut().sites {
            site.index.set_lag(millis(switches.index_lag));
        }
        *self.inner.switches.write().unwrap_or_else(PoisonError::into_inner) = switches;
    }

    /// The data, to read. A handler that panicked while it wrote does not lock everybody else out.
    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.inner.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The data, to change.
    pub(crate) fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.inner.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address of a site, where people browse.
    pub(crate) fn site_url(&self, name: &str) -> String {
        format!("{}/sites/{name}", self.inner.base_url)
    }
}
