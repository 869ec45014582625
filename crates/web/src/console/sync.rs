use connector_domain::{StreamProgress, SyncMode, SyncRun, SyncStatus, Timestamp};

use super::connection::Badge;
use super::format::{self, Moment};

/// The last sync run, ready to show. The script keeps a live one up to date with the same rules.
#[derive(Debug)]
pub(super) struct SyncView {
    pub id: String,
    /// Something may still change: the page listens to the run's events.
    pub live: bool,
    pub badge: Badge,
    pub mode: &'static str,
    /// From the second attempt on.
    pub attempt: Option<String>,
    pub started_label: &'static str,
    pub started: Moment,
    pub duration: String,
    /// What follows the duration while it grows.
    pub elapsed: &'static str,
    /// `None` while nobody can say: the bar then moves without a length.
    pub percent: Option<u8>,
    pub streams: Vec<StreamView>,
    pub waiting: Option<WaitingView>,
    pub error: Option<String>,
    /// The connection to sync again, where that may help.
    pub retry: Option<String>,
}

#[derive(Debug)]
pub(super) struct WaitingView {
    pub until: Moment,
    pub reason: String,
}

#[derive(Debug)]
pub(super) struct StreamView {
    pub name: String,
    pub label: String,
    pub fetched: String,
    pub total: Option<String>,
    /// How fast, and how long still.
    pub pace: String,
    pub written: String,
    pub deleted: String,
    pub percent: Option<u8>,
}

impl SyncView {
    /// `may_sync`: whether the run's connection is active.
    pub fn new(run: &SyncRun, may_sync: bool, now: Timestamp) -> Self {
        let began = run.started_at.unwrap_or(run.created_at);
        let ended = run.finished_at.unwrap_or(now);
        let live = !run.status.is_final();
        Self {
            id: run.id.to_string(),
            live,
            badge: badge(run.status),
            mode: match run.mode {
                SyncMode::Incremental => "Incremental sync",
                SyncMode::Full => "Full sync",
                SyncMode::Census => "Census",
            },
            attempt: (run.attempt > 1).then(|| format!("Attempt {}", run.attempt)),
            started_label: if run.started_at.is_some() { "Started" } else { "Asked for" },
            started: began.into(),
            elapsed: if run.started_at.is_some() { "so far" } else { "ago" },
            duration: format::duration(ended.since(began)),
            percent: percent_of_all(run),
            streams: run.streams.iter().map(|stream| StreamView::new(stream, now)).collect(),
            waiting: run.waiting.as_ref().filter(|_| live).map(|waiting| WaitingView {
                until: waiting.until.into(),
                reason: format::plain(&waiting.reason, 300),
            }),
            error: run
                .error
                .as_deref()
                .map(|error| format::plain(error, 1_000))
                .filter(|error| !error.is_empty()),
            retry: (may_sync && matches!(run.status, SyncStatus::Failed | SyncStatus::Cancelled))
                .then(|| run.connection_id.to_string()),
        }
    }
}

impl StreamView {
    fn new(stream: &StreamProgress, now: Timestamp) -> Self {
        Self {
            name: stream.name.clone(),
            label: format::humanized(&stream.name),
            fetched: format::grouped(stream.fetched),
            total: stream.total.filter(|total| !stream.done && *total > 0).map(format::grouped),
            pace: pace(stream, now),
            written: format::grouped(stream.written),
            deleted: format::grouped(stream.deleted),
            percent: percent(stream),
        }
    }
}

pub(super) const fn badge(status: SyncStatus) -> Badge {
    match status {
        SyncStatus::Queued => Badge { tone: "busy", text: "Queued" },
        SyncStatus::Running => Badge { tone: "busy", text: "Running" },
        SyncStatus::Waiting => Badge { tone: "warn", text: "Waiting" },
        SyncStatus::Succeeded => Badge { tone: "good", text: "Succeeded" },
        SyncStatus::Failed => Badge { tone: "bad", text: "Failed" },
        SyncStatus::Cancelled => Badge { tone: "idle", text: "Cancelled" },
    }
}

/// How fast a stream is read, and how long it takes still; empty where nobody can say.
fn pace(stream: &StreamProgress, now: Timestamp) -> String {
    let rate = stream.rate.map(|rate| format!("{} a minute", format::grouped(rate)));
    let left = stream.ends_at.map(|end| format!("{} left", format::duration(end.since(now))));
    [rate, left].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How far a stream is; `None` while Atlassian has not said how much there is.
fn percent(stream: &StreamProgress) -> Option<u8> {
    if stream.done {
        return Some(100);
    }
    let total = stream.total.filter(|total| *total > 0)?;
    let percent = u128::from(stream.fetched) * 100 / u128::from(total);
    // Atlassian's totals are estimates: only `done` says that a stream is through.
    Some(u8::try_from(percent).unwrap_or(99).min(99))
}

/// How far the run is: the mean of its streams, so that a stream without a total still counts.
fn percent_of_all(run: &SyncRun) -> Option<u8> {
    let known: Vec<_> = run.streams.iter().map(percent).collect();
    if known.iter().all(Option::is_none) {
        return None;
    }
    let sum: usize = known.iter().map(|percent| usize::from(percent.unwrap_or(0))).sum();
    u8::try_from(sum / known.len()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use connector_domain::Waiting;

    use super::super::samples;
    use super::*;

    fn stream(fetched: u64, total: Option<u64>, done: bool) -> StreamProgress {
        StreamProgress { name: "jira.projects".to_owned(), fetched, total, done, ..StreamProgress::default() }
    }

    #[test]
    fn percent_is_full_only_when_done() {
        assert_eq!(percent(&stream(0, None, false)), None);
        assert_eq!(percent(&stream(0, Some(0), false)), None);
        assert_eq!(percent(&stream(120, Some(300), false)), Some(40));
        assert_eq!(percent(&stream(301, Some(300), false)), Some(99));
        assert_eq!(percent(&stream(u64::MAX, Some(1), false)), Some(99));
        assert_eq!(percent(&stream(0, None, true)), Some(100));
    }

    #[test]
    fn how_fast_and_how_long_still() {
        let mut reading = stream(500, Some(2_000), false);
        assert_eq!(pace(&reading, samples::NOW), "");
        reading.rate = Some(1_200);
        assert_eq!(pace(&reading, samples::NOW), "1,200 a minute");
        reading.ends_at = Some(samples::NOW.plus(Duration::from_secs(75)));
        assert_eq!(pace(&reading, samples::NOW), "1,200 a minute, 1 min 15 s left");
    }

    #[test]
    fn a_run_is_as_far_as_its_streams() {
        let mut run = samples::running();
        run.streams = vec![];
        assert_eq!(percent_of_all(&run), None);
        run.streams = vec![stream(5, None, false)];
        assert_eq!(percent_of_all(&run), None);
        run.streams = vec![stream(12, Some(12), true), stream(60, Some(120), false), stream(1, None, false)];
        assert_eq!(percent_of_all(&run), Some(50));
    }

    #[test]
    fn a_run_that_has_not_begun_counts_from_the_asking() {
        let mut run = samples::running();
        run.started_at = None;
        run.created_at = samples::NOW.minus(Duration::from_secs(75));
        let view = SyncView::new(&run, true, samples::NOW);
        let said = (view.started_label, view.duration.as_str(), view.elapsed);
        assert_eq!(said, ("Asked for", "1 min 15 s", "ago"));
    }

    #[test]
    fn trying_again_needs_a_connection() {
        let retry = |run, may_sync| SyncView::new(&run, may_sync, samples::NOW).retry.is_some();
        assert!(retry(samples::failed(), true));
        assert!(!retry(samples::failed(), false) && !retry(samples::succeeded(), true));
    }

    #[test]
    fn what_is_over_does_not_wait() {
        let mut run = samples::succeeded();
        run.waiting = Some(Waiting { until: samples::NOW, reason: "rate limit".to_owned() });
        let view = SyncView::new(&run, true, samples::NOW);
        assert!(view.waiting.is_none() && !view.live);
        assert_eq!(view.duration, "42 s");
    }
}
