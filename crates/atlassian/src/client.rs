use std::sync::Arc;
use std::time::Duration;

use connector_domain::CloudId;

use crate::confluence::Confluence;
use crate::endpoints::Endpoints;
use crate::http;
use crate::jira::Jira;
use crate::{Admission, AdmitAll, HourlyPoints, Pause, Priority, Retry, SystemPause};

const TOKEN_TIMEOUT: Duration = Duration::from_secs(20);

/// Client of Atlassian's APIs. Cheap to clone; holds no token.
#[derive(Debug, Clone)]
pub struct Atlassian {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) retry: Retry,
    pub(crate) pause: Arc<dyn Pause>,
    pub(crate) admission: Arc<dyn Admission>,
    pub(crate) priority: Priority,
    pub(crate) token_timeout: Duration,
}

impl Atlassian {
    /// `http` is best made by [`Atlassian::http_client`].
    pub fn new(http: reqwest::Client, endpoints: Endpoints) -> Self {
        Self {
            http,
            endpoints: Arc::new(endpoints),
            retry: Retry::default(),
            pause: Arc::new(SystemPause),
            admission: Arc::new(AdmitAll),
            priority: Priority::default(),
            token_timeout: TOKEN_TIMEOUT,
        }
    }

    /// An HTTP client that follows no redirects (a token request's body would go along), repeats nothing by
    /// itself, ignores the proxies of the environment, connects in 5 seconds and ends a call after 30.
    ///
    /// The program must have installed a `rustls` crypto provider before.
    pub fn http_client() -> reqwest::Result<reqwest::Client> {
        http::client()
    }

    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Replaces the way of waiting between retries, for tests.
    #[must_use]
    pub fn with_pause(mut self, pause: Arc<dyn Pause>) -> Self {
        self.pause = pause;
        self
    }

    /// Lets `admission` say when each call is sent, over all clones of this client.
    #[must_use]
    pub fn with_admission(mut self, admission: Arc<dyn Admission>) -> Self {
        self.admission = admission;
        self
    }

    /// Who waits for this client's calls. A clone with another priority costs nothing.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// What this client's calls may cost on a site in this hour; `None` where Atlassian has named no limit.
    pub fn points(&self, cloud_id: &CloudId) -> Option<HourlyPoints> {
        self.admission.points(cloud_id, self.priority)
    }

    /// How long an answer of the token endpoint is waited for; 20 seconds by default.
    #[must_use]
    pub fn with_token_timeout(mut self, timeout: Duration) -> Self {
        self.token_timeout = timeout;
        self
    }

    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Jira Cloud platform, v3, of one site.
    pub fn jira<'a>(&'a self, cloud_id: &'a CloudId) -> Jira<'a> {
        Jira { client: self, cloud_id }
    }

    /// Confluence Cloud, v2, of one site.
    pub fn confluence<'a>(&'a self, cloud_id: &'a CloudId) -> Confluence<'a> {
        Confluence { client: self, cloud_id }
    }
}
