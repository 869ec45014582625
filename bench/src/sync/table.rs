//! The figures of syncs as Markdown tables.

use std::fmt::Write;
use std::time::Duration;

use super::floor::{Floor, Passage};
use super::{Backfill, CALLS_PER_SECOND, CHANGED, LATENCY_MS, Measured};
use crate::report::megabytes;

pub fn unlimited(floor: &Floor, measured: &[Measured]) -> String {
    let mut page = format!(
        "| first sync, with its census | rows | seconds | rows/s | floor, seconds | ratio to the floor | calls | floor's \
         calls | CPU seconds | floor's | peak MB |\n|---|{}\n",
        "--:|".repeat(10)
    );
    for one in measured {
        let (backfill, [before, after]) = (&one.backfill, one.around);
        let took = backfill.run.took.as_secs_f64();
        let floor_took = f64::midpoint(before.took.as_secs_f64(), after.took.as_secs_f64());
        let _ = writeln!(
            page,
            "| {} | {} | {took:.1} | {:.0} | {floor_took:.1} | {:.2} | {} | {} | {} | {} | {} |",
            one.engine,
            backfill.run.rows,
            rate(backfill.run.rows, backfill.run.took),
            took / floor_took,
            backfill.calls.total(),
            floor.requests.len(),
            seconds(backfill.processor_time),
            seconds(mean(before, after)),
            megabytes(backfill.peak_memory),
        );
    }
    let _ = write!(
        page,
        "\nThe program has up to {} calls under way at a time, and so has the floor.\n\n\
         | incremental, {CHANGED} issues changed | rows | calls | seconds |\n|---|--:|--:|--:|\n",
        floor.at_once
    );
    for one in measured {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {:.2} |",
            one.engine,
            one.changes.rows,
            one.calls_for_changes.total(),
            one.changes.took.as_secs_f64()
        );
    }
    page
}

pub fn limited(measured: &[(&'static str, Backfill)]) -> String {
    let mut page = format!(
        "| {LATENCY_MS} ms, {CALLS_PER_SECOND} calls/s | calls | of them 429 | busiest endpoint | its calls | seconds | \
         the limit allows | ratio |\n|---|--:|--:|---|--:|--:|--:|--:|\n"
    );
    for (engine, backfill) in measured {
        let (endpoint, calls) = backfill.calls.busiest().unwrap_or(("–", 0));
        let (took, least) = (backfill.run.took.as_secs_f64(), least(calls).as_secs_f64());
        let _ = writeln!(
            page,
            "| {engine} | {} | {} | `{endpoint}` | {calls} | {took:.1} | {least:.1} | {:.2} |",
            backfill.calls.total(),
            backfill.calls.refused,
            took / least,
        );
    }
    page
}

/// The time in which so many calls of one endpoint are let through: the first second's worth at once.
fn least(calls: u64) -> Duration {
    let waiting = calls.saturating_sub(CALLS_PER_SECOND.into());
    Duration::from_millis(waiting * 1000 / u64::from(CALLS_PER_SECOND) + LATENCY_MS)
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
fn rate(rows: u64, took: Duration) -> f64 {
    rows as f64 / took.as_secs_f64()
}

fn mean(before: Passage, after: Passage) -> Option<Duration> {
    Some((before.processor_time? + after.processor_time?) / 2)
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{:.1}", time.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_lets_the_first_second_through_at_once() {
        assert_eq!(least(10), Duration::from_millis(80));
        assert_eq!(least(150), Duration::from_millis(2080));
    }
}
