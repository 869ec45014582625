//! A first copy through many kills, on SQLite and PostgreSQL.

use crate::cargo;

#[derive(clap::Args)]
pub struct Args {
    /// How often the service is killed.
    #[arg(long, value_name = "N", default_value_t = 100)]
    kills: u64,
    /// How many issues it copies.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    issues: u64,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    // With the features of the suite, so that its build serves here too.
    let mut test = cargo::cargo(&["test", "-p", "connector-cli", "--all-features", "--test", "it"]);
    test.args(["--", "kills::", "--nocapture", "--test-threads", "1"]);
    // What is started for this run lives until the tests are done.
    let found = crate::services::for_tests(&mut test);
    test.env("KILLS", args.kills.to_string()).env("KILLS_ISSUES", args.issues.to_string());
    let done = cargo::run(&mut test);
    drop(found);
    done
}
