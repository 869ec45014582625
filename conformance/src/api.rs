//! The service's own API before a witness: schemathesis calls every operation of the OpenAPI document, with what the
//! document allows and with what it does not, as the document says, and looks whether the answers are as it says.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use connector_domain::KeyScope;
use connector_store::Engine;
use connector_testkit::{AuthMode, TestApp};
use tokio::process::Command;

use crate::clients::install::{SCHEMATHESIS, Workshop};

/// How long each mode is tried, at most.
const LASTS: Duration = Duration::from_mins(1);
/// Beyond what it needs to start and to tell.
const PATIENCE: Duration = Duration::from_mins(3);
/// Test cases per operation.
const CASES: &str = "40";
/// The same cases every time: a run that fails can be repeated.
const SEED: &str = "1";
/// Whether the service crashes, and whether answers are as the document says: status, type, header, body.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,allow_header_conformance,ignored_auth";

/// Answers what is wrong, mode by mode; where it cannot be installed here it is only said, unless it may not be left
/// out.
#[expect(clippy::print_stdout, reason = "the report is this program's result")]
pub async fn run(all_needed: bool) -> anyhow::Result<Vec<String>> {
    let workshop = Workshop::new()?;
    let python = match workshop.python("schemathesis", SCHEMATHESIS).await {
        Ok(python) => python,
        Err(why) if !all_needed => {
            println!("schemathesis: left out, it could not be installed here: {why:#}");
            return Ok(Vec::new());
        }
        Err(why) => return Ok(vec![format!("schemathesis: could not be installed: {why:#}")]),
    };
    let mut failures = Vec::new();
    for (name, auth) in [("public", AuthMode::Public), ("required", AuthMode::Required)] {
        match try_out(&python, workshop.path(), auth).await? {
            Ok(summary) => println!("schemathesis, {name} mode: {summary}"),
            Err(told) => failures.push(format!("schemathesis, {name} mode:\n{told}")),
        }
    }
    Ok(failures)
}

/// The last line of what it told, or all of it where it found something.
async fn try_out(python: &Path, folder: &Path, auth: AuthMode) -> anyhow::Result<Result<String, String>> {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.auth = auth).await;
    let app = app.context("SQLite is always there")?;
    let _person = app.connected().await;
    let program = python.with_file_name("st");
    let mut command = Command::new(program);
    command.args(["run", &format!("{}/openapi.json", app.url), "--phases", "examples,coverage,fuzzing"]);
    command.args(["--checks", CHECKS, "--max-examples", CASES, "--seed", SEED, "--workers", "1"]);
    command.args(["--max-time", &LASTS.as_secs().to_string(), "--request-timeout", "20", "--no-color"]);
    // Where a login leads is Atlassian's. The events of a sync go on for as long as it does.
    command.args(["--max-redirects", "0", "--suppress-health-check", "all", "--warnings", "off"]);
    if auth == AuthMode::Required {
        let key = app.connections.create_api_key(
            connector_domain::Actor::Operator,
            connector_connections::NewApiKey {
                name: "schemathesis".to_owned(),
                scopes: [KeyScope::Admin].into_iter().collect(),
                user_id: None,
                lifetime: Duration::from_hours(24),
            },
        );
        let (_, key) = key.await?;
        command.args(["--header", &format!("Authorization: Bearer {}", key.expose())]);
    }
    let running = command.current_dir(folder).kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE, running).await.context("schemathesis did not end")??;
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(Ok(told
            .lines()
            .rev()
            .find(|line| !line.trim_matches(['=', ' ']).is_empty())
            .unwrap_or("")
            .trim()
            .to_owned()))
    } else {
        Ok(Err(told))
    }
}
