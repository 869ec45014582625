use std::sync::Arc;
use std::time::Duration;

use connector_connections::Connections;
use connector_domain::{Entropy, Timestamp};
use connector_store::Store;
use connector_sync::Syncs;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::http::rate::Rates;
use crate::{CorsOrigins, IpNet, RateLimits};

/// Who may use the data routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// Everybody: for one's own machine.
    Public,
    /// Who has a session.
    Required,
}

#[derive(Debug, Clone)]
pub struct WebSettings {
    /// The address under which browsers reach the service.
    pub public_url: Url,
    /// Where a browser goes after a login: an address, or a path of this service.
    pub frontend_url: String,
    /// Where else a connect link may lead at its end, besides the frontend.
    pub return_origins: Vec<url::Origin>,
    pub cors_origins: CorsOrigins,
    pub auth: AuthMode,
    /// Shown by the connect routes while no site is known.
    pub cloud_base_url: Option<String>,
    pub edge: EdgeSettings,
}

/// Who reaches the service, and how much each may ask for.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// Names, with their port where it is not the usual one, by which programs reach the service besides the public
    /// address.
    pub hosts: Vec<String>,
    /// Whether this machine's names for itself do.
    pub by_loopback: bool,
    /// Whether any address in figures does: where nobody has said what the service is called. A foreign page's name
    /// is never one.
    pub by_address: bool,
    /// The proxies whose word on the client counts.
    pub proxies: Vec<IpNet>,
    pub rates: RateLimits,
    /// How long the body of a request may take.
    pub body_within: Duration,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            by_loopback: true,
            by_address: false,
            proxies: Vec::new(),
            rates: RateLimits::default(),
            body_within: Duration::from_secs(20),
        }
    }
}

impl WebSettings {
    /// Whether cookies may say `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self {
            public_url: Url::parse("http://localhost:3001").expect("an address"),
            frontend_url: "/connected".to_owned(),
            return_origins: Vec::new(),
            cors_origins: CorsOrigins::Any,
            auth: AuthMode::Public,
            cloud_base_url: None,
            edge: EdgeSettings::default(),
        }
    }
}

/// What every handler can reach. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    connections: Connections,
    syncs: Syncs,
    settings: WebSettings,
    rates: Rates,
    entropy: Arc<dyn Entropy>,
    stop: CancellationToken,
}

impl App {
    /// `stop` is cancelled when the service is to end: answers that would go on for long then end by themselves.
    pub fn new(
        store: Store,
        connections: Connections,
        syncs: Syncs,
        settings: WebSettings,
        entropy: Arc<dyn Entropy>,
        stop: CancellationToken,
    ) -> Self {
        // What is counted before anybody asks for it is not lost.
        crate::http::metrics::install();
        let rates = Rates::new(settings.edge.rates, &connections);
        Self { inner: Arc::new(Inner { store, connections, syncs, settings, rates, entropy, stop }) }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.inner.connections
    }

    pub(crate) fn syncs(&self) -> &Syncs {
        &self.inner.syncs
    }

    pub(crate) fn settings(&self) -> &WebSettings {
        &self.inner.settings
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.inner.rates
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.inner.entropy
    }

    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.inner.stop
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.connections.now()
    }
}
