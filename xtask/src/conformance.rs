//! The sandbox and the client before witnesses: Atlassian's documents, and other people's clients.

use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum;

use crate::cargo;

/// A workspace of its own: its schema validator is not for everybody who builds the product.
const MANIFEST: &str = "conformance/Cargo.toml";

/// Cargo in that workspace, which shares the target directory of this one: much of what it needs is built there.
fn cargo_there(args: &[&str]) -> anyhow::Result<Command> {
    let mut command = cargo::cargo(args);
    command.args(["--manifest-path", MANIFEST, "--target-dir"]).arg(cargo::target_directory()?);
    Ok(command)
}

/// Format and lints of that workspace.
pub fn check() -> anyhow::Result<()> {
    cargo::run(&mut cargo::cargo(&["fmt", "--manifest-path", MANIFEST, "--check"]))?;
    let mut clippy = cargo_there(&["clippy", "--quiet", "--locked", "--all-targets"])?;
    cargo::run(clippy.args(["--", "-D", "warnings"]))
}

#[derive(clap::Args)]
pub struct Args {
    /// The folder with Atlassian's OpenAPI documents; otherwise `CONNECTOR_ATLASSIAN_SPECS`, otherwise
    /// `../shared/atlassian/specs` where it is there.
    #[arg(long, value_name = "DIR")]
    specs: Option<PathBuf>,
    /// One part only.
    #[arg(long, value_enum)]
    only: Option<Part>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Part {
    Documents,
    Clients,
    Api,
}

/// Its tests, then what it says.
pub fn run(args: &Args) -> anyhow::Result<()> {
    if args.only.is_none() {
        cargo::run(&mut cargo_there(&["test", "--quiet", "--locked"])?)?;
    }
    let mut command = cargo_there(&["run", "--quiet", "--locked"])?;
    command.arg("--");
    if let Some(folder) = &args.specs {
        // It was named from where the task was called, and the task runs elsewhere.
        command.arg("--specs").arg(std::path::absolute(folder)?);
    }
    if let Some(part) = args.only.and_then(|part| part.to_possible_value()) {
        command.arg("--only").arg(part.get_name());
    }
    cargo::run(&mut command)
}
