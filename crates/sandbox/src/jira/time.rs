//! Jira's times: milliseconds, and an offset without a colon.

use chrono::{DateTime, TimeZone as _};
use chrono_tz::Tz;

use crate::world::Millis;

/// `2026-03-31T18:00:00.000+0200`
pub fn timestamp(at: Millis, zone: Tz) -> String {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    zone.from_utc_datetime(&at.naive_utc()).format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_the_zones_and_has_no_colon() {
        assert_eq!(timestamp(1_774_972_800_000, chrono_tz::Europe::Berlin), "2026-03-31T18:00:00.000+0200");
        assert_eq!(timestamp(1_767_225_600_005, chrono_tz::Asia::Kolkata), "2026-01-01T05:30:00.005+0530");
    }
}
