//! The simulator of Atlassian, as a process of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::http::{Answer, Connection, request};
use crate::subject::free_address;

const PATIENCE: Duration = Duration::from_secs(30);
const STATS: &str = "/__sandbox/stats";
/// The test handles' own.
const HANDLES: &str = "/__sandbox/";
const TOO_MANY: u64 = 429;

/// Ended when dropped.
pub struct Simulator {
    process: Child,
    pub address: SocketAddr,
    /// From the call that made the process to its first answer.
    pub started_in: Duration,
}

impl Simulator {
    pub async fn start(program: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let program =
            program.canonicalize().with_context(|| format!("`{}` is not there", program.display()))?;
        let address = free_address()?;
        let mut command = Command::new(program);
        command.args(["sandbox", "--control", "--listen", &address.to_string()]).args(options);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let spawned = Instant::now();
        let process = command.spawn()?;
        let mut simulator = Self { process, address, started_in: Duration::ZERO };
        while simulator.ask("GET", STATS, b"").await.is_err() {
            if let Some(status) = simulator.process.try_wait()? {
                bail!("the simulator ended ({status}) before it answered");
            }
            ensure!(spawned.elapsed() < PATIENCE, "the simulator does not answer");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        simulator.started_in = spawned.elapsed();
        Ok(simulator)
    }

    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// # Errors
    /// Where the answer is a refusal, too.
    pub async fn ask(&self, method: &str, path: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let headers = [("host", "localhost"), ("content-type", "application/json")];
        let request = request(method, path, &headers, body);
        let answer = Connection::open(self.address).await?.ask(&request).await?;
        if answer.status >= 400 {
            bail!("{path} answers {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(answer)
    }

    /// What was asked of Atlassian since [`forget_calls`](Self::forget_calls).
    pub async fn calls(&self) -> anyhow::Result<Calls> {
        let answer = self.ask("GET", STATS, b"").await?;
        Ok(Calls::of(&serde_json::from_slice(&answer.body).context("the calls cannot be read")?))
    }

    pub async fn forget_calls(&self) -> anyhow::Result<()> {
        self.ask("DELETE", STATS, b"").await.map(drop)
    }
}

#[derive(Default)]
pub struct Calls {
    /// Those that were let through, by method and route: what a limit on an endpoint counts.
    by_endpoint: BTreeMap<String, u64>,
    /// Those that met a limit.
    pub refused: u64,
    /// How many were under way at most at a time.
    pub at_once: u64,
}

impl Calls {
    fn of(stats: &Value) -> Self {
        let at_once = stats["max_in_flight"].as_u64().unwrap_or(0);
        let mut calls = Self { at_once, ..Self::default() };
        for row in stats["requests"].as_array().into_iter().flatten() {
            let (route, count) =
                (row["route"].as_str().unwrap_or_default(), row["count"].as_u64().unwrap_or(0));
            if route.starts_with(HANDLES) {
                continue;
            }
            if row["status"] == TOO_MANY {
                calls.refused += count;
            } else {
                let endpoint = format!("{} {route}", row["method"].as_str().unwrap_or_default());
                *calls.by_endpoint.entry(endpoint).or_default() += count;
            }
        }
        calls
    }

    pub fn total(&self) -> u64 {
        self.by_endpoint.values().sum::<u64>() + self.refused
    }

    /// By endpoint, for whoever looks on.
    pub fn told(&self) -> String {
        let by_endpoint = self.by_endpoint.iter().map(|(endpoint, count)| format!("  {count:>7} {endpoint}"));
        let head = format!("{} calls, {} at once, {} refused", self.total(), self.at_once, self.refused);
        std::iter::once(head).chain(by_endpoint).collect::<Vec<_>>().join("\n")
    }

    /// The endpoint with the most calls.
    pub fn busiest(&self) -> Option<(&str, u64)> {
        let busiest = self.by_endpoint.iter().max_by_key(|(_, count)| **count)?;
        Some((busiest.0, *busiest.1))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_calls_of_atlassian_count_and_those_that_met_a_limit_stand_apart() {
        let row = |method, route, status, count: u64| json!({ "method": method, "route": route, "status": status, "count": count });
        let stats = json!({ "requests": [
            row("GET", "/a", 200, 5), row("GET", "/a", 404, 2), row("GET", "/a", 429, 1), row("POST", "/a", 200, 6),
            row("GET", "/__sandbox/stats", 200, 9),
        ]});
        let calls = Calls::of(&stats);
        assert_eq!((calls.total(), calls.refused), (14, 1));
        assert_eq!(calls.busiest(), Some(("GET /a", 7)));
    }
}
