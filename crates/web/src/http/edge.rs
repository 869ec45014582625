//! The outermost layer: names the request, logs it, gives problems their body and every answer its headers.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::client::Client;
use super::problem::Problem;
use super::{browser, headers, metrics};
use crate::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A request that takes longer is told of at the usual level of the log.
const SLOW_MS: u64 = 1000;

pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request_id(&app, &request);
    let method = request.method().clone();
    // The template, never the address itself: that can hold codes and states.
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();
    let wants_page = browser::wants_page(request.headers());
    let client = Client::of(&request, &app.settings().edge.proxies);
    let span =
        tracing::info_span!("request", id = %id.to_str().unwrap_or_default(), client = %client.address);
    request.extensions_mut().insert(client);
    async move {
        let began = tokio::time::Instant::now();
        let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let mut response = answered.unwrap_or_else(|_| Problem::internal().into_response());
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            let id = id.to_str().unwrap_or_default();
            let rendered = if wants_page && !route.starts_with("/api/") {
                crate::pages::problem_page(&problem, id)
            } else {
                problem.render(id)
            };
            response = with_headers_of(rendered, response);
        }
        let (status, took) = (response.status().as_u16(), began.elapsed());
        metrics::answered(method.as_str(), &route, status, took);
        log(method.as_str(), &route, status, u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        response.headers_mut().insert(REQUEST_ID, id);
        headers::put(app.settings(), &route, response.headers_mut());
        response
    }
    .instrument(span)
    .await
}

/// The problem's own body, with what other layers had put on the answer (cookies, CORS).
fn with_headers_of(mut rendered: Response, original: Response) -> Response {
    let mut last = None;
    for (name, value) in original.into_parts().0.headers {
        // A repeated header comes with its name only once.
        last = name.or(last);
        match &last {
            Some(name) if *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE => {
                rendered.headers_mut().append(name, value);
            }
            _ => {}
        }
    }
    rendered
}

/// The caller's id where it is one, else a new one.
fn request_id(app: &App, request: &Request) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        (1..=128).contains(&bytes.len())
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    });
    given.cloned().unwrap_or_else(|| {
        let mut bytes = [0; 8];
        app.entropy().fill(&mut bytes);
        HeaderValue::from_str(&format!("{:016x}", u64::from_be_bytes(bytes)))
            .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    })
}

/// One line a request: what changes something or goes wrong is told of, reading only in detail.
fn log(method: &str, route: &str, status: u16, duration_ms: u64) {
    if status >= 500 {
        tracing::error!(method, route, status, duration_ms, "answered");
    } else if duration_ms >= SLOW_MS && !route.ends_with("/events") {
        tracing::warn!(method, route, status, duration_ms, "answered slowly");
    } else {
        tracing::debug!(method, route, status, duration_ms, "answered");
    }
}
