//! Things that go wrong on demand.

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State, rejection::JsonRejection},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use futures::stream;
use serde::Deserialize;
use serde_json::Value;

use super::{data::refusal, shape};
use crate::{
    app::Sandbox,
    gateway::{Refusal429, product_of},
    oauth::{Delivery, Sequence},
};

/// The faults that wait for their requests, in the order in which they were added.
#[derive(Default)]
pub struct Faults(Mutex<Vec<Fault>>);

/// A fault and the requests that it hits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(rename = "match")]
    matches: Match,
    /// How often; for ever when it is null or left out.
    times: Option<u64>,
    action: Action,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    method: Option<String>,
    /// A pattern for the path, in which `*` stands for anything.
    path: String,
}

/// What happens instead of the usual.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub enum Action {
    Answer {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        body: Option<Value>,
    },
    Delay {
        delay_ms: u64,
    },
    /// Does the work at once and keeps the answer back.
    DelayAnswer {
        delay_answer_ms: u64,
    },
    Drop {
        drop: Moment,
    },
    /// Answers 429 in one of its forms.
    RateLimit {
        rate_limit: Refusal429,
    },
    /// Sends the head and this many bytes of the body, then closes the connection.
    Truncate {
        truncate: usize,
    },
    /// Replaces the body by bytes that are neither JSON nor text.
    Garbage {
        garbage: bool,
    },
    /// Gives at most so many things a page, whatever was asked for.
    PageSize {
        page_size: usize,
    },
    /// Tells everything in a list twice.
    Twice {
        twice: bool,
    },
}

/// When a connection is closed: before the work is done, or after it, so that only the answer is lost.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    Before,
    After,
}

/// `POST /__sandbox/faults`
pub async fn add(State(sandbox): State<Sandbox>, fault: Result<Json<Fault>, JsonRejection>) -> Response {
    match fault {
        Ok(Json(fault)) => {
            sandbox.faults().list().push(fault);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(rejection) => refusal(StatusCode::UNPROCESSABLE_ENTITY, &rejection.body_text()),
    }
}

/// `DELETE /__sandbox/faults`
pub async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.faults().list().clear();
    StatusCode::NO_CONTENT
}

impl Faults {
    /// The first fault for a request, one time less of it.
    pub fn take(&self, method: &Method, path: &str) -> Option<Action> {
        let mut faults = self.list();
        let index = faults.iter().position(|fault| fault.hits(method, path))?;
        let fault = faults.get_mut(index)?;
        let action = fault.action.clone();
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        if fault.times == Some(0) {
            faults.remove(index);
        }
        Some(action)
    }

    fn list(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    fn hits(&self, method: &Method, path: &str) -> bool {
        self.times != Some(0)
            && self
                .matches
                .method
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && glob(&self.matches.path, path)
    }
}

impl Action {
    /// Whether the request is worked on, whatever becomes of the answer.
    pub const fn lets_work_be_done(&self) -> bool {
        !matches!(self, Self::Answer { .. } | Self::RateLimit { .. } | Self::Drop { drop: Moment::Before })
    }

    pub async fn carry_out(self, now: DateTime<Utc>, request: Request, next: Next) -> Response {
        match self {
            Self::Answer { status, headers, body } => {
                marked(answer(status, &headers, body), None, Delivery::Replaced)
            }
            Self::Delay { delay_ms } => {
                tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                next.run(request).await
            }
            Self::DelayAnswer { delay_answer_ms } => {
                let response = next.run(request).await;
                tokio::time::sleep(Duration::from_millis(delay_answer_ms)).await;
                response
            }
            Self::RateLimit { rate_limit } => {
                let answer = rate_limit.answer(now, product_of(request.uri().path()));
                marked(answer, None, Delivery::Replaced)
            }
            Self::Drop { drop: Moment::Before } => marked(closed_connection(), None, Delivery::Dropped),
            Self::Drop { drop: Moment::After } => {
                let noted = next.run(request).await.extensions().get().copied();
                marked(closed_connection(), noted, Delivery::Dropped)
            }
            Self::Truncate { truncate } => truncated(next.run(request).await, truncate).await,
            Self::PageSize { page_size } => next.run(shape::shortened(request, page_size.max(1)).await).await,
            Self::Twice { twice: true } => shape::doubled(next.run(request).await).await,
            Self::Garbage { garbage: false } | Self::Twice { twice: false } => next.run(request).await,
            Self::Garbage { garbage: true } => {
                let (mut parts, _) = next.run(request).await.into_parts();
                parts.headers.remove(header::CONTENT_LENGTH);
                let body = Body::from(&b"\xff\xfe\x00{\"results\": [<\x80 garbage"[..]);
                marked(Response::from_parts(parts, body), None, Delivery::Garbage)
            }
        }
    }
}

/// Says on an answer what became of it, and in place of which one it stands.
fn marked(mut response: Response, noted: Option<Sequence>, delivery: Delivery) -> Response {
    response.extensions_mut().insert(delivery);
    if let Some(noted) = noted {
        response.extensions_mut().insert(noted);
    }
    response
}

/// A prepared answer: text as it is, anything else as JSON.
fn answer(status: u16, headers: &BTreeMap<String, String>, body: Option<Value>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match body {
        None => status.into_response(),
        Some(Value::String(text)) => (status, text).into_response(),
        Some(body) => (status, Json(body)).into_response(),
    };
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Closes the connection without an answer: the server gives up a response whose body fails before its head was
/// sent.
fn closed_connection() -> Response {
    Response::new(Body::from_stream(stream::once(async { Err::<Bytes, _>(cut()) })))
}

/// Sends the beginning of a body under the length of the whole, then closes the connection.
async fn truncated(response: Response, length: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    if length >= whole.len() {
        return Response::from_parts(parts, Body::from(whole));
    }
    let beginning = whole.slice(..length);
    let chunks = stream::unfold(Some(beginning), |rest| async move {
        if let Some(chunk) = rest {
            return Some((Ok(chunk), None));
        }
        // Lets the server send what it has before the connection ends.
        tokio::task::yield_now().await;
        Some((Err(cut()), None))
    });
    marked(Response::from_parts(parts, Body::from_stream(chunks)), None, Delivery::Truncated)
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was cut on demand")
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, mut pattern)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    while let Some((part, rest)) = pattern.split_once('*') {
        let Some(found) = text.find(part) else { return false };
        text = &text[found + part.len()..];
        pattern = rest;
    }
    text.ends_with(pattern)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(glob("/oauth/token", "/oauth/token"));
        assert!(!glob("/oauth/token", "/oauth/token/accessible-resources"));
        assert!(glob("/ex/jira/*/project/search", "/ex/jira/1/rest/api/3/project/search"));
        assert!(glob("*/pages*", "/ex/confluence/1/wiki/api/v2/pages/7"));
        assert!(!glob("/ex/*/spaces", "/ex/confluence/1/wiki/api/v2/spaces/7"));
        assert!(glob("*", "/"));
    }
}
