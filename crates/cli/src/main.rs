//! The `connector` program: one binary, its roles as subcommands.

mod commands;
mod config;
mod hardening;
mod key_file;
mod service;
mod telemetry;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// Connects an application to Atlassian Cloud: Jira projects and Confluence pages in your own database.
#[derive(Debug, Parser)]
#[command(name = "connector", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    // Wrong arguments end the program here, with status 2.
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    // One TLS provider for everything, before the first connection.
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing else installs a provider");
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command.run())
}
