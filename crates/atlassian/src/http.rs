//! One HTTP exchange: the client's settings, a capped body, a log line without secrets.

use std::cell::Cell;
use std::error::Error as _;
use std::time::{Duration, Instant};

use connector_domain::Timestamp;
use reqwest::header::{DATE, HeaderMap};
use reqwest::{Client, Request, RequestBuilder, Response, StatusCode, redirect};
use zeroize::Zeroizing;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of an error's body is read.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// See [`crate::Atlassian::http_client`].
#[expect(clippy::disallowed_methods, reason = "the one constructor of HTTP clients for Atlassian")]
pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("connector/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(true)
        .no_proxy()
        .build()
}

/// What came back. The body is wiped when it is dropped: it may hold tokens.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Zeroizing<Vec<u8>>,
    /// What the objects in it cost, in points; set by who reads it.
    pub objects: Cell<u64>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// When the server answered, by its own clock.
    pub fn date(&self) -> Option<Timestamp> {
        http_date(self.header(DATE.as_str())?)
    }
}

/// Reads an HTTP date (RFC 9110 section 5.6.7, the preferred form).
pub fn http_date(text: &str) -> Option<Timestamp> {
    chrono::DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc().into())
}

/// Why there is no answer. The texts name no address and no secret.
#[derive(Debug)]
pub enum SendError {
    /// The request could not be made.
    Unbuildable(String),
    /// No connection: the request was not sent.
    Unreachable(String),
    /// The request may have been processed, the answer is lost.
    Lost(String),
    /// The answer is longer than this many bytes.
    TooLarge(usize),
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        let text = describe(&error);
        if error.is_builder() {
            Self::Unbuildable(text)
        } else if error.is_connect() {
            Self::Unreachable(text)
        } else {
            Self::Lost(text)
        }
    }
}

/// The innermost cause, which says most, without the address.
fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut text = None;
    let mut source = error.source();
    while let Some(cause) = source {
        text = Some(cause.to_string());
        source = cause.source();
    }
    text.unwrap_or_else(|| "the request failed".to_owned())
}

/// Sends `request` and reads at most `limit` bytes of a success's body, the beginning of another's.
///
/// `route` is the call's template for the log; values never appear there.
pub async fn send(route: &'static str, request: RequestBuilder, limit: usize) -> Result<Answer, SendError> {
    let (client, request) = request.build_split();
    let request = request?;
    let (method, started) = (request.method().clone(), Instant::now());
    let result = exchange(&client, request, limit).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match &result {
        Ok(answer) => {
            tracing::debug!(%method, route, status = answer.status.as_u16(), duration_ms, "Atlassian answered");
        }
        Err(error) => tracing::debug!(%method, route, ?error, duration_ms, "Atlassian did not answer"),
    }
    result
}

async fn exchange(client: &Client, request: Request, limit: usize) -> Result<Answer, SendError> {
    let mut response = client.execute(request).await?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let body = if status.is_success() {
        whole_body(&mut response, limit).await?
    } else {
        beginning_of_body(&mut response).await
    };
    Ok(Answer { status, headers, body, objects: Cell::default() })
}

async fn whole_body(response: &mut Response, limit: usize) -> Result<Zeroizing<Vec<u8>>, SendError> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(SendError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The status has already said that it failed: a cut body changes nothing.
async fn beginning_of_body(response: &mut Response) -> Zeroizing<Vec<u8>> {
    let mut body = Zeroizing::new(Vec::new());
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ERROR_BODY_LIMIT - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    body
}
