//! Everything that can be said about the code without running it. The quick checks come first, and a failure
//! does not hide the next one.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::bail;

use crate::{cargo, conformance, layers, named_tests};

type Step = (&'static str, fn() -> anyhow::Result<()>);

const STEPS: &[Step] = &[
    ("format", format),
    ("layers", layers::run),
    ("tests that docs/security.md names", named_tests::check),
    ("dependencies", dependencies),
    ("lints", lints),
    ("conformance", conformance::check),
    ("documentation", documentation),
];

pub fn run() -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for (name, step) in STEPS {
        eprintln!("\n== {name}");
        let started = Instant::now();
        match step() {
            Ok(()) => eprintln!("== {name}: done in {:.1} s", started.elapsed().as_secs_f64()),
            Err(error) => {
                eprintln!("== {name}: FAILED: {error:#}");
                failed.push(*name);
            }
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn format() -> anyhow::Result<()> {
    cargo::run(&mut cargo::cargo(&["fmt", "--all", "--check"]))
}

fn lints() -> anyhow::Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    cargo::run(&mut cargo::cargo(&clippy))
}

fn dependencies() -> anyhow::Result<()> {
    if !answers(cargo::cargo(&["deny", "--version"])) {
        eprintln!("cargo-deny is not installed: bans, licenses and sources are left out of this check.");
        eprintln!("To have them: cargo install --locked cargo-deny");
        return Ok(());
    }
    cargo::run(&mut cargo::cargo(&["deny", "--all-features", "check", "bans", "licenses", "sources"]))
}

fn documentation() -> anyhow::Result<()> {
    let mut doc =
        cargo::cargo(&["doc", "--workspace", "--no-deps", "--all-features", "--document-private-items"]);
    cargo::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

fn answers(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
