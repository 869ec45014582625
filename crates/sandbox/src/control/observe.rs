//! What every request to one of Atlassian's hosts passes through: latency, faults, counting, the clock's date.

use std::time::Duration;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::faults::Dropped;
use crate::app::Sandbox;

pub async fn observe(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let _in_flight = sandbox.stats().enter();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("(unknown)", MatchedPath::as_str).to_owned();
    let latency = sandbox.options().latency;
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let mut response = match sandbox.faults().take(&method, request.uri().path()) {
        Some(action) => action.carry_out(sandbox.now(), request, next).await,
        None => next.run(request).await,
    };
    // Clients may take the time from this header; it has to agree with the sandbox's clock.
    let date = sandbox.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    let dropped = response.extensions().get::<Dropped>().is_some();
    let status = if dropped { 0 } else { response.status().as_u16() };
    sandbox.stats().count_request(method.as_str(), &route, status);
    response
}
