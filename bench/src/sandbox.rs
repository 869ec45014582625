//! The simulator with its large data set: how long until it answers, and how much memory it takes.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;

use crate::machine;
use crate::process::{peak_memory, resident_memory};
use crate::simulator::Simulator;

/// What the guide promises.
const MOST_TIME: Duration = Duration::from_secs(3);
const MOST_MEMORY: u64 = 500_000_000;
/// Everything that the default site holds, in one answer.
const ALL: &str = "/__sandbox/sites/acme/truth";

/// Starts it, asks for everything once, and answers the figures as Markdown.
///
/// # Errors
/// Where it takes longer, or more, than promised.
pub async fn figures(program: &Path) -> anyhow::Result<String> {
    let simulator = Simulator::start(program, &["--dataset", "large"]).await?;
    let (started_in, at_start) = (simulator.started_in, resident_memory(simulator.id()));
    simulator.ask("GET", ALL, b"").await?;
    let peak = peak_memory(simulator.id());
    drop(simulator);

    ensure!(started_in < MOST_TIME, "the first answer came after {started_in:?}");
    for memory in [at_start, peak].into_iter().flatten() {
        ensure!(memory < MOST_MEMORY, "{memory} bytes are resident");
    }
    let megabytes = |bytes: Option<u64>| {
        bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000))
    };
    Ok(format!(
        "{}\n\n| `connector sandbox --dataset large` | |\n|---|--:|\n| first answer after | {} ms |\n| memory then | \
         {} |\n| at most, while it gave out everything at once | {} |",
        machine::line(),
        started_in.as_millis(),
        megabytes(at_start),
        megabytes(peak)
    ))
}
