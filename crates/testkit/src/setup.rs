use std::path::PathBuf;
use std::sync::Arc;

use connector_atlassian::{App, Retry};
use connector_connections::{OAuthApp, SessionLimits, Settings, Timings};
use connector_domain::{ClientSecret, Clock as _, ManualClock, SeededEntropy, SystemClock};
use connector_sandbox::{CLIENT_ID, CLIENT_SECRET, SandboxOptions};
use connector_vault::KeyRing;
use connector_web::{AuthMode, ConnectionLimits, CorsOrigins, EdgeSettings, RateLimits, WebSettings};
use url::Url;

/// What the service asks for when nobody says otherwise.
const SCOPES: &str =
    "read:jira-work read:jira-user read:space:confluence read:page:confluence read:me offline_access";

/// How a [`TestApp`](crate::TestApp) is set up; what a test does not care about stays as it is.
#[expect(clippy::struct_excessive_bools, reason = "switches, each of which a test sets by its name")]
#[derive(Debug, Clone)]
pub struct Setup {
    pub auth: AuthMode,
    pub frontend_url: String,
    pub cloud_base_url: Option<String>,
    /// The address that browsers use, where it is not the listener's own.
    pub public_url: Option<Url>,
    /// Addresses to whose origins connect links may lead.
    pub return_urls: Vec<Url>,
    pub cors_origins: CorsOrigins,
    /// Requests are not counted, unless a test is about that: its clock stands still.
    pub edge: EdgeSettings,
    pub limits: ConnectionLimits,
    pub scopes: String,
    pub client_secret: Option<String>,
    /// An authorization server in place of the sandbox.
    pub auth_url: Option<Url>,
    /// Where logins come back to.
    pub callback: &'static str,
    pub any_loopback_host: bool,
    /// An app of their own for the legacy Jira routes, with the callback of those.
    pub own_jira_app: bool,
    pub sandbox: SandboxOptions,
    /// Whether jobs are run from the start.
    pub runs_jobs: bool,
    pub retry: Retry,
    pub timings: Timings,
    /// Whether sessions are kept in Redis.
    pub sessions_in_redis: bool,
    pub session_limits: SessionLimits,
    /// Where answers lie that the database cannot take; a folder of the test by default.
    pub spool_folder: Option<PathBuf>,
    pub clock: Arc<ManualClock>,
    /// Of the entropy: another process over the same database needs another one.
    pub seed: u64,
    /// The sealing key, as `CONNECTOR_ENCRYPTION_KEYS` has it.
    pub keys: String,
}

impl Default for Setup {
    fn default() -> Self {
        let keys = KeyRing::generate(&SeededEntropy::new(7), "test-1").expect("a key");
        Self {
            auth: AuthMode::Public,
            frontend_url: "/connected".to_owned(),
            cloud_base_url: None,
            public_url: None,
            return_urls: Vec::new(),
            cors_origins: CorsOrigins::Any,
            edge: EdgeSettings {
                rates: RateLimits { caller: None, address: None },
                ..EdgeSettings::default()
            },
            limits: ConnectionLimits::default(),
            scopes: SCOPES.to_owned(),
            client_secret: Some(CLIENT_SECRET.to_owned()),
            auth_url: None,
            callback: "/api/oauth/callback/atlassian",
            any_loopback_host: false,
            own_jira_app: false,
            // Nothing reads issues yet, and making 600 for each test takes time.
            sandbox: SandboxOptions { issues: Some(12), ..SandboxOptions::default() },
            runs_jobs: true,
            retry: Retry::default(),
            timings: Timings::default(),
            sessions_in_redis: false,
            session_limits: SessionLimits::default(),
            spool_folder: None,
            // The sandbox has the system's time; tests move both.
            clock: Arc::new(ManualClock::at(SystemClock.now())),
            seed: 1,
            keys: keys.expose().to_owned(),
        }
    }
}

impl Setup {
    pub(crate) fn key_ring(&self) -> KeyRing {
        KeyRing::parse(&self.keys).expect("keys")
    }

    pub(crate) fn settings(&self, origin: &str, spool_folder: PathBuf) -> Settings {
        let app = |callback: &str| OAuthApp {
            app: App {
                client_id: CLIENT_ID.to_owned(),
                client_secret: self.client_secret.as_deref().map(ClientSecret::new),
            },
            redirect_uri: format!("{origin}{callback}"),
        };
        Settings {
            atlassian: Some(app(self.callback)),
            jira: self.own_jira_app.then(|| app("/auth/jira/callback")),
            confluence: None,
            scopes: self.scopes.split_whitespace().collect(),
            any_loopback_host: self.any_loopback_host,
            first_user_stands_in: self.auth == AuthMode::Public,
            sessions: self.session_limits,
            timings: self.timings.clone(),
            spool_folder,
        }
    }

    pub(crate) fn web_settings(&self, origin: &str) -> WebSettings {
        WebSettings {
            public_url: self.public_url.clone().unwrap_or_else(|| Url::parse(origin).expect("an address")),
            frontend_url: self.frontend_url.clone(),
            return_origins: self.return_urls.iter().map(Url::origin).collect(),
            cors_origins: self.cors_origins.clone(),
            auth: self.auth,
            cloud_base_url: self.cloud_base_url.clone(),
            edge: self.edge.clone(),
        }
    }
}

/// The callbacks that the sandbox's app has for a service at `127.0.0.1:port`.
pub(crate) fn callbacks(port: u16) -> impl Iterator<Item = String> {
    const PATHS: [&str; 2] = ["/api/oauth/callback/atlassian", "/auth/jira/callback"];
    let hosts = ["127.0.0.1", "localhost"];
    hosts
        .into_iter()
        .flat_map(move |host| PATHS.iter().map(move |path| format!("http://{host}:{port}{path}")))
}
