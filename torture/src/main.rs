//! `connector-torture`: the runs one by one or all, and their figures as a Markdown table on standard output.

#![expect(clippy::print_stdout, reason = "the figures are this program's result")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::{Parser, ValueEnum};
use connector_torture::postgres;
use connector_torture::report::{Figure, markdown};
use connector_torture::runs::{self, crashloop, enumerate, hang_up, many, outage, rotation, single_flight};
use connector_torture::scene::{Engine, Siblings};
use tokio::signal::unix::{SignalKind, signal};

/// Kills, pauses and cuts off the program, and checks that no grant is lost.
#[derive(Parser)]
#[command(name = "connector-torture")]
struct Cli {
    /// The program, built with the feature `failpoints`.
    #[arg(long, value_name = "PATH", default_value = "target/torture/connector")]
    program: PathBuf,
    /// As much as the published figures need: about an hour and a half.
    #[arg(long, conflicts_with = "minutes")]
    long: bool,
    /// About so many minutes of random kills over all engines and readings.
    #[arg(long, value_name = "N", default_value_t = 8)]
    minutes: u64,
    /// Only these.
    #[arg(long, value_name = "NAME", value_enum, value_delimiter = ',')]
    only: Vec<Run>,
    /// Grants in each round of the crash loop.
    #[arg(long, value_name = "N", default_value_t = 300)]
    grants: usize,
    /// By how much the crash loop divides all times: 150 makes the leeway 4 s, 60 makes it 10 s.
    #[arg(long, value_name = "N", default_value_t = 150, value_parser = clap::value_parser!(u32).range(1..=150))]
    scale: u32,
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Run {
    /// Each failpoint in turn.
    Failpoints,
    /// T1 on SQLite, every answer to a token stays good.
    SqliteLenient,
    /// T1 on SQLite, only the newest does.
    SqliteStrict,
    /// T1 with three processes on PostgreSQL.
    PostgresLenient,
    PostgresStrict,
    /// T2: the database away for longer than the leeway.
    Outage,
    /// T3: one exchange for many callers.
    SingleFlight,
    /// S4: the sealing key is changed under load.
    Rotation,
    /// T7: clients that hang up.
    HangUp,
    /// 10,000 grants due within an hour.
    Many,
}

/// How long each round of the crash loop goes on with its misfortune.
const ROUND: Duration = Duration::from_mins(1);
/// What a round takes besides: logins, two quiet lives, the check.
const AROUND: Duration = Duration::from_secs(45);
const LONG_ROUNDS: usize = 4;

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
    runs::program_fits(&cli.program)?;
    let program = cli.program.canonicalize()?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut figures = Vec::new();
    for run in chosen(cli)? {
        // Dropping a run ends the processes that it has started.
        let done = tokio::select! {
            done = figures_of(run, cli, &program) => done,
            _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
            _ = terminated.recv() => Err(anyhow!("terminated")),
        };
        for figure in done? {
            eprintln!("{}", figure.line());
            for fault in &figure.faults {
                eprintln!("    {fault}");
            }
            figures.push(figure);
        }
    }
    println!("{}", markdown(&figures));
    let failed: Vec<&str> =
        figures.iter().filter(|figure| !figure.holds()).map(|figure| figure.run.as_str()).collect();
    if !failed.is_empty() {
        bail!("these did not hold: {}", failed.join("; "));
    }
    Ok(())
}

fn chosen(cli: &Cli) -> anyhow::Result<Vec<Run>> {
    let all = if cli.only.is_empty() { Run::value_variants().to_vec() } else { cli.only.clone() };
    let needs_postgres = |run: &Run| {
        matches!(run, Run::PostgresLenient | Run::PostgresStrict | Run::Outage | Run::SingleFlight)
    };
    if postgres::is_installed() {
        return Ok(all);
    }
    if cli.only.iter().any(needs_postgres) {
        bail!("PostgreSQL is not installed: `initdb` and `postgres` are needed");
    }
    eprintln!("PostgreSQL is not installed: only the runs on SQLite");
    Ok(all.into_iter().filter(|run| !needs_postgres(run)).collect())
}

async fn figures_of(run: Run, cli: &Cli, program: &std::path::Path) -> anyhow::Result<Vec<Figure>> {
    let rounds = if cli.long {
        LONG_ROUNDS
    } else {
        usize::try_from(cli.minutes * 60 / (4 * (ROUND + AROUND).as_secs()))?.max(1)
    };
    let of =
        crashloop::Loop { grants: cli.grants, each: ROUND, times: rounds, seed: cli.seed, scale: cli.scale };
    let one = |figure: Figure| vec![figure];
    Ok(match run {
        Run::Failpoints => {
            let visits = if cli.long { 3 } else { 2 };
            let mut figures = vec![enumerate::run(program, Engine::Sqlite, visits).await?];
            if postgres::is_installed() {
                figures.push(enumerate::run(program, Engine::Postgres, visits).await?);
            }
            figures
        }
        Run::SqliteLenient => one(crashloop::run(program, Engine::Sqlite, Siblings::Lenient, &of).await?),
        Run::SqliteStrict => one(crashloop::run(program, Engine::Sqlite, Siblings::Strict, &of).await?),
        Run::PostgresLenient => one(crashloop::run(program, Engine::Postgres, Siblings::Lenient, &of).await?),
        Run::PostgresStrict => one(crashloop::run(program, Engine::Postgres, Siblings::Strict, &of).await?),
        Run::Outage => {
            let outages = if cli.long { 4 } else { 2 };
            vec![
                outage::run(program, Siblings::Lenient, cli.grants, outages, cli.seed).await?,
                outage::run(program, Siblings::Strict, cli.grants, outages, cli.seed).await?,
            ]
        }
        Run::SingleFlight => {
            let rounds = if cli.long { 40 } else { 8 };
            vec![
                single_flight::run(program, Duration::from_millis(5), rounds).await?,
                single_flight::run(program, Duration::from_millis(500), rounds).await?,
            ]
        }
        Run::Rotation => {
            let (count, visits) = if cli.long { (300, 4) } else { (60, 2) };
            let mut figures = vec![rotation::run(program, Engine::Sqlite, count, visits).await?];
            if postgres::is_installed() {
                figures.push(rotation::run(program, Engine::Postgres, count, visits).await?);
            }
            figures
        }
        Run::HangUp => {
            let count = if cli.long { 500 } else { 60 };
            let mut figures = hang_up::run(program, Engine::Sqlite, count).await?;
            if postgres::is_installed() {
                figures.extend(hang_up::run(program, Engine::Postgres, count).await?);
            }
            figures
        }
        Run::Many => one(many::run(program, Engine::Sqlite, if cli.long { 10_000 } else { 500 }).await?),
    })
}
