//! A process of the program under test: started, killed, paused, started again at the same address.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::Signal;
use tokio::process::{Child, Command};

use crate::http::Request;
use crate::postgres::signal;

const START_PATIENCE: Duration = Duration::from_mins(1);
const STOP_PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);

/// How a process is started, each time anew.
#[derive(Debug, Clone)]
pub struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// Also the working directory, so that no settings file of a developer reaches it.
    pub directory: PathBuf,
    pub log: PathBuf,
    /// Where it listens, and the path that answers 200 once it serves.
    pub address: SocketAddr,
    pub health: &'static str,
}

/// Killed when dropped.
#[derive(Debug)]
pub struct Process {
    launch: Launch,
    child: Option<Child>,
}

impl Process {
    pub fn new(launch: Launch) -> Self {
        Self { launch, child: None }
    }

    pub fn address(&self) -> SocketAddr {
        self.launch.address
    }

    pub fn id(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    pub fn log(&self) -> &Path {
        &self.launch.log
    }

    /// Another environment from the next start on.
    pub fn set_variable(&mut self, name: &str, value: Option<&str>) {
        self.launch.environment.retain(|(known, _)| known != name);
        self.launch.environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Starts it without waiting for anything.
    pub fn spawn(&mut self) -> anyhow::Result<()> {
        let Launch { program, arguments, environment, directory, log, .. } = &self.launch;
        let output = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(directory).env_clear();
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).kill_on_drop(true);
        let child =
            command.spawn().with_context(|| format!("`{}` could not be started", program.display()))?;
        self.child = Some(child);
        Ok(())
    }

    /// Starts it and waits until it serves.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.spawn()?;
        if !self.until_healthy(START_PATIENCE).await? {
            bail!("the program did not begin to answer:\n{}", self.log_end());
        }
        Ok(())
    }

    /// Waits until it serves; `false` where it does not within that time. An end before is an error.
    pub async fn until_healthy(&mut self, within: Duration) -> anyhow::Result<bool> {
        let asked = Instant::now();
        while asked.elapsed() < within {
            let answer = Request::get(self.launch.health).send(self.address(), within).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(true);
            }
            if let Some(status) = self.has_ended()? {
                bail!("the program ended ({status}) before it answered:\n{}", self.log_end());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(false)
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> anyhow::Result<Option<String>> {
        let Some(child) = &mut self.child else { return Ok(Some("not started".to_owned())) };
        Ok(child.try_wait()?.map(|status| status.to_string()))
    }

    /// SIGKILL, and waits until the process is gone.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        signal(child.id().context("the program ended by itself")?, Signal::TERM);
        match tokio::time::timeout(STOP_PATIENCE, child.wait()).await {
            Ok(ended) => ended.map(drop).map_err(Into::into),
            Err(_) => bail!("the program did not stop within {} s of SIGTERM", STOP_PATIENCE.as_secs()),
        }
    }

    /// Waits until the process has ended by itself.
    pub async fn until_ended(&mut self, within: Duration) -> anyhow::Result<bool> {
        let Some(child) = &mut self.child else { return Ok(true) };
        let ended = tokio::time::timeout(within, child.wait()).await;
        if ended.is_ok() {
            self.child = None;
        }
        Ok(ended.is_ok())
    }

    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, what: Signal) {
        if let Some(id) = self.id() {
            signal(id, what);
        }
    }

    /// The end of what it has logged.
    pub fn log_end(&self) -> String {
        let log = std::fs::read(&self.launch.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(3_000)..]).into_owned()
    }
}

/// An address of this machine that nobody listens on.
pub fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The most memory that was resident so far, in bytes; `None` where there is no /proc.
pub fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
