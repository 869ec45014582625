use std::time::Duration;

use connector_domain::Timestamp;
use connector_store::MirroredId;

/// Fewer things than these may be missing at once without a second census, however few there are in all.
const ALWAYS: usize = 20;
/// Beyond that, this share of all, in percent.
const SHARE: usize = 20;
/// A second census counts when it comes so much later.
const LATER: Duration = Duration::from_hours(1);

/// Whether so much is missing that a fault is more likely than that people have deleted it.
pub(super) fn trips(missing: usize, mirrored: usize) -> bool {
    missing >= ALWAYS && missing * 100 > mirrored * SHARE
}

/// Whether an earlier census has missed this too.
pub(super) fn is_confirmed(row: &MirroredId, now: Timestamp) -> bool {
    row.absent_since.is_some_and(|since| now.since(since) >= LATER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_may_always_be_missing_and_many_only_of_very_many() {
        for (missing, mirrored, expected) in [
            (0, 0, false),
            (19, 19, false),
            (20, 20, true),
            (20, 100, false),
            (21, 100, true),
            (5000, 30_000, false),
        ] {
            assert_eq!(trips(missing, mirrored), expected, "{missing} of {mirrored}");
        }
    }

    #[test]
    fn a_second_census_has_to_be_later() {
        let since = Timestamp::from_millis(1_790_000_000_000);
        let row = MirroredId { remote_id: "1".to_owned(), age: None, absent_since: Some(since) };
        assert!(!is_confirmed(&row, since.plus(Duration::from_mins(59))));
        assert!(is_confirmed(&row, since.plus(LATER)));
        assert!(!is_confirmed(&MirroredId { absent_since: None, ..row }, since.plus(LATER)));
    }
}
