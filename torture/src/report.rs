//! Figures: so many events, so many failures, and what that supports.

use std::fmt::Write as _;
use std::time::Duration;

/// One line of the table.
#[derive(Debug, Clone, Default)]
pub struct Figure {
    pub run: String,
    /// What was counted, in words: the events.
    pub of: String,
    pub events: u64,
    pub failures: u64,
    /// Grants that were ended by a later answer to the same token (strict reading). Told apart, because the request that
    /// got it may have been one too many: more than one in a thousand are a fault.
    pub by_sibling: u64,
    /// Failures that no client could have prevented, told apart.
    pub unavoidable: u64,
    /// What else was measured.
    pub notes: String,
    pub took: Duration,
    /// Where the run's own demands do not hold.
    pub faults: Vec<String>,
}

/// How many grants of a thousand may be ended by a sibling; in a run of fewer, one.
const SIBLINGS_PER_THOUSAND: u64 = 1;

impl Figure {
    pub fn holds(&self) -> bool {
        self.failures == 0 && self.faults.is_empty() && !self.too_many_siblings()
    }

    fn too_many_siblings(&self) -> bool {
        self.by_sibling * 1_000 > SIBLINGS_PER_THOUSAND * self.events.max(1_000)
    }

    /// What is wrong, besides failures that are counted.
    pub fn complaints(&self) -> Vec<String> {
        let siblings = self.too_many_siblings();
        let siblings = siblings.then(|| format!("{} grants ended by a sibling", self.by_sibling));
        self.faults.iter().cloned().chain(siblings).collect()
    }

    pub fn line(&self) -> String {
        let Self { run, of, events, failures, by_sibling, unavoidable, notes, took, .. } = self;
        let bound = |failures: &u64| percent(upper_bound(*failures, *events));
        let (bound, sibling_bound) = (bound(failures), bound(by_sibling));
        let seconds = took.as_secs();
        let holds = if self.holds() { "" } else { "does not hold: " };
        let notes = [notes.clone()].into_iter().chain(self.complaints()).collect::<Vec<_>>().join("; ");
        format!(
            "| {run} | {events} {of} | {failures} | {bound} | {by_sibling} | {sibling_bound} | {unavoidable} | {seconds} s | \
             {holds}{notes} |"
        )
    }
}

pub fn markdown(figures: &[Figure]) -> String {
    let mut table = String::from(
        "| run | events | failures | upper 95 % bound | ended by a sibling | upper 95 % bound | not to be prevented | took | \
         besides |\n|---|--:|--:|--:|--:|--:|--:|--:|---|\n",
    );
    for figure in figures {
        let _ = writeln!(table, "{}", figure.line());
    }
    table
}

/// The share of failures that `failures` of `events` independent trials do not exceed with 95 % confidence: the rule of
/// three where there was none, else the normal bound with a continuity correction.
pub fn upper_bound(failures: u64, events: u64) -> f64 {
    let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if events == 0 {
        return 1.0;
    }
    let events = number(events);
    if failures == 0 {
        return (3.0 / events).min(1.0);
    }
    let share = number(failures) / events;
    (share + 1.645 * (share * (1.0 - share) / events).sqrt() + 1.5 / events).min(1.0)
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// The `percent`th percentile of what was measured.
pub fn percentile(samples: &mut [Duration], percent: usize) -> Duration {
    samples.sort_unstable();
    let index = (samples.len() * percent).div_ceil(100).saturating_sub(1);
    samples.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_failure_supports_three_in_n_and_failures_support_less() {
        assert!((upper_bound(0, 3_000) - 0.001).abs() < 1e-9);
        assert!((upper_bound(0, 0) - 1.0).abs() < 1e-9);
        let bound = upper_bound(22, 2_100);
        assert!((0.0140..0.0160).contains(&bound), "{bound}");
    }

    #[test]
    fn one_grant_of_a_thousand_may_be_ended_by_a_sibling_and_is_not_hidden() {
        let figure = |events, by_sibling| Figure { events, by_sibling, ..Figure::default() };
        assert!(figure(300, 1).holds() && figure(3_000, 3).holds());
        assert!(!figure(300, 2).holds() && !figure(3_000, 4).holds());
        let line = figure(3_000, 4).line();
        assert!(line.contains("| 0 | 0.10 % | 4 |") && line.contains("does not hold"), "{line}");
    }

    #[test]
    fn percentiles_are_of_the_sorted_samples() {
        let mut samples: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut samples, 99), Duration::from_millis(198));
        assert_eq!(percentile(&mut samples, 50), Duration::from_millis(100));
        assert_eq!(percentile(&mut [], 99), Duration::ZERO);
    }
}
