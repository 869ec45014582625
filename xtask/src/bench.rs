//! Builds for release and runs the benchmarks.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use clap::ValueEnum;

use crate::cargo;

const PERFORMANCE: &str = "docs/performance.md";
const SECURITY: &str = "docs/security.md";

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
    /// How many issues are mirrored (`sync`).
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    issues: u32,
    /// How many pages are mirrored (`sync`).
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pages: u32,
    /// Mirror from a site that answers slowly and limits calls (`sync`).
    #[arg(long)]
    limited: bool,
    /// How many requests with each kind of key (`keys`).
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    requests: u64,
    /// Which engines are measured, one after another (`sync`).
    #[arg(long, value_name = "ENGINE,…", default_value = "sqlite,postgres")]
    engines: String,
    /// After so many minutes the measurement is given up (`sync`).
    #[arg(long, value_name = "N", default_value_t = 90)]
    minutes: u64,
    /// Put the figures into docs/performance.md too; those of `keys` into docs/security.md.
    #[arg(long)]
    write: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Suite {
    /// Requests per second, latency and memory of the HTTP API.
    Http,
    /// Time to start and memory of the simulator with its large data set.
    Sandbox,
    /// Normal work beside 200 clients that hold connections and take their time.
    SlowClients,
    /// How long the answer takes to API keys that open nothing, by what is wrong with them.
    Keys,
    /// How fast a site is mirrored, on SQLite and on PostgreSQL.
    Sync,
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
        Suite::SlowClients => {
            bench.arg("slow-clients");
            if args.postgres {
                bench.arg("--postgres");
            }
            "slow-clients"
        }
        Suite::Keys => {
            bench.args(["keys", "--requests", &args.requests.to_string()]);
            if args.postgres {
                bench.arg("--postgres");
            }
            if args.postgres { "keys-postgres" } else { "keys-sqlite" }
        }
        Suite::Sync => {
            bench.args(["sync", "--issues", &args.issues.to_string(), "--pages", &args.pages.to_string()]);
            bench.args(["--engines", &args.engines, "--minutes", &args.minutes.to_string()]);
            if args.limited {
                bench.arg("--limited");
            }
            if args.limited { "sync-limited" } else { "sync" }
        }
    };
    bench.arg("--server").arg(cargo::release_binary("connector")?);
    let figures = cargo::output(&mut bench)?;
    print!("{figures}");
    if args.write {
        let page = if let Suite::Keys = args.suite { SECURITY } else { PERFORMANCE };
        write(page, section, &figures)?;
    }
    Ok(())
}

fn write(name: &str, section: &str, figures: &str) -> anyhow::Result<()> {
    let path: PathBuf = cargo::root().join(name);
    let page = fs::read_to_string(&path).with_context(|| format!("{name} could not be read"))?;
    let page = replaced(&page, section, figures).with_context(|| format!("{name} is left as it is"))?;
    fs::write(&path, page).with_context(|| format!("{name} could not be written"))?;
    eprintln!("{name}: section {section} is written");
    Ok(())
}

/// The page with what stands between the section's markers exchanged.
fn replaced(page: &str, section: &str, figures: &str) -> anyhow::Result<String> {
    let begin = format!("<!-- bench {section} -->");
    let end = format!("<!-- end {section} -->");
    let parts = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let Some((before, after)) = parts else {
        bail!("it has no lines `{begin}` and `{end}` to write between");
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
