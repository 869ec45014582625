//! Builds for release and runs the benchmarks.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::cargo;

const FIGURES: &str = "docs/performance.md";

#[derive(clap::Args)]
pub struct Args {
    #[arg(value_enum, default_value = "http")]
    suite: Suite,
    /// How long each measurement lasts.
    #[arg(long, value_name = "N", default_value_t = 3)]
    seconds: u64,
    /// Numbers of connections, separated by commas.
    #[arg(long, value_name = "N,…", default_value = "32,256")]
    connections: String,
    /// Measure on a fresh PostgreSQL database instead of SQLite, on the server that `CONNECTOR_TEST_POSTGRES_URL`
    /// names or on a local one.
    #[arg(long)]
    postgres: bool,
    /// Put the figures into docs/performance.md too.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Suite {
    /// Requests per second, latency and memory of the HTTP API.
    Http,
    /// Time to start and memory of the simulator with its large data set.
    Sandbox,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    cargo::run(&mut cargo::cargo(&["build", "--release", "-p", "connector-cli", "-p", "connector-bench"]))?;
    let mut bench = Command::new(cargo::release_binary("connector-bench")?);
    let section = match args.suite {
        Suite::Http => {
            bench.args(["http", "--seconds", &args.seconds.to_string(), "--connections", &args.connections]);
            if args.postgres {
                bench.arg("--postgres");
            }
            if args.postgres { "http-postgres" } else { "http-sqlite" }
        }
        Suite::Sandbox => {
            bench.arg("sandbox");
            "sandbox"
        }
    };
    bench.arg("--server").arg(cargo::release_binary("connector")?);
    let figures = cargo::output(&mut bench)?;
    print!("{figures}");
    if args.write {
        write(section, &figures)?;
    }
    Ok(())
}

fn write(section: &str, figures: &str) -> anyhow::Result<()> {
    let path: PathBuf = cargo::root().join(FIGURES);
    let page = fs::read_to_string(&path).with_context(|| format!("{FIGURES} could not be read"))?;
    let page = replaced(&page, section, figures)?;
    fs::write(&path, page).with_context(|| format!("{FIGURES} could not be written"))?;
    eprintln!("{FIGURES}: section {section} is written");
    Ok(())
}

/// The page with what stands between the section's markers exchanged.
fn replaced(page: &str, section: &str, figures: &str) -> anyhow::Result<String> {
    let begin = format!("<!-- bench {section} -->");
    let end = format!("<!-- end {section} -->");
    let parts = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let Some((before, after)) = parts else {
        bail!("{FIGURES} has no lines `{begin}` and `{end}` to write between");
    };
    Ok(format!("{before}{begin}\n\n{}\n\n{end}{after}", figures.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_replace_what_stands_between_the_markers() {
        let page = "# Title\n<!-- bench http-sqlite -->\nold\n<!-- end http-sqlite -->\nrest\n";
        let expected = "# Title\n<!-- bench http-sqlite -->\n\nnew\n\n<!-- end http-sqlite -->\nrest\n";
        assert_eq!(replaced(page, "http-sqlite", "new\n").unwrap(), expected);
    }

    #[test]
    fn a_page_without_markers_is_left_alone() {
        let error = replaced("# Title\n", "http-sqlite", "new").unwrap_err();
        assert!(error.to_string().contains("<!-- bench http-sqlite -->"), "{error}");
    }
}
