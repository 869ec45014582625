//! A PostgreSQL server of our own, from the programs of a local installation: one that may be killed.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

const START_PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// Ended, with its files, when dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    account: Account,
    directory: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Postgres {
    /// A new cluster, as the installation makes it: what is committed is on disk.
    pub async fn start() -> anyhow::Result<Self> {
        let programs = programs().context("`initdb` and `postgres` are not installed")?;
        let account = Account::find()?;
        let directory = tempfile::Builder::new().prefix("connector-torture-postgres-").tempdir()?;
        if let Some((user, group)) = account.ids {
            std::os::unix::fs::chown(directory.path(), Some(user), Some(group))?;
        }
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700))?;
        let initdb = account
            .command(&programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--pgdata"])
            .arg(directory.path().join("data"))
            .output()?;
        if !initdb.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&initdb.stderr).trim());
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut postgres = Self { programs, account, directory, port, server: None };
        postgres.restart().await?;
        Ok(postgres)
    }

    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Starts it, where it was stopped, and waits until it serves.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = self.account.command(&self.programs.join("postgres"));
        command.arg("-D").arg(self.directory.path().join("data")).args(["-p", &self.port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"] {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.server = Some(command.spawn().context("postgres could not be started")?);
        let asked = Instant::now();
        let superuser = format!("postgres://postgres@{}/postgres", self.address());
        while let Err(reason) = PgConnection::connect(&superuser).await {
            let ended = self.server.as_mut().is_none_or(|server| !matches!(server.try_wait(), Ok(None)));
            if ended || asked.elapsed() > START_PATIENCE {
                let log = fs::read_to_string(self.log()).unwrap_or_default();
                let end: Vec<&str> = log.lines().rev().take(10).collect();
                bail!("postgres did not start: {reason}\n{}", end.join("\n"));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// PostgreSQL's immediate shutdown: no checkpoint, all sessions end, and the next start recovers.
    pub async fn stop_immediately(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        signal(server.id(), Signal::QUIT);
        while matches!(server.try_wait(), Ok(None)) {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Stops the server and its sessions in the middle of what they do, without ending them.
    pub fn pause(&self) {
        self.signal_all(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    fn signal_all(&self, what: Signal) {
        let Some(server) = &self.server else { return };
        let id = server.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        for process in children.split_whitespace().filter_map(|child| child.parse().ok()).chain([id]) {
            signal(process, what);
        }
    }

    /// An empty database of the program's, which is no superuser: its rights can be taken from it.
    pub async fn create_database(&self, name: &str) -> anyhow::Result<()> {
        self.execute("postgres", &format!("CREATE ROLE {PROGRAM} LOGIN")).await?;
        self.execute("postgres", &format!("CREATE DATABASE {name} OWNER {PROGRAM}")).await
    }

    /// Does something in a database as its superuser. Statements hold no foreign text: they are written in this crate.
    pub async fn execute(&self, database: &str, statement: &str) -> anyhow::Result<()> {
        let url = format!("postgres://postgres@{}/{database}", self.address());
        let mut connection = PgConnection::connect(&url).await?;
        connection.execute(sqlx::AssertSqlSafe(statement.to_owned())).await?;
        Ok(connection.close().await?)
    }

    /// Where its files lie.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A whole database as `pg_dump` writes it.
    pub fn dump(&self, database: &str) -> anyhow::Result<Vec<u8>> {
        let beside = self.programs.join("pg_dump");
        // A package of clients may have brought it.
        let program = if beside.is_file() { beside } else { PathBuf::from("pg_dump") };
        let mut command = self.account.command(&program);
        let output =
            command.arg(format!("--dbname=postgres://postgres@{}/{database}", self.address())).output()?;
        if !output.status.success() {
            bail!("pg_dump: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(output.stdout)
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

/// The program's role.
pub const PROGRAM: &str = "connector";

/// The program's URL of a database at `address`, which may be a proxy's.
pub fn url(address: SocketAddr, database: &str) -> String {
    format!("postgres://{PROGRAM}@{address}/{database}")
}

pub(crate) fn signal(process: u32, what: Signal) {
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // A process that has just ended cannot be signalled, and need not be.
        let _ = kill_process(pid, what);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.resume();
        let Some(mut server) = self.server.take() else { return };
        signal(server.id(), Signal::QUIT);
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(10) && matches!(server.try_wait(), Ok(None)) {
            std::thread::sleep(POLL);
        }
        let _ = server.kill();
        let _ = server.wait();
    }
}

/// PostgreSQL refuses to run as root, so root starts it as the account that the installation made for it.
#[derive(Debug)]
struct Account {
    ids: Option<(u32, u32)>,
}

impl Account {
    fn find() -> anyhow::Result<Self> {
        if id(&["-u"])? != 0 {
            return Ok(Self { ids: None });
        }
        Ok(Self { ids: Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)) })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // The directory we are in may be closed to that account.
        command.current_dir(std::env::temp_dir());
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
        command
    }
}

fn id(args: &[&str]) -> anyhow::Result<u32> {
    let output = Command::new("id").args(args).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().context("root cannot run PostgreSQL, and there is no account `postgres`")
}

/// Whether a cluster can be made here.
pub fn is_installed() -> bool {
    programs().is_some()
}

/// The directory with `initdb` and `postgres`: in the PATH, or where Debian and Homebrew put them; the newest.
fn programs() -> Option<PathBuf> {
    let in_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut versions: Vec<PathBuf> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path().join("bin")))
        .collect();
    versions.sort();
    let mut places = in_path.unwrap_or_default().into_iter().chain(versions.into_iter().rev());
    places.find(|place| place.join("initdb").is_file() && place.join("postgres").is_file())
}
