//! What was asked and answered.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::witness::Witness;
use crate::app::Sandbox;

/// Counters since the start or since they were cleared.
#[derive(Default)]
pub struct Stats {
    /// By method, route and status.
    requests: Mutex<BTreeMap<(String, String, u16), u64>>,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
    exchanges: [Exchanges; 2],
    /// Of limits that were met.
    pub witness: Witness,
}

#[derive(Default)]
struct Exchanges {
    ok: AtomicU64,
    error: AtomicU64,
}

/// The two ways to get an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
}

/// Counts a request as being worked on for as long as it lives.
pub struct InFlight<'a>(&'a AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Stats {
    pub fn enter(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.max_in_flight.fetch_max(now, Ordering::Relaxed);
        InFlight(&self.in_flight)
    }

    pub fn count_request(&self, method: &str, route: &str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((String::from(method), String::from(route), status)).or_default() += 1;
    }

    pub fn count_exchange(&self, grant_type: GrantType, ok: bool) {
        let exchanges = &self.exchanges[grant_type as usize];
        let counter = if ok { &exchanges.ok } else { &exchanges.error };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// `GET /__sandbox/stats`. A connection that was dropped counts with status 0.
pub async fn show(State(sandbox): State<Sandbox>) -> Json<Value> {
    let stats = sandbox.stats();
    let requests = stats.requests.lock().unwrap_or_else(PoisonError::into_inner);
    let requests: Vec<Value> = requests
        .iter()
        .map(|((method, route, status), count)| {
            json!({ "method": method, "route": route, "status": status, "count": count })
        })
        .collect();
    let exchanges = |grant_type: GrantType| {
        let exchanges = &stats.exchanges[grant_type as usize];
        json!({ "ok": exchanges.ok.load(Ordering::Relaxed), "error": exchanges.error.load(Ordering::Relaxed) })
    };
    Json(json!({
        "requests": requests,
        "limits": stats.witness.tell(),
        "points_this_hour": sandbox.limits().points_spent(sandbox.now()),
        "max_in_flight": stats.max_in_flight.load(Ordering::Relaxed),
        "tokens": {
            "authorization_code": exchanges(GrantType::AuthorizationCode),
            "refresh_token": exchanges(GrantType::RefreshToken),
        },
    }))
}

/// `DELETE /__sandbox/stats`
pub async fn clear(State(sandbox): State<Sandbox>) -> StatusCode {
    let stats = sandbox.stats();
    stats.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    stats.max_in_flight.store(stats.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
    stats.witness.forget();
    for exchanges in &stats.exchanges {
        exchanges.ok.store(0, Ordering::Relaxed);
        exchanges.error.store(0, Ordering::Relaxed);
    }
    StatusCode::NO_CONTENT
}
