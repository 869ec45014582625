use std::sync::Arc;

use connector_domain::{AccessToken, CloudId};
use reqwest::header::ACCEPT;
use serde::Deserialize;
use url::Url;

use crate::confluence::Confluence;
use crate::endpoints::Endpoints;
use crate::http::{self, Answer};
use crate::jira::Jira;
use crate::{ApiError, Pause, Retry, SystemPause};

/// The longest answer of an API that is read.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Client of Atlassian's APIs. Cheap to clone; holds no token.
#[derive(Debug, Clone)]
pub struct Atlassian {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoints: Arc<Endpoints>,
    retry: Retry,
    pause: Arc<dyn Pause>,
}

impl Atlassian {
    /// `http` is best made by [`Atlassian::http_client`].
    pub fn new(http: reqwest::Client, endpoints: Endpoints) -> Self {
        Self { http, endpoints: Arc::new(endpoints), retry: Retry::default(), pause: Arc::new(SystemPause) }
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

    /// Gets `url` and reads the answer with `read`, with retries.
    pub(crate) async fn get<T>(
        &self,
        route: &'static str,
        url: Url,
        token: &AccessToken,
        read: impl Fn(&Answer) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut attempt = 0;
        loop {
            let error = match self.get_once(route, url.clone(), token).await.and_then(|answer| read(&answer))
            {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(wait) = self.retry.wait(attempt, &error, self.pause.jitter()) else { return Err(error) };
            attempt += 1;
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(route, attempt, wait_ms, %error, "Atlassian is asked again after a wait");
            self.pause.wait(wait).await;
        }
    }

    async fn get_once(&self, route: &'static str, url: Url, token: &AccessToken) -> Result<Answer, ApiError> {
        let request = self.http.get(url).bearer_auth(token.expose()).header(ACCEPT, "application/json");
        let answer = http::send(route, request, BODY_LIMIT).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(ApiError::of(&answer, token.expose())) }
    }
}

impl Answer {
    /// Reads the body as JSON.
    ///
    /// What is no JSON at all comes from the way between (an edge's HTML page) and may pass; JSON of another
    /// form stays as it is.
    pub(crate) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => ApiError::malformed("its fields are not those documented"),
            _ => ApiError::Unavailable { what: "an answer that is not JSON".to_owned(), retry_after: None },
        })
    }
}
