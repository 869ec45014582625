//! The simulator with its large data set: how long until it answers, and how much memory it takes.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::process::Command;

use crate::http::Connection;
use crate::process::{peak_memory, resident_memory};
use crate::subject::free_address;
use crate::{machine, routes};

/// What the guide promises.
const MOST_TIME: Duration = Duration::from_secs(3);
const MOST_MEMORY: u64 = 500_000_000;
const PATIENCE: Duration = Duration::from_secs(30);
const ANSWERS: &str = "/__sandbox/stats";
/// Everything that the default site holds, in one answer.
const ALL: &str = "/__sandbox/sites/acme/truth";

/// Starts it, asks for everything once, and answers the figures as Markdown.
///
/// # Errors
/// Where it takes longer, or more, than promised.
pub async fn figures(program: &Path) -> anyhow::Result<String> {
    let program = program.canonicalize().with_context(|| format!("`{}` is not there", program.display()))?;
    let address = free_address()?;
    let mut command = Command::new(program);
    command.args(["sandbox", "--dataset", "large", "--control", "--listen", &address.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let spawned = Instant::now();
    let mut process = command.spawn()?;
    let mut connection = loop {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.ask(&routes::get(ANSWERS)).await.is_ok_and(|answer| answer.status == 200)
        {
            break connection;
        }
        if let Some(status) = process.try_wait()? {
            bail!("the simulator ended ({status}) before it answered");
        }
        ensure!(spawned.elapsed() < PATIENCE, "the simulator does not answer");
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    let (started_in, at_start) = (spawned.elapsed(), resident_memory(process.id()));
    let all = connection.ask(&routes::get(ALL)).await?;
    ensure!(all.status == 200, "{ALL} answers {}", all.status);
    let peak = peak_memory(process.id());
    process.kill().await?;

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
