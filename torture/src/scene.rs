//! What a run happens in: a simulator of Atlassian, a database, processes of the program, and proxies between them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::child::{Launch, Process, free_address};
use crate::dice::Dice;
use crate::disk::SmallDisk;
use crate::http::{Answer, Request};
use crate::postgres::{self, Postgres};
use crate::proxy::Proxy;

/// Any 32 bytes, named and written as the program wants its keys.
pub const KEY: &str = "torture:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub const KEY_BYTES: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// Registered with the simulator. Nobody listens there: the harness plays the browser and takes the way itself.
pub const CALLBACK: &str = "http://localhost:3001/api/oauth/callback/atlassian";
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// What the simulator makes of a refresh token that is exchanged again within the leeway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Siblings {
    /// Every answer stays good.
    Lenient,
    /// Only the newest does.
    Strict,
}

impl Siblings {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lenient => "lenient",
            Self::Strict => "strict",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Setting {
    /// The program, built with failpoints.
    pub program: PathBuf,
    pub engine: Engine,
    pub siblings: Siblings,
    pub replicas: usize,
    /// How many people the simulator knows who can consent.
    pub people: usize,
    /// By how much the program's times are divided.
    pub scale: u32,
    /// Seconds that an access token lives, and that a used refresh token may be sent again.
    pub token_life: u64,
    pub leeway: u64,
    /// Milliseconds that the simulator waits before it works on a request.
    pub latency: u64,
    /// Whether the SQLite file lies on a disk of its own that can be filled up.
    pub small_disk: bool,
    pub seed: u64,
}

impl Setting {
    /// Times scaled by 150: a leeway of 4 s instead of 10 minutes.
    pub fn scaled(program: &Path, engine: Engine, siblings: Siblings) -> Self {
        Self::scaled_by(150, program, engine, siblings)
    }

    /// All times divided by `scale`. A token lives for 25 minutes, not for an hour, so that more is exchanged; the
    /// program begins to renew it 10 to 15 minutes before its end.
    pub fn scaled_by(scale: u32, program: &Path, engine: Engine, siblings: Siblings) -> Self {
        Self {
            program: program.to_owned(),
            engine,
            siblings,
            replicas: if engine == Engine::Postgres { 3 } else { 1 },
            people: 0,
            scale,
            token_life: 1_500 / u64::from(scale),
            leeway: 600 / u64::from(scale),
            latency: 0,
            small_disk: false,
            seed: 1,
        }
    }
}

/// Everything ends and is removed when this is dropped.
#[derive(Debug)]
pub struct Scene {
    pub setting: Setting,
    pub sandbox: Process,
    /// Between the program and the token endpoint.
    pub before_sandbox: Proxy,
    pub replicas: Vec<Arc<Mutex<Process>>>,
    pub addresses: Vec<SocketAddr>,
    pub database: Database,
    pub dice: Arc<Dice>,
    /// A line for each visit of a failpoint.
    pub visits: PathBuf,
    /// The disk of the SQLite file, where it has one of its own.
    pub disk: Option<SmallDisk>,
    directory: TempDir,
}

#[derive(Debug)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres(Box<Server>),
}

#[derive(Debug)]
pub struct Server {
    pub postgres: Mutex<Postgres>,
    /// Between the program and the server.
    pub proxy: Proxy,
    pub address: SocketAddr,
    pub name: String,
}

const DATABASE: &str = "torture";

impl Scene {
    /// Starts the simulator and the database and makes the processes, which are still to be started.
    pub async fn set(setting: Setting) -> anyhow::Result<Self> {
        let dice = Arc::new(Dice::new(setting.seed));
        let directory = tempfile::Builder::new().prefix("connector-torture-").tempdir()?;
        let sandbox = start_sandbox(&setting, directory.path()).await?;
        let disk =
            setting.small_disk.then(|| SmallDisk::mount(&directory.path().join("disk"))).transpose()?;
        let before_sandbox = Proxy::start(sandbox.address(), Arc::clone(&dice)).await?;
        let database = match setting.engine {
            Engine::Sqlite => {
                let folder = disk.as_ref().map_or(directory.path(), SmallDisk::path);
                Database::Sqlite(folder.join("torture.db"))
            }
            Engine::Postgres => {
                let postgres = Postgres::start().await?;
                postgres.create_database(DATABASE).await?;
                let address = postgres.address();
                let proxy = Proxy::start(address, Arc::clone(&dice)).await?;
                let name = DATABASE.to_owned();
                Database::Postgres(Box::new(Server { postgres: Mutex::new(postgres), proxy, address, name }))
            }
        };
        let visits = directory.path().join("visits");
        let mut scene = Self {
            setting,
            sandbox,
            before_sandbox,
            replicas: Vec::new(),
            addresses: Vec::new(),
            database,
            dice,
            visits,
            disk,
            directory,
        };
        for number in 0..scene.setting.replicas {
            let process = scene.replica(number)?;
            scene.addresses.push(process.address());
            scene.replicas.push(Arc::new(Mutex::new(process)));
        }
        Ok(scene)
    }

    /// [`set`](Self::set), and all processes serve.
    pub async fn start(setting: Setting) -> anyhow::Result<Self> {
        let scene = Self::set(setting).await?;
        for replica in &scene.replicas {
            replica.lock().await.start().await?;
        }
        Ok(scene)
    }

    fn replica(&self, number: usize) -> anyhow::Result<Process> {
        let address = free_address()?;
        let directory = self.directory.path().join(format!("replica-{number}"));
        std::fs::create_dir_all(&directory)?;
        Ok(Process::new(Launch {
            program: self.setting.program.clone(),
            arguments: vec!["serve".to_owned(), "--listen".to_owned(), address.to_string()],
            environment: self.environment(None),
            log: self.directory.path().join(format!("replica-{number}.log")),
            directory,
            address,
            health: "/healthz",
        }))
    }

    /// What the program is told, with these keys or the usual one.
    pub fn environment(&self, keys: Option<&str>) -> Vec<(String, String)> {
        let environment = [
            ("INTEGRATION_DB_URL", self.database_url()),
            ("ATLASSIAN_CLIENT_ID", "sandbox-client".to_owned()),
            ("ATLASSIAN_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("ATLASSIAN_REDIRECT_URI", CALLBACK.to_owned()),
            ("ATLASSIAN_AUTH_URL", format!("http://{}", self.before_sandbox.address())),
            ("ATLASSIAN_API_URL", format!("http://{}", self.sandbox.address())),
            ("CONNECTOR_AUTH", "required".to_owned()),
            ("CONNECTOR_RATE_LIMIT", "0".to_owned()),
            ("CONNECTOR_ENCRYPTION_KEYS", keys.unwrap_or(KEY).to_owned()),
            ("CONNECTOR_TORTURE_SCALE", self.setting.scale.to_string()),
            ("CONNECTOR_FAILPOINTS_LOG", self.visits.display().to_string()),
            ("LOG_LEVEL", std::env::var("TORTURE_LOG").unwrap_or_else(|_| "warn".to_owned())),
        ];
        environment.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The database as it lies on the disk: the SQLite file, whose write-ahead log is folded in by a stop. Nothing of a
    /// PostgreSQL server, which moves its files by itself.
    pub fn database_bytes(&self) -> std::io::Result<Vec<u8>> {
        match &self.database {
            Database::Sqlite(path) => std::fs::read(path),
            Database::Postgres(_) => Ok(Vec::new()),
        }
    }

    fn database_url(&self) -> String {
        match &self.database {
            Database::Sqlite(path) => format!("sqlite:///{}", path.display()),
            Database::Postgres(server) => postgres::url(server.proxy.address(), &server.name),
        }
    }

    /// The PostgreSQL server, where there is one.
    pub fn server(&self) -> Option<&Server> {
        match &self.database {
            Database::Sqlite(_) => None,
            Database::Postgres(server) => Some(server),
        }
    }

    /// One of the simulator's handles for tests.
    pub async fn control(&self, request: Request) -> anyhow::Result<Value> {
        let answer = request.send(self.sandbox.address(), PATIENCE).await.context("the simulator")?;
        accepted(&answer)?;
        Ok(answer.json())
    }

    /// The next request to the token endpoint goes wrong in this way.
    pub async fn spoil_next_exchange(&self, action: &Value) -> anyhow::Result<()> {
        let fault =
            json!({"match": {"method": "POST", "path": "/oauth/token"}, "times": 1, "action": action});
        self.control(Request::post("/__sandbox/faults").json(&fault)).await.map(drop)
    }

    /// Refuses what synchronizes content: a first sync follows each login and is not what is looked at.
    pub async fn without_content(&self) -> anyhow::Result<()> {
        let fault = json!({"match": {"path": "/ex/*"}, "action": {"status": 403}});
        self.control(Request::post("/__sandbox/faults").json(&fault)).await.map(drop)
    }

    pub async fn without_faults(&self) -> anyhow::Result<()> {
        self.before_sandbox.set(crate::proxy::Faults::default());
        if let Some(server) = self.server() {
            server.proxy.set(crate::proxy::Faults::default());
        }
        self.control(Request::new("DELETE", "/__sandbox/faults")).await?;
        self.without_content().await
    }

    /// The files in which answers wait for the database.
    pub fn spooled(&self) -> Vec<PathBuf> {
        let mut files = files_below(self.directory.path(), "spool");
        // By its lock a process shows that it lives.
        files.retain(|path| path.file_name().is_some_and(|name| name != "lock"));
        files
    }

    /// Keeps the logs where they can be read after the run.
    pub fn keep_logs(&self, name: &str) -> Option<PathBuf> {
        let kept = std::env::temp_dir().join(format!("connector-torture-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&kept).ok()?;
        for entry in std::fs::read_dir(self.directory.path()).ok()?.flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), kept.join(entry.file_name())).ok()?;
            }
        }
        Some(kept)
    }
}

/// The files in directories of this name and below them, however deep.
fn files_below(directory: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path, name));
        } else if path.components().any(|part| part.as_os_str().to_string_lossy().contains(name)) {
            found.push(path);
        }
    }
    found
}

fn accepted(answer: &Answer) -> anyhow::Result<()> {
    if !(200..300).contains(&answer.status) {
        bail!("the simulator answers {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}

async fn start_sandbox(setting: &Setting, directory: &Path) -> anyhow::Result<Process> {
    let address = free_address()?;
    let mut arguments: Vec<String> =
        ["sandbox", "--control", "--auto-consent", "--listen"].map(str::to_owned).to_vec();
    arguments.push(address.to_string());
    let options = [
        ("--projects", 1),
        ("--issues", 1),
        ("--spaces", 1),
        ("--pages", 1),
        ("--people", setting.people as u64),
        ("--access-token-ttl", setting.token_life),
        ("--refresh-leeway", setting.leeway),
        ("--latency", setting.latency),
    ];
    arguments.extend(options.into_iter().flat_map(|(name, value)| [name.to_owned(), value.to_string()]));
    arguments.extend(["--siblings", setting.siblings.name()].map(str::to_owned));
    let mut sandbox = Process::new(Launch {
        program: setting.program.clone(),
        arguments,
        environment: Vec::new(),
        directory: directory.to_owned(),
        log: directory.join("sandbox.log"),
        address,
        health: "/__sandbox/stats",
    });
    sandbox.start().await.context("the simulator")?;
    Ok(sandbox)
}
