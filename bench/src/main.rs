//! Measures the HTTP API of the release build, each route beside a bare handler of the same server library that
//! answers with prepared bytes of the same size. The two take turns, so the ratio means the same on a busy machine.
//! Everything stays on the loopback address, lasts a fixed time and ends by itself.

#![expect(clippy::print_stdout, reason = "the figures are this program's result")]

mod bare;
mod checks;
mod database;
mod histogram;
mod http;
mod load;
mod machine;
mod measure;
mod process;
mod report;
mod routes;
mod sandbox;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::anyhow;
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
