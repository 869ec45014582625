//! The OpenAPI document that lies in the repository, for those who read or generate without building.

use std::fs;

use anyhow::{Context, bail};

use crate::cargo;

const DOCUMENT: &str = "docs/openapi.json";

#[derive(clap::Args, Clone, Copy)]
pub struct Args {
    /// Write nothing; fail when the document is not what the program prints.
    #[arg(long)]
    check: bool,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let path = cargo::root().join(DOCUMENT);
    let printed = cargo::output(&mut cargo::cargo(&[
        "run",
        "--quiet",
        "--package",
        "connector-cli",
        "--bin",
        "connector",
        "--",
        "openapi",
    ]))?;
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept == printed {
        eprintln!("{DOCUMENT} is up to date");
    } else if args.check {
        bail!("{DOCUMENT} is not what the program prints; run `cargo xtask openapi`");
    } else {
        fs::write(&path, printed).with_context(|| format!("{DOCUMENT} could not be written"))?;
        eprintln!("{DOCUMENT} is written");
    }
    Ok(())
}
