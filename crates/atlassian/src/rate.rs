use std::time::Duration;

use connector_domain::Timestamp;

use crate::AtlassianTime;
use crate::http::{Answer, http_date};

/// What an answer's headers say about waiting (Atlassian, "Rate limiting").
///
/// Each may be missing, also on a 429. No local clock is used: a moment becomes a duration by the answer's `Date`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RateHeaders {
    /// `RateLimit-Reason`: `jira-burst-based`, `jira-quota-tenant-based`, ….
    pub reason: Option<String>,
    /// `Retry-After`, or the time until `X-RateLimit-Reset`.
    pub retry_after: Option<Duration>,
    /// `X-RateLimit-Reset`, or `Date` plus `Retry-After`.
    pub until: Option<Timestamp>,
}

impl RateHeaders {
    pub fn of(answer: &Answer) -> Self {
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
        Self {
            reason: answer.header("ratelimit-reason").map(word),
            retry_after: retry_after.or_else(|| reset.and_then(from_now)),
            until: reset.or_else(|| Some(date?.plus(retry_after?))),
        }
    }
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
    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
    use zeroize::Zeroizing;

    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> RateHeaders {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        RateHeaders::of(&Answer { status: StatusCode::OK, headers, body: Zeroizing::default() })
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
}
