//! What every request to one of Atlassian's hosts passes through: latency, faults, counting, the clock's date.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};

use chrono::TimeDelta;

use super::{faults::Action, witness::Scopes};
use crate::{
    app::Sandbox,
    oauth::{Answer, Delivery, ErrorCode, Sequence, note_unworked},
};

pub async fn observe(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let _in_flight = sandbox.stats().enter();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(unknown)", MatchedPath::as_str).to_owned();
    let scopes = Scopes::of(method.as_str(), &route, request.uri().path());
    if let Some(scopes) = &scopes {
        sandbox.stats().witness.arrives(scopes, sandbox.now());
    }
    let latency = sandbox.options().latency;
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let mut response = match sandbox.faults().take(&method, request.uri().path()) {
        Some(action) => faulty(&sandbox, action, request, next).await,
        None => next.run(request).await,
    };
    // Clients may take the time from this header; it has to agree with the sandbox's clock.
    // A skew by switch shows what relies on that.
    let skew = TimeDelta::try_seconds(sandbox.switches().date_skew).unwrap_or_default();
    let now = sandbox.now();
    let date = now.checked_add_signed(skew).unwrap_or(now).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    if let (Some(scopes), StatusCode::TOO_MANY_REQUESTS) = (&scopes, response.status()) {
        sandbox.stats().witness.refuses(scopes, response.headers(), sandbox.now());
    }
    let delivery = response.extensions().get().copied().unwrap_or(Delivery::Whole);
    let status = if delivery == Delivery::Dropped { 0 } else { response.status().as_u16() };
    sandbox.stats().count_request(method.as_str(), &route, status);
    if let Some(noted) = response.extensions().get::<Sequence>() {
        let error = response.extensions().get::<ErrorCode>().map(|error| error.0);
        sandbox.grants().answered(*noted, Answer { status, error, delivery });
    }
    response
}

/// A request that a fault hits. One to the token endpoint is noted even when no work is done for it.
async fn faulty(sandbox: &Sandbox, action: Action, request: Request, next: Next) -> Response {
    if action.lets_work_be_done() || request.uri().path() != "/oauth/token" {
        return action.carry_out(sandbox.now(), request, next).await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let noted = note_unworked(sandbox, &parts.headers, &body);
    let request = Request::from_parts(parts, Body::from(body));
    let mut response = action.carry_out(sandbox.now(), request, next).await;
    response.extensions_mut().insert(noted);
    response
}
