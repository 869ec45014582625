//! `connector-conformance`: what `cargo xtask conformance` runs.

#![expect(clippy::print_stdout, reason = "the report is this program's result")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use connector_conformance::{clients, documents};

/// Checks the sandbox and the client against Atlassian's documents and other people's clients.
#[derive(Parser)]
#[command(name = "connector-conformance")]
struct Cli {
    /// The folder with Atlassian's OpenAPI documents.
    #[arg(long, value_name = "DIR", required_unless_present = "only", required_if_eq("only", "documents"))]
    specs: Option<PathBuf>,
    /// One part only.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Fail where a client cannot be installed.
    #[arg(long)]
    all_clients: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Documents,
    Clients,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli).await {
        Ok(failures) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(failures) => {
            println!("\n{} things are wrong:", failures.len());
            failures.iter().for_each(|failure| println!("  {failure}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> anyhow::Result<Vec<String>> {
    let mut failures = Vec::new();
    if let (Some(specs), None | Some(Part::Documents)) = (&cli.specs, cli.only) {
        failures.extend(documents::requests(specs).await?);
        failures.extend(documents::answers(specs).await?);
    }
    if cli.only != Some(Part::Documents) {
        println!();
        failures.extend(clients::run(cli.all_clients).await?);
    }
    Ok(failures)
}
