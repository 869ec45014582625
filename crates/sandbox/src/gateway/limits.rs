//! Rate limits: a burst limit per endpoint, and points that the app may spend in an hour.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json,
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    oauth::Product,
    world::{Millis, site::SiteIndex},
};

/// A JSON answer that says how many objects it carries: each costs a point.
pub struct Counted(pub Value, pub usize);

#[derive(Clone, Copy)]
struct Objects(usize);

impl IntoResponse for Counted {
    fn into_response(self) -> Response {
        let mut response = Json(self.0).into_response();
        response.extensions_mut().insert(Objects(self.1));
        response
    }
}

/// Whom a request is counted for.
#[derive(Clone, Copy)]
pub struct Tenant {
    pub site: SiteIndex,
    pub product: Product,
    /// Requests with an API token are not part of the app's quota.
    pub pays_points: bool,
}

/// The ledgers of both limits.
pub struct Limits {
    per_second: Option<u32>,
    points_per_hour: Option<u64>,
    buckets: Mutex<HashMap<BucketKey, Bucket>>,
    spent: Mutex<Spent>,
}

/// Bursts are limited per site, endpoint and method.
type BucketKey = (SiteIndex, String, Method);

/// What is left, in thousandths of a request, and when that was so.
#[derive(Clone, Copy)]
struct Bucket {
    left: i64,
    at: Millis,
}

#[derive(Default)]
struct Spent {
    hour: DateTime<Utc>,
    points: u64,
}

impl Limits {
    pub fn new(per_second: Option<u32>, points_per_hour: Option<u64>) -> Self {
        Self { per_second, points_per_hour, buckets: Mutex::default(), spent: Mutex::default() }
    }

    /// Lets a request through unless a limit is reached, and writes the limits' headers on its answer.
    pub async fn admit(&self, now: DateTime<Utc>, tenant: Tenant, request: Request, next: Next) -> Response {
        let mut headers = HeaderMap::new();
        let quota = self.points_per_hour.filter(|_| tenant.pays_points);
        if let Some(quota) = quota
            && self.spent(now).points >= quota
        {
            return quota_exhausted(now, tenant.product, quota);
        }
        if let Some(per_second) = self.per_second {
            let left = self.take(per_second, now, tenant.site, &request);
            if left < 0 {
                return too_fast(now, tenant.product, per_second);
            }
            set(&mut headers, "x-ratelimit-limit", per_second.to_string());
            set(&mut headers, "x-ratelimit-remaining", left.to_string());
            if left * 5 < i64::from(per_second) {
                set(&mut headers, "x-ratelimit-nearlimit", String::from("true"));
            }
        }
        let mut response = next.run(request).await;
        if let Some(quota) = quota {
            let objects = response.extensions().get::<Objects>().map_or(0, |objects| objects.0);
            let points = {
                let mut spent = self.spent(now);
                spent.points += 1 + objects as u64;
                spent.points
            };
            quota_headers(&mut headers, now, quota, quota.saturating_sub(points));
        }
        response.headers_mut().extend(headers);
        response
    }

    /// Takes one request out of its bucket; answers what is left, below zero when there was none.
    fn take(&self, per_second: u32, now: DateTime<Utc>, site: SiteIndex, request: &Request) -> i64 {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let full = i64::from(per_second) * 1000;
        let now = now.timestamp_millis();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (site, String::from(route), request.method().clone());
        let bucket = buckets.entry(key).or_insert(Bucket { left: full, at: now });
        let refill = (now - bucket.at).clamp(0, 1000) * i64::from(per_second);
        *bucket = Bucket { left: (bucket.left + refill).min(full), at: now };
        if bucket.left < 1000 {
            return -1;
        }
        bucket.left -= 1000;
        bucket.left / 1000
    }

    /// The points that the app has spent in the current hour; they are counted where there is a budget.
    pub fn points_spent(&self, now: DateTime<Utc>) -> u64 {
        self.spent(now).points
    }

    /// What the current hour has cost so far; it begins anew at the top of the UTC hour.
    fn spent(&self, now: DateTime<Utc>) -> MutexGuard<'_, Spent> {
        let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.hour != hour {
            *spent = Spent { hour, points: 0 };
        }
        spent
    }
}

/// The forms in which a limit is answered. Two of them come from in front of the products, and are poor.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal429 {
    Burst,
    /// The app's points of this hour are spent.
    Quota,
    /// The points that the app has at one site are spent.
    TenantQuota,
    NoRetryAfter,
    Html,
}

/// What the limits are where nobody set any.
const USUAL_BURST: u32 = 100;
const USUAL_QUOTA: u64 = 65_000;

impl Refusal429 {
    pub fn answer(self, now: DateTime<Utc>, product: Product) -> Response {
        match self {
            Self::Burst => too_fast(now, product, USUAL_BURST),
            Self::Quota => quota_exhausted(now, product, USUAL_QUOTA),
            Self::TenantQuota => {
                let mut response = quota_exhausted(now, product, USUAL_QUOTA);
                let headers = response.headers_mut();
                headers.remove("beta-ratelimit-policy");
                headers.remove("beta-ratelimit");
                set(headers, "ratelimit-reason", format!("{}-quota-tenant-based", name(product)));
                response
            }
            Self::NoRetryAfter => (StatusCode::TOO_MANY_REQUESTS, Json(body())).into_response(),
            Self::Html => {
                let page = "<html><head><title>429 Too Many Requests</title></head><body>\
                            <center><h1>429 Too Many Requests</h1></center></body></html>";
                (StatusCode::TOO_MANY_REQUESTS, Html(page)).into_response()
            }
        }
    }
}

/// The burst limit: wait a second.
fn too_fast(now: DateTime<Utc>, product: Product, per_second: u32) -> Response {
    let mut headers = HeaderMap::new();
    set(&mut headers, "retry-after", String::from("1"));
    set(&mut headers, "x-ratelimit-limit", per_second.to_string());
    set(&mut headers, "x-ratelimit-remaining", String::from("0"));
    let reset = (now + TimeDelta::seconds(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
    set(&mut headers, "x-ratelimit-reset", reset);
    set(&mut headers, "ratelimit-reason", format!("{}-burst-based", name(product)));
    (StatusCode::TOO_MANY_REQUESTS, headers, Json(body())).into_response()
}

/// The quota: wait for the next hour. The reset time comes without seconds, unlike the other limit's.
fn quota_exhausted(now: DateTime<Utc>, product: Product, quota: u64) -> Response {
    let mut headers = HeaderMap::new();
    set(&mut headers, "retry-after", seconds_left(now).to_string());
    set(&mut headers, "x-ratelimit-reset", next_hour(now).format("%Y-%m-%dT%H:%MZ").to_string());
    set(&mut headers, "ratelimit-reason", format!("{}-quota-global-based", name(product)));
    quota_headers(&mut headers, now, quota, 0);
    (StatusCode::TOO_MANY_REQUESTS, headers, Json(body())).into_response()
}

fn body() -> Value {
    let message = "The request has been rate-limited. Please try again later.";
    json!({ "errorMessages": [message], "errors": {}, "status": 429 })
}

/// The policy stands on every answer; what remains only above four fifths of use.
fn quota_headers(headers: &mut HeaderMap, now: DateTime<Utc>, quota: u64, left: u64) {
    set(headers, "beta-ratelimit-policy", format!("\"global-app-quota\";q={quota};w=3600"));
    if left.saturating_mul(5) < quota {
        set(headers, "beta-ratelimit", format!("\"global-app-quota\";r={left};t={}", seconds_left(now)));
        set(headers, "x-ratelimit-nearlimit", String::from("true"));
    }
}

fn name(product: Product) -> &'static str {
    match product {
        Product::Jira => "jira",
        Product::Confluence => "confluence",
    }
}

fn next_hour(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now) + TimeDelta::hours(1)
}

/// Whole seconds until the next hour; who waits that long is in it.
fn seconds_left(now: DateTime<Utc>) -> i64 {
    (next_hour(now) - now).num_milliseconds().div_euclid(1000) + 1
}

fn set(headers: &mut HeaderMap, name: &'static str, value: String) {
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
