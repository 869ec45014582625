//! Confluence's times: RFC 3339 in UTC with milliseconds, unlike Jira's.

use chrono::{DateTime, SecondsFormat};

use crate::world::Millis;

/// `2026-03-31T16:00:00.000Z`
pub fn timestamp(at: Millis) -> String {
    DateTime::from_timestamp_millis(at).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(super::timestamp(1_774_972_800_000), "2026-03-31T16:00:00.000Z");
    }
}
