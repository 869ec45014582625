use std::sync::Arc;

use connector_connections::Connections;
use connector_domain::{Entropy, Timestamp};
use connector_store::Store;
use connector_sync::Syncs;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::CorsOrigins;

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
    pub cors_origins: CorsOrigins,
    pub auth: AuthMode,
    /// Shown by the connect routes while no site is known.
    pub cloud_base_url: Option<String>,
}

impl WebSettings {
    /// Whether cookies may say `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
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
        Self { inner: Arc::new(Inner { store, connections, syncs, settings, entropy, stop }) }
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
