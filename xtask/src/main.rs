//! Development tasks, run as `cargo xtask <task>`.

#![expect(clippy::print_stdout, reason = "a command line program answers on standard output")]

mod bench;
mod cargo;
mod check;
mod conformance;
mod differential;
mod kills;
mod layers;
mod named_tests;
mod openapi;
mod points;
mod services;
mod storms;
mod suite;
mod torture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of Connector.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that can be said without running the program: format, layers, dependencies, lints, docs.
    Check,
    /// Fails when a crate depends on one that the architecture does not allow.
    Layers,
    /// Runs every test, on every database that answers.
    Test(suite::Args),
    /// Compares the sandbox and the client with Atlassian's documents, and tries other people's clients.
    Conformance(conformance::Args),
    /// Measures the release build against a bare handler and prints a Markdown table.
    Bench(bench::Args),
    /// People edit at random while syncs run over a network that fails: the mirror has to be equal in the end.
    Differential(differential::Args),
    /// Kills the service again and again while it makes a first copy: nothing is lost, and little is read twice.
    Kills(kills::Args),
    /// A first sync of a large site: it keeps to the points of the hours, and says when it will be through.
    Points(points::Args),
    /// Storms of 429 over four processes: nobody asks too early, and other sites go on as before.
    Storms(storms::Args),
    /// Kills, pauses and cuts off the program, checks that no grant is lost, and prints the figures as Markdown.
    Torture(torture::Args),
    /// Writes docs/openapi.json from the program.
    Openapi(openapi::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Check => check::run(),
        Task::Layers => layers::run(),
        Task::Test(args) => suite::run(&args),
        Task::Conformance(args) => conformance::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Differential(args) => differential::run(&args),
        Task::Kills(args) => kills::run(&args),
        Task::Points(args) => points::run(&args),
        Task::Storms(args) => storms::run(&args),
        Task::Torture(args) => torture::run(&args),
        Task::Openapi(args) => openapi::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
