//! Measures the release build: the HTTP API, each route beside a bare handler of the same server library that answers
//! with prepared bytes of the same size, and syncs, beside a program that only downloads the same. The two take turns, so
//! the ratio means the same on a busy machine. Everything stays on the loopback address and ends by itself.

#![expect(clippy::print_stdout, reason = "the figures are this program's result")]

mod bare;
mod checks;
mod database;
mod histogram;
mod http;
mod keys;
mod load;
mod machine;
mod measure;
mod process;
mod report;
mod routes;
mod sandbox;
mod simulator;
mod slow;
mod subject;
mod sync;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::{Parser, Subcommand};

/// Benchmarks of Connector.
#[derive(Parser)]
#[command(name = "connector-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Requests per second, latency and memory of the HTTP API, as a Markdown table.
    Http(HttpArgs),
    /// Time to start and memory of the simulator with its large data set.
    Sandbox(SandboxArgs),
    /// How long the answer takes to API keys that open nothing, as a Markdown table.
    Keys(keys::Args),
    /// Normal work beside clients that hold connections and take their time, as a Markdown table.
    SlowClients(SlowArgs),
    /// How fast a site is mirrored, on SQLite and on PostgreSQL, as a Markdown table.
    Sync(sync::Args),
    /// The bare handler, started by the benchmark itself.
    #[command(hide = true)]
    Bare(bare::Args),
}

#[derive(clap::Args)]
struct HttpArgs {
    /// The program to measure.
    #[arg(long, value_name = "PATH", default_value = "target/release/connector")]
    server: PathBuf,
    /// How long each measurement lasts.
    #[arg(long, value_name = "N", default_value = "3", value_parser = seconds)]
    seconds: Duration,
    /// How often the bare handler and the program take turns; the figures are medians.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Numbers of connections.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "32,256",
        value_parser = clap::value_parser!(u32).range(1..=1024))]
    connections: Vec<u32>,
    /// Measure on a fresh PostgreSQL database instead of SQLite, on the server that `CONNECTOR_TEST_POSTGRES_URL`
    /// names or on a local one.
    #[arg(long)]
    postgres: bool,
}

#[derive(clap::Args)]
struct SandboxArgs {
    /// The program to measure.
    #[arg(long, value_name = "PATH", default_value = "target/release/connector")]
    server: PathBuf,
}

#[derive(clap::Args)]
struct SlowArgs {
    /// The program to measure.
    #[arg(long, value_name = "PATH", default_value = "target/release/connector")]
    server: PathBuf,
    /// Measure on a fresh PostgreSQL database instead of SQLite.
    #[arg(long)]
    postgres: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=60) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number from 1 to 60 is expected".to_owned()),
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failure(&error.into()),
    };
    let done = match cli.command {
        Command::Http(args) => runtime.block_on(http_figures(&args)),
        Command::Sandbox(args) => runtime.block_on(sandbox_figures(&args)),
        Command::Keys(args) => runtime.block_on(key_figures(&args)),
        Command::SlowClients(args) => runtime.block_on(slow_figures(&args)),
        Command::Sync(args) => runtime.block_on(sync_figures(&args)),
        Command::Bare(args) => runtime.block_on(bare::serve(&args)),
    };
    // The bare handler's watch on standard input may still be blocked.
    runtime.shutdown_background();
    done.map_or_else(|error| failure(&error), |()| ExitCode::SUCCESS)
}

fn failure(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

async fn http_figures(args: &HttpArgs) -> anyhow::Result<()> {
    let database = database::Database::create(args.postgres).await?;
    // Whatever ends the measurement, dropping it ends the processes it started.
    let measured = tokio::select! {
        measured = measure::all(args, &database) => measured,
        () = tokio::time::sleep(measure::longest(args)) => Err(anyhow!("the measurement takes too long")),
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    database.remove().await?;
    let figures = measured?;
    println!("{}", report::markdown(&figures));
    figures.faults()
}

async fn sandbox_figures(args: &SandboxArgs) -> anyhow::Result<()> {
    println!("{}", sandbox::figures(&args.server).await?);
    Ok(())
}

async fn key_figures(args: &keys::Args) -> anyhow::Result<()> {
    let database = database::Database::create(args.postgres).await?;
    // Whatever ends the measurement, dropping it ends the process it started.
    let measured = tokio::select! {
        measured = keys::figures(args, &database) => measured,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    database.remove().await?;
    println!("{}", measured?);
    Ok(())
}

async fn slow_figures(args: &SlowArgs) -> anyhow::Result<()> {
    let database = database::Database::create(args.postgres).await?;
    // Whatever ends the measurement, dropping it ends the process it started.
    let measured = tokio::select! {
        measured = slow::figures(&args.server, &database) => measured,
        () = tokio::time::sleep(Duration::from_mins(3)) => Err(anyhow!("the measurement takes too long")),
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    database.remove().await?;
    println!("{}", measured?);
    Ok(())
}

async fn sync_figures(args: &sync::Args) -> anyhow::Result<()> {
    // Whatever ends the measurement, dropping it ends the processes it started and drops its databases.
    let figures = tokio::select! {
        figures = sync::figures(args) => figures?,
        () = tokio::time::sleep(args.longest()) => {
            bail!("the measurement takes longer than {} minutes (--minutes)", args.minutes)
        }
        () = interrupted() => bail!("interrupted"),
    };
    println!("{figures}");
    Ok(())
}

/// Until somebody asks this program to end.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
