//! `connector-torture`: the runs one by one or all, and their figures as a Markdown table on standard output.

#![expect(clippy::print_stdout, reason = "the figures are this program's result")]

mod catalogue;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use clap::{Parser, ValueEnum as _};
use connector_torture::postgres;
use connector_torture::report::{Figure, markdown};
use connector_torture::runs;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::signal::unix::{SignalKind, signal};

use self::catalogue::{Run, Size, Sizes};

/// Kills, pauses and cuts off the program, and checks that no grant is lost.
#[derive(Parser)]
#[command(name = "connector-torture")]
struct Cli {
    /// The program, built with the feature `failpoints`.
    #[arg(long, value_name = "PATH", default_value = "target/torture/connector")]
    program: PathBuf,
    /// As much as the published figures need: about an hour and a half.
    #[arg(long, conflicts_with_all = ["minutes", "smoke"])]
    long: bool,
    /// Each run as small as it still says something, three at a time: about four minutes.
    #[arg(long, conflicts_with = "minutes")]
    smoke: bool,
    /// About so many minutes of random kills over all engines and readings.
    #[arg(long, value_name = "N", default_value_t = 8)]
    minutes: u64,
    /// Only these.
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    only: Vec<Run>,
    /// Grants in each round of the crash loop and of the outages [default: 300, with --smoke 30].
    #[arg(long, value_name = "N")]
    grants: Option<usize>,
    /// By how much the crash loop divides all times: 60 makes the leeway 10 s, 150 makes it 4 s [default: 60].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=150))]
    scale: Option<u32>,
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failure(&error.into()),
    };
    runtime.block_on(run(&cli)).map_or_else(|error| failure(&error), |()| ExitCode::SUCCESS)
}

fn failure(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    let program = cli.program.canonicalize().with_context(|| format!("`{}`", cli.program.display()))?;
    runs::program_fits(&program)?;
    let size = match (cli.smoke, cli.long) {
        (true, _) => Size::Smoke,
        (_, true) => Size::Long,
        _ => Size::Short { minutes: cli.minutes },
    };
    let sizes = Sizes { size, grants: cli.grants, scale: cli.scale, seed: cli.seed };
    let at_once = if cli.smoke { 3 } else { 1 };
    let mut terminated = signal(SignalKind::terminate())?;
    let chosen = chosen(cli)?;
    let all = stream::iter(chosen.into_iter().map(|run| announced(run, &sizes, &program)));
    let all = all.buffer_unordered(at_once).try_collect::<Vec<_>>();
    // Dropping the runs ends the processes that they have started.
    let figures = tokio::select! {
        figures = all => figures?.concat(),
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminated.recv() => bail!("terminated"),
    };
    println!("{}", markdown(&figures));
    let failed: Vec<&str> =
        figures.iter().filter(|figure| !figure.holds()).map(|figure| figure.run.as_str()).collect();
    if !failed.is_empty() {
        bail!("these did not hold: {}", failed.join("; "));
    }
    Ok(())
}

/// A run whose figures are shown as they come. One that came to no end says so in its place: the others go on.
async fn announced(run: Run, sizes: &Sizes, program: &std::path::Path) -> anyhow::Result<Vec<Figure>> {
    let figures = sizes.figures_of(run, program).await.unwrap_or_else(|error| {
        let name = run.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        vec![Figure { run: name, faults: vec![format!("came to no end: {error:#}")], ..Figure::default() }]
    });
    for figure in &figures {
        eprintln!("{}", figure.line());
    }
    Ok(figures)
}

fn chosen(cli: &Cli) -> anyhow::Result<Vec<Run>> {
    let all = if cli.only.is_empty() { Run::value_variants().to_vec() } else { cli.only.clone() };
    if postgres::is_installed() {
        return Ok(all);
    }
    if cli.only.iter().any(|run| run.needs_postgres()) {
        return Err(anyhow!("PostgreSQL is not installed: `initdb` and `postgres` are needed"));
    }
    eprintln!("PostgreSQL is not installed: only the runs on SQLite");
    Ok(all.into_iter().filter(|run| !run.needs_postgres()).collect())
}
