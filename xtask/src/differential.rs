//! Many seeds of the differential test, on SQLite and PostgreSQL.

use crate::cargo;

const TEST: &str = "differential::";
/// Where seeds that fail are kept: the suite runs them from then on.
const FAILED: &str = "crates/web/tests/it/differential/failed_seeds.txt";

#[derive(clap::Args)]
pub struct Args {
    /// How many seeds, half of them on each engine.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, value_name = "S", default_value_t = 1)]
    from: u64,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    // Optimized, in the profile of the torture: a seed takes a fifth of the time.
    let mut test = cargo::cargo(&["test", "--profile", "torture", "-p", "connector-web", "--all-features"]);
    test.args(["--test", "it", "--", "--nocapture", TEST]);
    // What is started for this run lives until the tests are done.
    let found = crate::services::for_tests(&mut test);
    test.env("DIFFERENTIAL_SEEDS", args.seeds.to_string());
    test.env("DIFFERENTIAL_FROM", args.from.to_string());
    test.env("DIFFERENTIAL_KEEP", cargo::root().join(FAILED));
    let done = cargo::run(&mut test);
    drop(found);
    done
}
