//! Builds the program with failpoints and tortures it.

mod figures;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::cargo;

const FIGURES: &str = "docs/reliability.md";
const PROFILE: &str = "torture";

#[derive(clap::Args)]
pub struct Args {
    /// As much as the published figures need: about an hour and a half.
    #[arg(long, conflicts_with_all = ["minutes", "smoke"])]
    long: bool,
    /// Each run as small as it still says something, with the build of the tests: about four minutes.
    #[arg(long, conflicts_with_all = ["minutes", "write"])]
    smoke: bool,
    /// About so many minutes of random kills over all engines and readings.
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// Only these runs, separated by commas; an unknown name lists them.
    #[arg(long, value_name = "NAME,…")]
    only: Option<String>,
    /// Grants in each round of the crash loop and of the outages.
    #[arg(long, value_name = "N")]
    grants: Option<usize>,
    /// By how much the crash loop divides all times: 60 makes the leeway 10 s, 150 makes it 4 s.
    #[arg(long, value_name = "N")]
    scale: Option<u32>,
    /// The choices of another run.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Put the figures into docs/reliability.md too: those of the same runs are replaced, others stay.
    #[arg(long)]
    write: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let directory = if args.smoke { built_for_tests()? } else { built_for_torture()? };
    let mut torture = Command::new(directory.join("connector-torture"));
    torture.arg("--program").arg(directory.join("connector"));
    for (name, wanted) in [("--long", args.long), ("--smoke", args.smoke)] {
        torture.args(wanted.then_some(name));
    }
    let options = [
        ("--minutes", args.minutes.map(|minutes| minutes.to_string())),
        ("--only", args.only.clone()),
        ("--grants", args.grants.map(|grants| grants.to_string())),
        ("--scale", args.scale.map(|scale| scale.to_string())),
        ("--seed", args.seed.map(|seed| seed.to_string())),
    ];
    for (name, value) in options {
        torture.args(value.map(|value| [name.to_owned(), value]).into_iter().flatten());
    }
    let (figures, held) = cargo::output_of_any(&mut torture)?;
    print!("{figures}");
    if args.write && !figures.trim().is_empty() {
        let path = cargo::root().join(FIGURES);
        figures::write(&path, &figures).with_context(|| format!("{FIGURES} could not be written"))?;
    }
    if !held {
        bail!("the torture found something");
    }
    Ok(())
}

/// In a profile of its own, almost as fast as a release. Both at once, so that what they share is built once.
fn built_for_torture() -> anyhow::Result<PathBuf> {
    let mut build =
        cargo::cargo(&["build", "--profile", PROFILE, "-p", "connector-cli", "-p", "connector-torture"]);
    cargo::run(build.args(["--features", "connector-cli/failpoints"]))?;
    Ok(cargo::target_directory()?.join(PROFILE))
}

/// What `cargo xtask test` has built, which has every feature.
fn built_for_tests() -> anyhow::Result<PathBuf> {
    cargo::run(&mut cargo::cargo(&["build", "--workspace", "--all-features", "--bins"]))?;
    Ok(cargo::target_directory()?.join("debug"))
}
