use std::time::Duration;

use connector_domain::Timestamp;

use crate::AtlassianTime;
use crate::http::{Answer, http_date};

/// What an answer's headers say about limits (Atlassian, "Rate limiting").
///
/// Each may be missing, also on a 429. No local clock is used: a moment becomes a duration by the answer's `Date`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// `RateLimit-Reason`, of a 429 only: `jira-burst-based`, `jira-quota-tenant-based`, ….
    pub reason: Option<String>,
    /// `Retry-After`, or the time until `X-RateLimit-Reset`.
    pub retry_after: Option<Duration>,
    /// `X-RateLimit-Reset`, or `Date` plus `Retry-After`.
    pub until: Option<Timestamp>,
    /// `X-RateLimit-Limit`: calls a second of this site, route and method.
    pub limit: Option<u64>,
    /// `X-RateLimit-Remaining`: how many of these are left.
    pub remaining: Option<u64>,
    /// `X-RateLimit-NearLimit`: less than a fifth is left.
    pub is_near_limit: bool,
    /// `Beta-RateLimit-Policy`: the hourly quotas of points that the call counts against.
    pub policies: Vec<QuotaPolicy>,
    /// `Beta-RateLimit`: what is left of these quotas; said when most of them is used.
    pub quotas: Vec<Quota>,
}

/// An item of `Beta-RateLimit-Policy`: `"global-app-quota";q=65000;w=3600`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaPolicy {
    pub name: String,
    /// Points per window.
    pub points: u64,
    pub window: Option<Duration>,
}

/// An item of `Beta-RateLimit`: `"global-app-quota";r=11000;t=600`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    pub name: String,
    /// Points that are left.
    pub remaining: u64,
    /// When there are new ones, from now on.
    pub reset_after: Option<Duration>,
}

impl RateLimits {
    pub(crate) fn of(answer: &Answer) -> Self {
        let date = answer.date();
        let from_now = |time: Timestamp| date.map(|date| time.since(date));
        // Seconds or an HTTP date (RFC 9110 section 10.2.3).
        let retry_after = answer
            .header("retry-after")
            .and_then(|text| seconds(text).or_else(|| http_date(text).and_then(from_now)));
        // A text such as `2026-03-26T16:00Z`. A number there is not Atlassian's.
        let reset = answer
            .header("x-ratelimit-reset")
            .and_then(|text| text.parse().ok())
            .map(|AtlassianTime(time)| time);
        let number = |name| answer.header(name).and_then(|text| text.trim().parse().ok());
        let policy = |(name, parameters): Item<'_>| {
            let window = number_of(&parameters, "w").map(Duration::from_secs);
            Some(QuotaPolicy { name, points: number_of(&parameters, "q")?, window })
        };
        let quota = |(name, parameters): Item<'_>| {
            let reset_after = number_of(&parameters, "t").map(Duration::from_secs);
            Some(Quota { name, remaining: number_of(&parameters, "r")?, reset_after })
        };
        Self {
            reason: answer.header("ratelimit-reason").map(word),
            retry_after: retry_after.or_else(|| reset.and_then(from_now)),
            until: reset.or_else(|| Some(date?.plus(retry_after?))),
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            is_near_limit: answer
                .header("x-ratelimit-nearlimit")
                .is_some_and(|text| text.trim().eq_ignore_ascii_case("true")),
            policies: items(answer, "beta-ratelimit-policy").filter_map(policy).collect(),
            quotas: items(answer, "beta-ratelimit").filter_map(quota).collect(),
        }
    }
}

type Item<'a> = (String, Vec<(&'a str, &'a str)>);

/// The items of a list of quoted names with parameters (RFC 9651, as far as these headers use it).
fn items<'a>(answer: &'a Answer, name: &str) -> impl Iterator<Item = Item<'a>> {
    answer.header(name).unwrap_or_default().split(',').map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = word(parts.next().unwrap_or_default());
        (name, parts.filter_map(|part| part.split_once('=')).collect())
    })
}

fn number_of(parameters: &[(&str, &str)], name: &str) -> Option<u64> {
    parameters.iter().find(|(key, _)| *key == name)?.1.parse().ok()
}

/// A short word of a header, fit for logs.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(64).collect()
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use zeroize::Zeroizing;

    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> RateLimits {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let (body, objects) = (Zeroizing::default(), Cell::default());
        RateLimits::of(&Answer { status: StatusCode::OK, headers, body, objects })
    }

    #[test]
    fn reads_seconds_dates_and_resets() {
        const DATE: (&str, &str) = ("date", "Thu, 26 Mar 2026 15:59:00 GMT");
        for (headers, wait, until) in [
            (&[("retry-after", "7")][..], Some(7), None),
            (&[DATE, ("retry-after", "30")], Some(30), Some("2026-03-26T15:59:30.000Z")),
            (
                &[DATE, ("retry-after", "Thu, 26 Mar 2026 15:59:20 GMT")],
                Some(20),
                Some("2026-03-26T15:59:20.000Z"),
            ),
            (&[DATE, ("x-ratelimit-reset", "2026-03-26T16:00Z")], Some(60), Some("2026-03-26T16:00:00.000Z")),
            (&[("x-ratelimit-reset", "2026-03-26T16:00Z")], None, Some("2026-03-26T16:00:00.000Z")),
            (&[DATE, ("x-ratelimit-reset", "1774540800")], None, None),
            (&[("retry-after", "-5")], None, None),
            (&[("retry-after", "soon")], None, None),
            (&[], None, None),
        ] {
            let rate = read(headers);
            assert_eq!(rate.retry_after, wait.map(Duration::from_secs), "{headers:?}");
            assert_eq!(rate.until.map(|until| until.to_string()).as_deref(), until, "{headers:?}");
        }
    }

    #[test]
    fn reads_bursts_and_quotas() {
        let rate = read(&[
            ("x-ratelimit-limit", "350"),
            ("x-ratelimit-remaining", "42"),
            ("x-ratelimit-nearlimit", "true"),
            (
                "beta-ratelimit-policy",
                "\"global-app-quota\";q=65000;w=3600, \"tenant-app-quota\";q=100100;w=3600",
            ),
            ("beta-ratelimit", "\"global-app-quota\";r=11000;t=600"),
        ]);
        assert_eq!((rate.limit, rate.remaining, rate.is_near_limit), (Some(350), Some(42), true));
        let hour = Some(Duration::from_hours(1));
        let policy = |name: &str, points| QuotaPolicy { name: name.to_owned(), points, window: hour };
        assert_eq!(rate.policies, [policy("global-app-quota", 65_000), policy("tenant-app-quota", 100_100)]);
        let reset_after = Some(Duration::from_mins(10));
        let quota = Quota { name: "global-app-quota".to_owned(), remaining: 11_000, reset_after };
        assert_eq!(rate.quotas, [quota]);
    }

    #[test]
    fn headers_that_say_nothing_are_left_out() {
        let rate = read(&[
            ("x-ratelimit-limit", "many"),
            ("x-ratelimit-nearlimit", "no"),
            ("beta-ratelimit-policy", ";;=,q=1"),
            ("beta-ratelimit", "\"global-app-quota\";r=-5;t=x"),
        ]);
        assert_eq!(rate, RateLimits::default());
    }
}
