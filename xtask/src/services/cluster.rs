//! A private PostgreSQL server for one run, from the programs of a local installation.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::postgres;

const START_PATIENCE: Duration = Duration::from_secs(30);
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Settings for data that nobody keeps.
const THROWAWAY: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// Stops the server and removes its files when dropped. An interrupt from the keyboard reaches the server too,
/// because it runs in the same process group; then only its files stay behind.
pub struct Cluster {
    server: Child,
    data: PathBuf,
    port: u16,
}

impl Cluster {
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

pub fn start() -> Result<Cluster, String> {
    let programs = programs().ok_or("`initdb` and `postgres` are not installed")?;
    let account = Account::find()?;
    let data = std::env::temp_dir().join(format!("connector-test-postgres-{}", std::process::id()));
    let initdb = account
        .command(&programs.join("initdb"))
        .args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ])
        .arg(&data)
        .output()
        .map_err(|error| format!("initdb: {error}"))?;
    if !initdb.status.success() {
        let _ = fs::remove_dir_all(&data);
        return Err(format!("initdb: {}", String::from_utf8_lossy(&initdb.stderr).trim()));
    }
    let mut cluster = serve(&programs, &account, data)?;
    cluster.wait_until_ready()?;
    Ok(cluster)
}

fn serve(programs: &Path, account: &Account, data: PathBuf) -> Result<Cluster, String> {
    let port = free_port().map_err(|error| error.to_string())?;
    let log = File::create(data.join("server.log")).map_err(|error| error.to_string())?;
    let mut command = account.command(&programs.join("postgres"));
    command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
    for setting in THROWAWAY {
        command.args(["-c", setting]);
    }
    let server = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("postgres: {error}"))?;
    Ok(Cluster { server, data, port })
}

impl Cluster {
    fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        loop {
            let Err(reason) = postgres::probe(&self.url()) else { return Ok(()) };
            let ended = self.server.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || started.elapsed() > START_PATIENCE {
                let log = fs::read_to_string(self.data.join("server.log")).unwrap_or_default();
                return Err(format!("postgres did not start: {reason}\n{}", log.trim()));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGQUIT is PostgreSQL's immediate shutdown, which also ends sessions that are still open.
        let _ = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let asked = Instant::now();
        while asked.elapsed() < STOP_PATIENCE && matches!(self.server.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// PostgreSQL refuses to run as root, so root starts it as the account that the installation made for it.
struct Account {
    ids: Option<(u32, u32)>,
}

impl Account {
    fn find() -> Result<Self, String> {
        if id(&["-u"])? != 0 {
            return Ok(Self { ids: None });
        }
        let ids = (id(&["-u", "postgres"])?, id(&["-g", "postgres"])?);
        Ok(Self { ids: Some(ids) })
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

fn id(args: &[&str]) -> Result<u32, String> {
    let output = Command::new("id").args(args).output().map_err(|error| format!("id: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| "root cannot run it, and there is no account `postgres`".to_owned())
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

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
