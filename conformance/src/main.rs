//! The command: compares, prints what was compared, and fails where anything is wrong.

#![expect(clippy::print_stdout, reason = "the report is this program's result")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use clap::{Parser, ValueEnum};
use connector_conformance::{api, clients, documents};

const FOLDER_VAR: &str = "CONNECTOR_ATLASSIAN_SPECS";
/// Beside the repository.
const USUAL_FOLDER: &str = "../../shared/atlassian/specs";

/// Checks the sandbox and the client against Atlassian's documents and other people's clients.
///
/// With `CI=true` nothing may be left out: neither the documents nor a client that cannot be installed.
#[derive(Parser)]
#[command(name = "connector-conformance")]
struct Cli {
    /// The folder with Atlassian's OpenAPI documents; otherwise `CONNECTOR_ATLASSIAN_SPECS`, otherwise
    /// `../shared/atlassian/specs` beside the repository
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// One part only
    #[arg(long, value_enum)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Documents,
    Clients,
    /// The service's own API, against its own document.
    Api,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(failures) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(failures) => {
            println!("\n{} things are wrong:", failures.len());
            for failure in &failures {
                println!("  {failure}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<Vec<String>> {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let wants = |part| cli.only.is_none_or(|only| only == part);
    let (wants_documents, wants_clients) = (wants(Part::Documents), wants(Part::Clients));
    let folder = if wants_documents { documents_folder(cli, in_ci)? } else { None };
    // Clients are waited for, mostly while they are fetched; documents are compared meanwhile.
    let clients = tokio::spawn(async move {
        if !wants_clients {
            return Ok(Vec::new());
        }
        let started = Instant::now();
        let failures = clients::run(in_ci).await?;
        println!("clients: {:.0} s", started.elapsed().as_secs_f64());
        anyhow::Ok(failures)
    });
    let mut failures = Vec::new();
    if let Some(folder) = folder {
        let started = Instant::now();
        failures.extend(documents::requests(&folder).await?);
        failures.extend(documents::answers(&folder).await?);
        println!("documents: {:.0} s\n", started.elapsed().as_secs_f64());
    }
    failures.extend(clients.await??);
    // By itself: what else runs would make it slow, and it has its time.
    if wants(Part::Api) {
        let started = Instant::now();
        failures.extend(api::run(in_ci).await?);
        println!("api: {:.0} s", started.elapsed().as_secs_f64());
    }
    Ok(failures)
}

/// `None` where the documents are not there and need not be.
fn documents_folder(cli: &Cli, in_ci: bool) -> anyhow::Result<Option<PathBuf>> {
    let named = cli.specs.clone().or_else(|| std::env::var_os(FOLDER_VAR).map(PathBuf::from));
    let folder = named.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(USUAL_FOLDER));
    if folder.is_dir() {
        return Ok(Some(folder));
    }
    let needed = in_ci || named.is_some() || cli.only == Some(Part::Documents);
    let missing = "Atlassian's documents are not there";
    if needed {
        bail!("{missing}: {} is no folder (name one by --specs or {FOLDER_VAR})", folder.display());
    }
    println!(
        "{missing}: what they say is left out of this run (--specs or {FOLDER_VAR} names their folder)\n"
    );
    Ok(None)
}
