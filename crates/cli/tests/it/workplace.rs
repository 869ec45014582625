//! Where a program is started: a folder, an environment, and what it connects to.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use connector_store::Engine;
use connector_testkit::{Browser, Sandbox, SandboxOptions, TestDatabase};
use tokio::process::Command;

use crate::program::{Ended, Program};

pub const KEY: &str = "test-1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// An empty folder to work in, and nothing of the environment of the tests.
pub struct Workplace {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Workplace {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// Sets a variable for all programs that are started here from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file that a database gets when nobody says where.
    pub fn database(&self) -> PathBuf {
        self.folder().join("integration.db")
    }

    pub fn start(&self, arguments: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_connector"));
        command.args(arguments).current_dir(self.folder()).env_clear();
        command.env("TMPDIR", self.folder()).envs(self.variables.iter().cloned());
        Program::start(command)
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end().await
    }
}

/// A service that can be started, killed and started again, with the sandbox that it connects to.
pub struct Site {
    pub workplace: Workplace,
    pub sandbox: Sandbox,
    port: u16,
    /// On PostgreSQL.
    pub database: Option<TestDatabase>,
}

impl Site {
    /// `None` where the tests do without this engine.
    pub async fn new(engine: Engine) -> Option<Self> {
        Self::with(engine, SandboxOptions::default()).await
    }

    /// The same, with another sandbox than the usual one.
    pub async fn with(engine: Engine, options: SandboxOptions) -> Option<Self> {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(TestDatabase::empty(engine).await?),
        };
        let port = free_port();
        let callback = format!("http://127.0.0.1:{port}/api/oauth/callback/atlassian");
        let options = SandboxOptions { redirect_uri: vec![callback.clone()], ..options };
        let sandbox = Sandbox::start(options).await;
        let mut workplace = Workplace::new()
            .with("ATLASSIAN_CLIENT_ID", "sandbox-client")
            .with("ATLASSIAN_CLIENT_SECRET", "sandbox-secret")
            .with("ATLASSIAN_REDIRECT_URI", &callback)
            .with("ATLASSIAN_AUTH_URL", &sandbox.url)
            .with("ATLASSIAN_API_URL", &sandbox.url);
        if let Some(database) = &database {
            workplace.set("INTEGRATION_DB_URL", database.url_text());
            workplace.set("CONNECTOR_ENCRYPTION_KEYS", KEY);
        }
        Some(Self { workplace, sandbox, port, database })
    }

    /// Starts the service, and waits until it serves.
    pub async fn serve(&self) -> Program {
        self.serve_at(self.port).await
    }

    /// One more process of the service, on the same database.
    pub async fn serve_at(&self, port: u16) -> Program {
        let service = self.workplace.start(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        service.line("\"serving\"").await;
        service
    }

    pub fn browser(&self) -> Browser {
        Browser::new(&format!("http://127.0.0.1:{}", self.port))
    }
}

/// A port for a service whose address must be known before it runs. Outside of the range from which the system takes
/// ports for others, and tried out.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(process::id() % 500 * 20).unwrap_or(0);
    loop {
        let port = 15_000 + (first + NEXT.fetch_add(1, Ordering::SeqCst)) % 15_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
