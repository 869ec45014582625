//! How fast a run reads, and when it will be through.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use connector_atlassian::HourlyPoints;
use connector_domain::{SyncMode, SyncRun, Timestamp};

/// The rate is that of so much time until now.
const WINDOW: Duration = Duration::from_mins(1);
/// In less time than this nothing can be said.
const SHORTEST: Duration = Duration::from_secs(2);
const MINUTE_MS: u128 = 60_000;
/// Of fewer records, or of less than a twentieth, nothing can be said of what they cost.
const FEWEST: u64 = 500;
/// What would take longer than ten years is not told more exactly.
const MOST_HOURS: u64 = 87_600;

/// How far the streams have come, over the last minute and since this process took the run up.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<String, Steps>);

#[derive(Debug, Default)]
struct Steps {
    /// Of the last minute.
    last: VecDeque<Step>,
    /// Records of the pages whose cost is known, and points for them.
    records: u64,
    points: u64,
}

/// What a stream had read at a time.
#[derive(Debug, Clone, Copy)]
struct Step {
    at: Timestamp,
    fetched: u64,
}

impl Steps {
    fn note(&mut self, now: Timestamp, fetched: u64) {
        if self.last.back().is_none_or(|last| last.fetched != fetched) {
            self.last.push_back(Step { at: now, fetched });
        }
        // One from before the window stays: from it on the window is full.
        while self.last.get(1).is_some_and(|step| now.since(step.at) > WINDOW) {
            self.last.pop_front();
        }
    }

    /// What it costs to read so many more records; `None` where too few of `all` were read to say.
    fn points_for(&self, records: u64, all: u64) -> Option<u128> {
        if self.records == 0 || self.records < FEWEST.min(all / 20) {
            return None;
        }
        let to_read = u128::from(records) * u128::from(self.points) / u128::from(self.records);
        // Each id is found before, for a point. Where that was done already, it is a little less.
        Some(to_read + u128::from(records))
    }
}

impl Pace {
    /// Notes what a page of a stream has cost, without the points for finding ids.
    pub(super) fn note_cost(&mut self, stream: &str, records: u64, points: u64) {
        let steps = self.0.entry(stream.to_owned()).or_default();
        steps.records += records;
        steps.points += points;
    }

    /// Says on each stream how many records a minute it reads, and where it is known how many there are, when it will
    /// be through: at this rate, and with waits for new points where those of this hour are too few. `hourly`: what the
    /// calls of the run may cost, where that is limited.
    pub(super) fn estimate(&mut self, row: &mut SyncRun, now: Timestamp, hourly: Option<HourlyPoints>) {
        // A full run lists everything once more, for its census.
        let lists_again = row.mode == SyncMode::Full;
        for stream in &mut row.streams {
            let steps = self.0.entry(stream.name.clone()).or_default();
            steps.note(now, stream.fetched);
            (stream.rate, stream.ends_at) = (None, None);
            let Some(since) = steps.last.front() else { continue };
            let (took, read) = (now.since(since.at), stream.fetched.saturating_sub(since.fetched));
            if stream.done || read == 0 {
                continue;
            }
            if took >= SHORTEST {
                let rate = u128::from(read) * MINUTE_MS / took.as_millis();
                stream.rate = u64::try_from(rate).ok();
            }
            let Some(total) = stream.total else { continue };
            let Some(left) = total.checked_sub(stream.fetched) else { continue };
            let waits = hourly.and_then(|hourly| {
                let points = steps.points_for(left, total)?;
                waits(points + u128::from(if lists_again { total } else { 0 }), hourly)
            });
            let at_this_rate = || {
                let millis = u128::from(left) * took.as_millis() / u128::from(read);
                now.plus(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
            };
            // With waits for hours it does not matter how fast it goes between them.
            stream.ends_at = waits.or_else(|| (took >= SHORTEST).then(at_this_rate));
        }
    }
}

/// When so many points can have been spent; `None` where there are enough of them in this hour.
fn waits(points: u128, hourly: HourlyPoints) -> Option<Timestamp> {
    let beyond = points.checked_sub(u128::from(hourly.left)).filter(|beyond| *beyond > 0)?;
    let hours = (beyond - 1) / u128::from(hourly.an_hour.max(1));
    Some(hourly.until.plus(Duration::from_hours(u64::try_from(hours).unwrap_or(u64::MAX).min(MOST_HOURS))))
}

#[cfg(test)]
mod tests {
    use connector_domain::{ConnectionId, SeededEntropy, StreamProgress, SyncRunId, SyncStatus};

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
        pace.estimate(&mut row, now, None);
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
        pace.estimate(&mut run(0, None), NOW, None);
        let mut row = run(500, None);
        pace.estimate(&mut row, NOW.plus(Duration::from_secs(30)), None);
        assert_eq!((row.streams[0].rate, row.streams[0].ends_at), (Some(1000), None));
    }

    #[test]
    fn where_the_points_of_an_hour_are_too_few_their_hours_count() {
        let until = NOW.plus(Duration::from_mins(20));
        let told = |records: u64, points: u64, mode: SyncMode| {
            let mut pace = Pace::default();
            pace.note_cost("jira_issues", records, points);
            let hourly = HourlyPoints { left: 1000, an_hour: 1000, until };
            for fetched in [0, 1000] {
                pace.estimate(&mut SyncRun { mode, ..run(fetched, Some(10_000)) }, NOW, Some(hourly));
            }
            let mut row = SyncRun { mode, ..run(1000, Some(10_000)) };
            pace.estimate(&mut row, NOW, Some(hourly));
            row.streams[0].ends_at
        };
        let changes = SyncMode::Incremental;
        assert_eq!(told(499, 499, changes), None, "too early to say");
        // 9,000 are left at a point for each and one for its id: a thousand of them in this hour and then as many an hour.
        assert_eq!(told(500, 500, changes), Some(until.plus(Duration::from_hours(16))));
        // And another point each for the census.
        assert_eq!(told(500, 500, SyncMode::Full), Some(until.plus(Duration::from_hours(26))));
    }
}
