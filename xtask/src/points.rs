//! A first sync of a large site within the points of the hours, on SQLite and PostgreSQL.

use crate::cargo;

const TEST: &str = "points::";

#[derive(clap::Args)]
pub struct Args {
    /// Issues of the site.
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    issues: u64,
    /// Points of an hour: the least that Atlassian gives an app is 65,000.
    #[arg(long, value_name = "N", default_value_t = 65_000)]
    points: u64,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut test = cargo::cargo(&["test", "--profile", "torture", "-p", "connector-web", "--all-features"]);
    test.args(["--test", "it", "--", "--nocapture", TEST]);
    // What is started for this run lives until the tests are done.
    let found = crate::services::for_tests(&mut test);
    test.env("POINTS_ISSUES", args.issues.to_string());
    test.env("POINTS_AN_HOUR", args.points.to_string());
    let done = cargo::run(&mut test);
    drop(found);
    done
}
