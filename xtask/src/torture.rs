//! Builds the program with failpoints, in a profile of its own, and tortures it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::cargo;

const FIGURES: &str = "docs/reliability.md";
const PROFILE: &str = "torture";

#[derive(clap::Args)]
pub struct Args {
    /// As much as the published figures need: about an hour and a half.
    #[arg(long, conflicts_with = "minutes")]
    long: bool,
    /// About so many minutes of random kills over all engines and readings.
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// Only these runs, separated by commas; an unknown name lists them.
    #[arg(long, value_name = "NAME,…")]
    only: Option<String>,
    /// The choices of another run.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Put the figures into docs/reliability.md too.
    #[arg(long)]
    write: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    for (package, extra) in [("connector-cli", &["--features", "failpoints"][..]), ("connector-torture", &[])]
    {
        let mut build = cargo::cargo(&["build", "--profile", PROFILE, "-p", package]);
        cargo::run(build.args(extra))?;
    }
    let directory = cargo::target_directory()?.join(PROFILE);
    let mut torture = Command::new(directory.join("connector-torture"));
    torture.arg("--program").arg(directory.join("connector"));
    if args.long {
        torture.arg("--long");
    }
    let options = [
        ("--minutes", args.minutes.map(|minutes| minutes.to_string())),
        ("--only", args.only.clone()),
        ("--seed", args.seed.map(|seed| seed.to_string())),
    ];
    for (name, value) in options {
        torture.args(value.map(|value| [name.to_owned(), value]).into_iter().flatten());
    }
    let (figures, held) = cargo::output_of_any(&mut torture)?;
    print!("{figures}");
    if args.write && !figures.trim().is_empty() {
        let path = cargo::root().join(FIGURES);
        write(&path, &figures).with_context(|| format!("{FIGURES} could not be written"))?;
    }
    if !held {
        bail!("the torture found something");
    }
    Ok(())
}

/// Puts the figures between their markers.
fn write(path: &Path, figures: &str) -> anyhow::Result<()> {
    let page = fs::read_to_string(path)?;
    let (before, rest) = page.split_once(BEGIN).context("no begin of the figures")?;
    let (_, after) = rest.split_once(END).context("no end of the figures")?;
    Ok(fs::write(path, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", figures.trim()))?)
}

const BEGIN: &str = "<!-- torture -->";
const END: &str = "<!-- end torture -->";
