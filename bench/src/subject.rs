//! The program that is measured, as a process of its own.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

use crate::database::Database;
use crate::http::Connection;
use crate::routes;

const START_PATIENCE: Duration = Duration::from_secs(30);
const STOP_PATIENCE: Duration = Duration::from_secs(12);
/// Any 32 bytes, named and written as the program wants its keys.
const KEY: &str = "bench:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Nobody listens on this port and no measured route asks Atlassian.
const NO_ATLASSIAN: &str = "http://127.0.0.1:9";

/// The settings that say where the data is, and how it is sealed.
pub fn place(database: &Database) -> [(&str, &str); 2] {
    [("INTEGRATION_DB_URL", database.url.as_str()), ("CONNECTOR_ENCRYPTION_KEYS", KEY)]
}

/// Ended when dropped, whatever it is doing.
pub struct Subject {
    process: Child,
    pub address: SocketAddr,
    /// From the call that made the process to its first answer.
    pub started_in: Duration,
    log: PathBuf,
}

impl Subject {
    pub async fn start(program: &Path, database: &Database) -> anyhow::Result<Self> {
        Self::start_with(program, database, &[]).await
    }

    /// With these settings too; they win.
    pub async fn start_with(
        program: &Path,
        database: &Database,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let address = free_address()?;
        let directory = database.directory.path();
        let log = directory.join("log");
        let output = OpenOptions::new().create(true).append(true).open(&log)?;
        let mut command = Command::new(program.canonicalize().with_context(|| {
            format!("`{}` is not there; build it with `cargo build --release`", program.display())
        })?);
        command.args(["serve", "--listen", &address.to_string()]).current_dir(directory).env_clear();
        command.envs(place(database)).envs([
            ("ATLASSIAN_CLIENT_ID", "bench-client"),
            ("ATLASSIAN_CLIENT_SECRET", "bench-secret"),
            ("ATLASSIAN_AUTH_URL", NO_ATLASSIAN),
            ("ATLASSIAN_API_URL", NO_ATLASSIAN),
        ]);
        let callback = format!("http://localhost:{}/api/oauth/callback/atlassian", address.port());
        command.env("ATLASSIAN_REDIRECT_URI", callback).envs(settings.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).kill_on_drop(true);
        let spawned = Instant::now();
        let process =
            command.spawn().with_context(|| format!("`{}` could not be started", program.display()))?;
        let mut subject = Self { process, address, started_in: Duration::ZERO, log };
        subject.wait_until_healthy(spawned).await?;
        subject.started_in = spawned.elapsed();
        Ok(subject)
    }

    async fn wait_until_healthy(&mut self, spawned: Instant) -> anyhow::Result<()> {
        let request = routes::get("/healthz");
        loop {
            let last = match Connection::open(self.address).await {
                Ok(mut connection) => match connection.ask(&request).await {
                    Ok(answer) if answer.status == 200 => return Ok(()),
                    Ok(answer) => format!("/healthz answers {}", answer.status),
                    Err(error) => error.to_string(),
                },
                Err(error) => error.to_string(),
            };
            if let Some(status) = self.process.try_wait()? {
                bail!("the program ended ({status}) before it answered:\n{}", self.log_end());
            }
            if spawned.elapsed() > START_PATIENCE {
                bail!("the program did not start to answer ({last}):\n{}", self.log_end());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Empties the log, which would otherwise grow by a line for each of some millions of requests.
    pub fn clear_log(&self) {
        let _ = OpenOptions::new().write(true).open(&self.log).and_then(|log: File| log.set_len(0));
    }

    pub fn log_end(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(2_000)..]).into_owned()
    }

    /// Asks the program to end and waits for it.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.process.id().context("the program ended by itself")?;
        Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        if tokio::time::timeout(STOP_PATIENCE, self.process.wait()).await.is_err() {
            bail!("the program did not stop within {} s of SIGTERM", STOP_PATIENCE.as_secs());
        }
        Ok(())
    }
}

pub fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
