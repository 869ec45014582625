//! The test suite, on every database that answers.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::cargo;
use crate::services::{Found, SERVICES, Service};

#[derive(clap::Args)]
pub struct Args {
    /// Handed on to `cargo test`: `cargo xtask test -- -p connector-store upsert`.
    #[arg(last = true)]
    cargo_test: Vec<String>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let mut command = cargo_test(&args.cargo_test, in_ci);
    // What is started for this run lives until the tests are done.
    let mut found = Vec::new();
    for service in SERVICES {
        let here = service.find();
        service.announce(&here);
        match here.url() {
            Some(url) => command.env(service.url_var, url).env_remove(service.skip_var),
            None => command.env(service.skip_var, "1").env_remove(service.url_var),
        };
        found.push((service, here));
    }
    let needed = found.iter().filter(|(service, _)| service.needed_by.is_some());
    let (there, missing): (Vec<_>, Vec<_>) = needed.partition(|(_, here)| here.url().is_some());
    let names = |services: &[&(&Service, Found)]| -> Vec<_> {
        services.iter().map(|(service, _)| service.name).collect()
    };
    let (ran_on, left_out) =
        ([vec!["SQLite"], names(&there)].concat().join(", "), names(&missing).join(", "));
    if in_ci && !missing.is_empty() {
        bail!("not there: {left_out}; with CI=true no test may be left out");
    }

    let (counts, passed) = run_and_count(&mut command)?;
    println!("\ntests: {} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped);
    println!("ran on: {ran_on}; left out: {}", if left_out.is_empty() { "nothing" } else { &left_out });
    if !passed {
        bail!("the tests failed");
    }
    Ok(())
}

fn cargo_test(extra: &[String], in_ci: bool) -> Command {
    let mut command = cargo::cargo(&["test"]);
    let selects = |arg: &String| arg == "-p" || arg.starts_with("--package") || arg == "--workspace";
    if !extra.iter().any(selects) {
        command.arg("--workspace");
    }
    for (flag, wanted) in [("--all-features", true), ("--no-fail-fast", in_ci)] {
        if wanted && !extra.iter().any(|arg| arg == flag) {
            command.arg(flag);
        }
    }
    command.args(extra);
    command
}

#[derive(Debug, Default, PartialEq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    /// Adds what a line like `test result: ok. 5 passed; 0 failed; 1 ignored; …` says; other lines say nothing.
    fn add(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else { return };
        let words: Vec<&str> = result.split_whitespace().collect();
        for pair in words.windows(2) {
            let [number, what] = pair else { continue };
            let number = number.parse().unwrap_or(0);
            match what.trim_end_matches(';') {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// Runs the tests with their output visible as it comes, and adds up what each test program reports.
fn run_and_count(command: &mut Command) -> anyhow::Result<(Counts, bool)> {
    let mut child = command.stdout(Stdio::piped()).spawn().context("`cargo test` could not be started")?;
    let output = child.stdout.take().context("`cargo test` has no output")?;
    let mut counts = Counts::default();
    let mut shown = std::io::stdout();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        shown.write_all(&line)?;
        shown.write_all(b"\n")?;
        counts.add(&String::from_utf8_lossy(&line));
    }
    let status = child.wait()?;
    Ok((counts, status.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_up_over_test_programs() {
        let mut counts = Counts::default();
        counts.add("running 3 tests");
        counts.add(
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s",
        );
        counts.add("test result: FAILED. 1 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out");
        assert_eq!(counts, Counts { passed: 3, failed: 4, skipped: 1 });
    }

    #[test]
    fn what_the_developer_selects_replaces_the_whole_workspace() {
        let args = |extra: &[&str]| {
            let extra: Vec<String> = extra.iter().map(|arg| (*arg).to_owned()).collect();
            let command = cargo_test(&extra, false);
            command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(args(&[]), ["test", "--workspace", "--all-features"]);
        assert_eq!(args(&["-p", "xtask"]), ["test", "--all-features", "-p", "xtask"]);
        assert_eq!(args(&["upsert"]), ["test", "--workspace", "--all-features", "upsert"]);
    }
}
