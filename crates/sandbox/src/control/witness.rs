//! Whether clients wait for as long as a 429 asks them to.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::world::Millis;

/// What comes so soon after a refusal was under way when it was sent, or came from a process that had not heard of it.
const UNDER_WAY: Millis = 250;

/// The refusals that named a time, and the requests that came before it.
#[derive(Default)]
pub struct Witness(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// By what is refused: when that was, and until when nothing of it may come.
    refused: HashMap<String, (Millis, Millis)>,
    refusals: u64,
    early: u64,
    /// Requests since the start, by site.
    by_site: HashMap<String, u64>,
}

/// What a request belongs to, from the narrowest to the widest.
pub struct Scopes([String; 3]);

impl Scopes {
    /// `None` for a request that is of no site.
    pub fn of(method: &str, route: &str, path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix("/ex/")?.split('/');
        let (product, site) = (parts.next()?, parts.next()?);
        Some(Self([format!("{method} {route} {site}"), format!("{product} {site}"), product.to_owned()]))
    }

    fn site(&self) -> &str {
        self.0[1].split(' ').next_back().unwrap_or_default()
    }

    /// What a refusal is of, by its reason.
    fn refused(&self, headers: &HeaderMap) -> &str {
        let reason = headers.get("ratelimit-reason").and_then(|reason| reason.to_str().ok()).unwrap_or("");
        let [call, site, product] = &self.0;
        match (reason.contains("quota"), reason.contains("global")) {
            (true, true) => product,
            (true, false) => site,
            (false, _) => call,
        }
    }
}

impl Witness {
    pub fn arrives(&self, scopes: &Scopes, now: DateTime<Utc>) {
        let (mut seen, now) = (self.lock(), now.timestamp_millis());
        *seen.by_site.entry(scopes.site().to_owned()).or_default() += 1;
        let is_early = scopes.0.iter().any(|scope| {
            let refused = seen.refused.get(scope);
            refused.is_some_and(|(at, until)| now > at + UNDER_WAY && now < *until)
        });
        seen.early += u64::from(is_early);
    }

    /// Notes a 429 that says when to come again.
    pub fn refuses(&self, scopes: &Scopes, headers: &HeaderMap, now: DateTime<Utc>) {
        let after = headers.get("retry-after").and_then(|after| after.to_str().ok()?.parse::<Millis>().ok());
        let Some(after) = after else { return };
        let (mut seen, now) = (self.lock(), now.timestamp_millis());
        seen.refusals += 1;
        let until = now + after * 1000;
        let refused = seen.refused.entry(scopes.refused(headers).to_owned()).or_insert((now, until));
        // A later refusal does not shorten what an earlier one has asked for.
        if now >= refused.1 {
            *refused = (now, until);
        } else {
            refused.1 = refused.1.max(until);
        }
    }

    pub fn tell(&self) -> Value {
        let seen = self.lock();
        json!({ "refusals": seen.refusals, "early": seen.early, "by_site": seen.by_site })
    }

    pub fn forget(&self) {
        *self.lock() = Seen::default();
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn who_comes_before_the_time_is_seen_and_who_was_under_way_is_not() {
        let (witness, now) = (Witness::default(), DateTime::UNIX_EPOCH);
        let here = |route: &str| Scopes::of("GET", route, "/ex/jira/one/rest").unwrap();
        let there = Scopes::of("GET", "a", "/ex/jira/two/rest").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "2".parse().unwrap());
        witness.refuses(&here("a"), &headers, now);
        let at = |millis| now + TimeDelta::milliseconds(millis);
        for (scopes, millis, early) in [
            (here("a"), 100, 0),
            (here("a"), 1000, 1),
            (here("b"), 1000, 1),
            (there, 1000, 1),
            (here("a"), 2000, 1),
        ] {
            witness.arrives(&scopes, at(millis));
            assert_eq!(witness.tell()["early"], early, "{millis}");
        }
        headers.insert("ratelimit-reason", "jira-quota-tenant-based".parse().unwrap());
        witness.refuses(&here("a"), &headers, at(3000));
        witness.arrives(&here("b"), at(4000));
        assert_eq!(witness.tell()["early"], 2, "all of the site waits");
        assert_eq!(witness.tell()["by_site"], json!({"one": 5, "two": 1}));
    }
}
