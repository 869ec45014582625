use std::collections::HashMap;
use std::time::Duration;

use connector_atlassian::{CallClass, RateLimits};
use connector_domain::{CloudId, Product, Timestamp};
use connector_store::RatePause;

/// Where no header says how long: doubled with each refusal.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);
const HOUR_MS: i64 = 3_600_000;

/// What waits because Atlassian said so, until when.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    by_scope: HashMap<String, (Timestamp, String)>,
    /// Refusals one after another that named no time, by scope.
    refusals: HashMap<String, u32>,
}

/// The scopes that a call is in, from the narrowest to the widest.
pub(super) struct Scopes([String; 3]);

impl Scopes {
    pub(super) fn of(class: &CallClass<'_>) -> Self {
        let site = class.cloud_id.map_or("", CloudId::as_str);
        let product = match class.product {
            Some(Product::Jira) => "jira",
            Some(Product::Confluence) => "confluence",
            None => "account",
        };
        Self([
            format!("call {product} {site} {} {}", class.method, class.route),
            format!("site {product} {site}"),
            format!("app {product}"),
        ])
    }
}

impl Pauses {
    /// Until when a call waits, and why.
    pub(super) fn until(&mut self, scopes: &Scopes, now: Timestamp) -> Option<(Timestamp, String)> {
        self.by_scope.retain(|_, (until, _)| *until > now);
        scopes.0.iter().filter_map(|scope| self.by_scope.get(scope)).max_by_key(|(until, _)| *until).cloned()
    }

    pub(super) fn put(&mut self, pause: RatePause) {
        let known = self.by_scope.get(&pause.scope);
        if known.is_none_or(|(until, _)| *until < pause.until) {
            self.by_scope.insert(pause.scope, (pause.until, pause.reason));
        }
    }

    /// What has to wait after a 429, and how long. `jitter` is between 0 and 1.
    pub(super) fn of_refusal(
        &mut self,
        class: &CallClass<'_>,
        rate: &RateLimits,
        now: Timestamp,
        jitter: f64,
    ) -> RatePause {
        let Scopes([call, site, app]) = Scopes::of(class);
        let reason = rate.reason.clone().unwrap_or_else(|| "too many calls at once".to_owned());
        let word = reason.to_ascii_lowercase();
        let is_quota = word.contains("quota");
        let scope = match is_quota {
            true if word.contains("global") => app,
            true => site,
            false => call,
        };
        let until = match (rate.retry_after, is_quota) {
            (Some(after), _) => now.plus(after),
            (None, true) => Timestamp::from_millis((now.as_millis().div_euclid(HOUR_MS) + 1) * HOUR_MS),
            (None, false) => {
                let refusals = self.refusals.entry(scope.clone()).or_default();
                *refusals += 1;
                let doubled = FIRST.saturating_mul(2_u32.saturating_pow(*refusals - 1)).min(LONGEST);
                now.plus(doubled.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0)))
            }
        };
        RatePause { scope, until, reason }
    }

    /// A call that was let through: the next refusal of its kind is a first one.
    pub(super) fn passed(&mut self, class: &CallClass<'_>) {
        if !self.refusals.is_empty() {
            let Scopes([call, ..]) = Scopes::of(class);
            self.refusals.remove(&call);
        }
    }
}

#[cfg(test)]
mod tests {
    use connector_atlassian::Priority;

    use super::*;

    fn class<'a>(cloud_id: &'a CloudId, route: &'static str) -> CallClass<'a> {
        CallClass {
            product: Some(Product::Jira),
            cloud_id: Some(cloud_id),
            method: "GET",
            route,
            points: 1,
            priority: Priority::Incremental,
        }
    }

    fn refused(reason: Option<&str>, retry_after: Option<u64>) -> RateLimits {
        let (reason, retry_after) = (reason.map(str::to_owned), retry_after.map(Duration::from_secs));
        RateLimits { reason, retry_after, ..RateLimits::default() }
    }

    #[test]
    fn the_reason_decides_what_waits() {
        let now = Timestamp::from_millis(1_790_024_000_000);
        let (here, there) = (CloudId::new("here"), CloudId::new("there"));
        let (call, sibling, elsewhere) = (class(&here, "/a"), class(&here, "/b"), class(&there, "/a"));
        for (reason, waits) in [
            (None, [true, false, false]),
            (Some("jira-burst-based"), [true, false, false]),
            (Some("jira-quota-tenant-based"), [true, true, false]),
            (Some("jira-quota-global-based"), [true, true, true]),
        ] {
            let mut pauses = Pauses::default();
            let pause = pauses.of_refusal(&call, &refused(reason, Some(7)), now, 0.0);
            pauses.put(pause);
            let found =
                [&call, &sibling, &elsewhere].map(|class| pauses.until(&Scopes::of(class), now).is_some());
            assert_eq!(found, waits, "{reason:?}");
            assert_eq!(pauses.until(&Scopes::of(&call), now.plus(Duration::from_secs(7))), None);
        }
    }

    #[test]
    fn without_a_time_a_quota_waits_for_the_hour_and_a_burst_doubles() {
        let now = Timestamp::from_millis(1_790_024_000_000);
        let here = CloudId::new("here");
        let call = class(&here, "/a");
        let mut pauses = Pauses::default();
        let quota = pauses.of_refusal(&call, &refused(Some("jira-quota-tenant-based"), None), now, 0.0);
        assert_eq!(quota.until.as_millis() % HOUR_MS, 0);
        let mut wait = || pauses.of_refusal(&call, &refused(None, None), now, 1.0).until.since(now).as_secs();
        assert_eq!([wait(), wait(), wait()], [1, 2, 4]);
    }
}
