//! Storms of 429 over four processes, on PostgreSQL.

use crate::cargo;

#[derive(clap::Args)]
pub struct Args {
    /// How long the storms last. Before them the sites are read undisturbed, for a fifth of that time.
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    // With the features of the suite, so that its build serves here too.
    let mut test = cargo::cargo(&["test", "-p", "connector-cli", "--all-features", "--test", "it"]);
    test.args(["--", "storms::", "--nocapture", "--test-threads", "1"]);
    // What is started for this run lives until the tests are done.
    let found = crate::services::for_tests(&mut test);
    test.env("STORMS_SECONDS", (args.minutes * 60).to_string());
    let done = cargo::run(&mut test);
    drop(found);
    done
}
