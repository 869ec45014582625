//! Running a client's driver, and reading what it tells.

use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_sandbox::{API_TOKEN, CLIENT_ID, CLIENT_SECRET, DEFAULT_CLOUD_ID};
use connector_testkit::Browser;
use serde_json::Value;
use tokio::process::Command;

use super::expect::{SITE, Truth};
use super::{Client, Installed, Kind, LONGEST};
use crate::walk::consent::{self, CALLBACK, Person, SCOPES};

const EMAIL: &str = "ada@example.com";

/// One line of a driver.
#[derive(Debug)]
pub struct Told {
    pub way: String,
    pub step: String,
    pub outcome: Result<Value, String>,
}

/// Why nothing was told.
#[derive(Debug)]
pub enum NotRun {
    NotInstalled(String),
    Failed(String),
}

/// What a driver is told by its environment.
#[derive(Debug)]
pub struct Setting(Vec<(&'static str, String)>);

impl Setting {
    /// With a code that was not exchanged yet, for clients that log in themselves, and a token for the others.
    pub async fn new(browser: &Browser, truth: &Truth) -> anyhow::Result<Self> {
        let code = consent::code(browser, Person::Ada, SITE, SCOPES).await?;
        let token =
            consent::token(browser, &consent::code(browser, Person::Ada, SITE, SCOPES).await?).await?;
        Ok(Self(vec![
            ("SANDBOX", browser.base().as_str().trim_end_matches('/').to_owned()),
            ("SITE", SITE.to_owned()),
            ("CLOUD_ID", DEFAULT_CLOUD_ID.to_owned()),
            ("EMAIL", EMAIL.to_owned()),
            ("API_TOKEN", API_TOKEN.to_owned()),
            ("CLIENT_ID", CLIENT_ID.to_owned()),
            ("CLIENT_SECRET", CLIENT_SECRET.to_owned()),
            ("CALLBACK", CALLBACK.to_owned()),
            ("CODE", code),
            ("ACCESS_TOKEN", token),
            ("ISSUE", truth.issue.clone()),
            ("PAGE", truth.page.clone()),
        ]))
    }
}

/// The `Authorization` of a person with an API token.
pub fn basic_header() -> String {
    format!("Basic {}", STANDARD.encode(format!("{EMAIL}:{API_TOKEN}")))
}

/// Runs a client in the folder of the drivers.
pub async fn try_out(
    client: &Client,
    installed: Installed,
    folder: &Path,
    setting: Setting,
) -> Result<Vec<Told>, NotRun> {
    let program = installed.map_err(NotRun::NotInstalled)?;
    let mut command = Command::new(program);
    if let Kind::Python(_) = client.kind {
        command.args(["-W", "ignore", "-B"]);
    }
    // Nothing of the machine's own settings: neither its proxies nor its credentials.
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ] {
        command.env_remove(name);
    }
    let running = command
        .arg(client.driver)
        .current_dir(folder)
        .envs(setting.0)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(LONGEST, running).await;
    let output = ended.map_err(|_| NotRun::Failed(format!("did not end within {LONGEST:?}")))?;
    let output = output.map_err(|error| NotRun::Failed(format!("could not be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        return Err(NotRun::Failed(format!(
            "the driver broke off: {}",
            last[last.len().saturating_sub(5)..].join(" | ")
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(told).collect())
}

fn told(line: &str) -> Option<Told> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line[name].as_str().map(str::to_owned);
    let outcome = match text("error") {
        Some(error) => Err(error),
        None => Ok(line["value"].clone()),
    };
    Some(Told { way: text("way")?, step: text("step")?, outcome })
}
