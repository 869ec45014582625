//! How fast a run reads, and when it will be through.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use connector_domain::{SyncRun, Timestamp};

/// The rate is that of so much time until now.
const WINDOW: Duration = Duration::from_mins(1);
/// In less time than this nothing can be said.
const SHORTEST: Duration = Duration::from_secs(2);
const MINUTE_MS: u128 = 60_000;

/// What each stream had read at which time, over the last minute.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<String, VecDeque<(Timestamp, u64)>>);

impl Pace {
    /// Says on each stream how many records a minute it reads, and where it is known how many there are, when it will
    /// be through at this rate.
    pub(super) fn estimate(&mut self, row: &mut SyncRun, now: Timestamp) {
        for stream in &mut row.streams {
            let points = self.0.entry(stream.name.clone()).or_default();
            if points.back().is_none_or(|(_, fetched)| *fetched != stream.fetched) {
                points.push_back((now, stream.fetched));
            }
            // One from before the window stays: from it on the window is full.
            while points.get(1).is_some_and(|(at, _)| now.since(*at) > WINDOW) {
                points.pop_front();
            }
            (stream.rate, stream.ends_at) = (None, None);
            let Some((since, before)) = points.front().copied() else { continue };
            let (took, read) = (now.since(since), stream.fetched.saturating_sub(before));
            if stream.done || read == 0 || took < SHORTEST {
                continue;
            }
            let rate = u128::from(read) * MINUTE_MS / took.as_millis();
            stream.rate = u64::try_from(rate).ok();
            let left = stream.total.and_then(|total| total.checked_sub(stream.fetched));
            stream.ends_at = left.map(|left| {
                let millis = u128::from(left) * took.as_millis() / u128::from(read);
                now.plus(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::{ConnectionId, SeededEntropy, StreamProgress, SyncMode, SyncRunId, SyncStatus};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn run(fetched: u64, total: Option<u64>) -> SyncRun {
        let entropy = SeededEntropy::new(1);
        let stream = StreamProgress { name: "jira_issues".to_owned(), fetched, total, ..Default::default() };
        SyncRun {
            id: SyncRunId::generate(&entropy, NOW),
            connection_id: ConnectionId::generate(&entropy, NOW),
            mode: SyncMode::Incremental,
            status: SyncStatus::Running,
            created_at: NOW,
            started_at: Some(NOW),
            finished_at: None,
            attempt: 1,
            streams: vec![stream],
            waiting: None,
            error: None,
        }
    }

    fn told(pace: &mut Pace, fetched: u64, seconds: u64) -> (Option<u64>, Option<u64>) {
        let mut row = run(fetched, Some(10_000));
        let now = NOW.plus(Duration::from_secs(seconds));
        pace.estimate(&mut row, now);
        let stream = &row.streams[0];
        (stream.rate, stream.ends_at.map(|end| end.since(now).as_secs()))
    }

    #[test]
    fn what_is_left_takes_as_long_as_what_was_read() {
        let mut pace = Pace::default();
        assert_eq!(told(&mut pace, 0, 0), (None, None));
        // Too early to say.
        assert_eq!(told(&mut pace, 100, 1), (None, None));
        assert_eq!(told(&mut pace, 1000, 10), (Some(6000), Some(90)));
        // A minute later only the last minute counts: it went ten times slower.
        for step in 1..=7 {
            told(&mut pace, 1000 + 100 * step, 10 + 10 * step);
        }
        assert_eq!(told(&mut pace, 1800, 90), (Some(600), Some(820)));
    }

    #[test]
    fn without_a_total_nobody_can_say_when() {
        let mut pace = Pace::default();
        pace.estimate(&mut run(0, None), NOW);
        let mut row = run(500, None);
        pace.estimate(&mut row, NOW.plus(Duration::from_secs(30)));
        assert_eq!((row.streams[0].rate, row.streams[0].ends_at), (Some(1000), None));
    }
}
