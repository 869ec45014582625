//! The figures as a Markdown table.

use std::fmt::Write;
use std::time::Duration;

use anyhow::bail;

use crate::checks::{CROWD, Crowd, PROBE_LIMIT};
use crate::load::Outcome;
use crate::routes;

pub struct Figures {
    pub machine: String,
    pub engine: &'static str,
    pub seconds: Duration,
    pub rounds: u32,
    pub rows: Vec<Row>,
    pub idle_memory: Option<u64>,
    pub started_in: Duration,
    pub crowd: Crowd,
}

pub struct Row {
    pub route: &'static str,
    pub connections: u32,
    pub bytes: usize,
    pub floor: Side,
    pub subject: Side,
    pub peak_memory: Option<u64>,
}

/// The turns of the bare handler, or of the program.
#[derive(Default)]
pub struct Side {
    per_second: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    processor_time: Duration,
    requests: u64,
    faults: u64,
    first_fault: Option<String>,
    fewest: Option<u64>,
}

impl Side {
    pub fn add(&mut self, outcome: &Outcome, processor_time: Option<Duration>, requests: u64) {
        self.per_second.push(outcome.per_second());
        self.p50.push(milliseconds(outcome.latencies.permille(500)));
        self.p99.push(milliseconds(outcome.latencies.permille(990)));
        self.processor_time += processor_time.unwrap_or_default();
        self.requests += requests;
        self.faults += outcome.faults;
        self.first_fault = self.first_fault.take().or_else(|| outcome.first_fault.clone());
        self.fewest = Some(self.fewest.map_or(outcome.fewest, |fewest| fewest.min(outcome.fewest)));
    }

    fn per_second(&self) -> f64 {
        median(&self.per_second)
    }

    /// Microseconds of processor time that a request takes.
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
    fn cost(&self) -> f64 {
        self.processor_time.as_secs_f64() * 1e6 / self.requests.max(1) as f64
    }
}

impl Row {
    pub fn ratio(&self) -> f64 {
        self.subject.per_second() / self.floor.per_second()
    }

    pub fn progress(&self) -> String {
        let (route, connections) = (self.route, self.connections);
        let (mine, floor) = (self.subject.per_second(), self.floor.per_second());
        format!(
            "{route}, {connections} connections: {mine:.0}/s of {floor:.0}/s, {:.0} %",
            self.ratio() * 100.0
        )
    }
}

pub fn markdown(figures: &Figures) -> String {
    let mut page = format!(
        "{} · {} · release build · medians of {} turns of {} s\n\n",
        figures.engine,
        figures.machine,
        figures.rounds,
        figures.seconds.as_secs(),
    );
    page += "| route | connections | requests/s | bare handler | ratio | p50 ms | p99 ms | bare p99 ms \
             | CPU µs/request | bare | answer bytes | peak MB |\n";
    page += "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for row in &figures.rows {
        let (mine, floor) = (&row.subject, &row.floor);
        let _ = writeln!(
            page,
            "| {} | {} | {:.0} | {:.0} | {:.0} % | {:.2} | {:.2} | {:.2} | {:.0} | {:.0} | {} | {} |",
            row.route,
            row.connections,
            mine.per_second(),
            floor.per_second(),
            row.ratio() * 100.0,
            median(&mine.p50),
            median(&mine.p99),
            median(&floor.p99),
            mine.cost(),
            floor.cost(),
            row.bytes,
            megabytes(row.peak_memory),
        );
    }
    page += "\n| what | figure | aim |\n|---|--:|--:|\n";
    for (what, figure, aim) in figures.summary() {
        let _ = writeln!(page, "| {what} | {figure} | {aim} |");
    }
    page
}

impl Figures {
    fn summary(&self) -> Vec<(String, String, &'static str)> {
        let crowd = &self.crowd;
        let peak = |connections| {
            self.rows
                .iter()
                .filter(|row| row.connections == connections)
                .filter_map(|row| row.peak_memory)
                .max()
        };
        // The least over the numbers of connections.
        let of_route = |name: &str, value: fn(&Row) -> f64| {
            let rows = self.rows.iter().filter(|row| row.route == name);
            rows.map(value).min_by(f64::total_cmp).unwrap_or_default()
        };
        let ratio = |name| format!("{:.0} %", of_route(name, Row::ratio) * 100.0);
        let rate = |name| format!("{:.0}/s", of_route(name, |row| row.subject.per_second()));
        let mut summary = vec![
            ("one row, ratio to the bare handler".to_owned(), ratio(routes::SINGLE), "≥ 50 %"),
            ("500 rows, ratio to the bare handler".to_owned(), ratio(routes::LIST), "≥ 25 %"),
            ("upserts of new keys".to_owned(), rate(routes::NEW_KEYS), "≥ 5000/s on SQLite"),
            ("upserts of known keys".to_owned(), rate(routes::KNOWN_KEYS), "≥ 5000/s on SQLite"),
            ("memory when idle, MB".to_owned(), megabytes(self.idle_memory), ""),
        ];
        for (connections, aim) in [(32, "< 60"), (256, "< 150")] {
            if let Some(peak) = peak(connections) {
                let what = format!("most memory at {connections} connections, MB");
                summary.push((what, megabytes(Some(peak)), aim));
            }
        }
        let fewest = self.rows.iter().filter_map(|row| row.subject.fewest).min().unwrap_or_default();
        let started_in = format!("{:.0} ms", milliseconds(self.started_in));
        let quiet = format!("{:.2} → {:.2} ms", milliseconds(crowd.before), milliseconds(crowd.after));
        summary.extend([
            ("answers on the connection that got the fewest".to_owned(), fewest.to_string(), "> 0"),
            ("start to first answer on an existing database".to_owned(), started_in, "< 150 ms"),
            (format!("{CROWD} connections for 10 s: requests/s"), format!("{:.0}", crowd.per_second), ""),
            ("… errors".to_owned(), crowd.faults.to_string(), "0"),
            (
                "… p99 of /healthz meanwhile".to_owned(),
                format!("{:.1} ms", milliseconds(crowd.probe_p99)),
                "< 50 ms",
            ),
            ("… one quiet connection before → after".to_owned(), quiet, "the same"),
        ]);
        summary
    }

    /// What must not happen at any speed; figures below their aim are no fault.
    pub fn faults(&self) -> anyhow::Result<()> {
        let mut faults = Vec::new();
        for row in &self.rows {
            for (who, side) in [("the program", &row.subject), ("the bare handler", &row.floor)] {
                if let Some(first) = &side.first_fault {
                    faults.push(format!("{}: {} errors of {who}, first: {first}", row.route, side.faults));
                }
            }
            if row.subject.fewest == Some(0) {
                let connections = row.connections;
                faults.push(format!("{}: one of {connections} connections got no answer", row.route));
            }
        }
        let crowd = &self.crowd;
        if let Some(first) = &crowd.first_fault {
            faults.push(format!("{CROWD} connections: {} errors, first: {first}", crowd.faults));
        }
        if crowd.fewest == 0 {
            faults.push(format!("{CROWD} connections: one of them got no answer"));
        }
        if crowd.failed_probes > 0 || crowd.probe_p99 >= PROBE_LIMIT {
            let p99 = milliseconds(crowd.probe_p99);
            let failed = crowd.failed_probes;
            faults
                .push(format!("{CROWD} connections: p99 of /healthz is {p99:.1} ms, {failed} probes failed"));
        }
        if !crowd.is_as_quick_as_before() {
            faults.push(format!("slower after {CROWD} connections were gone"));
        }
        if !faults.is_empty() {
            bail!("{}", faults.join("\n"));
        }
        Ok(())
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        even if even.is_multiple_of(2) => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
        odd => sorted[odd / 2],
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

pub fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(
        || "–".to_owned(),
        |bytes| format!("{}.{}", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn memory_is_told_in_megabytes() {
        assert_eq!(megabytes(Some(59_960_000)), "59.9");
        assert_eq!(megabytes(None), "–");
    }
}
