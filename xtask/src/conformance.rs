//! The sandbox and the client before witnesses: Atlassian's documents, and other people's clients.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cargo;

/// A workspace of its own: its schema validator is not for everybody who builds the product.
const MANIFEST: &str = "conformance/Cargo.toml";

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
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut command = cargo::cargo(&["run", "--quiet", "--locked", "--manifest-path", MANIFEST, "--"]);
    if let Some(folder) = &args.specs {
        // It was named from where the task was called, and the task runs elsewhere.
        command.arg("--specs").arg(std::path::absolute(folder)?);
    }
    if let Some(part) = args.only.and_then(|part| part.to_possible_value()) {
        command.arg("--only").arg(part.get_name());
    }
    cargo::run(&mut command)
}
