//! The workspace and its cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// The root of the workspace, wherever the task was called from.
pub fn root() -> PathBuf {
    let manifest_dir =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest_dir).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The cargo that runs this task, so that a toolchain override holds for what it starts.
pub fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    // What cargo tells this task about its own package. Some build scripts ask for the same names, and would run again,
    // with all that depends on them, wherever a build by hand follows one by a task.
    let of_its_package = |name: &OsString| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
    };
    for name in std::env::vars_os().map(|(name, _)| name).filter(of_its_package) {
        command.env_remove(name);
    }
    command
}

/// Runs a command with its output visible; an exit code other than 0 is an error.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    eprintln!("$ {shown}");
    let status = command.status().with_context(|| format!("`{shown}` could not be started"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// Runs a command and returns what it wrote to standard output; the rest stays visible.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let shown = show(command);
    let (output, succeeded) = output_of_any(command)?;
    if !succeeded {
        bail!("`{shown}` failed");
    }
    Ok(output)
}

/// What a command wrote to standard output, and whether it succeeded.
pub fn output_of_any(command: &mut Command) -> anyhow::Result<(String, bool)> {
    let shown = show(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("`{shown}` could not be started"))?;
    let text =
        String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not answer in UTF-8"))?;
    Ok((text, output.status.success()))
}

/// What cargo knows about the crates of this workspace and the dependencies that they name.
pub fn metadata() -> anyhow::Result<Value> {
    let text = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    serde_json::from_str(&text).context("`cargo metadata` did not answer in JSON")
}

/// Where this workspace is built.
pub fn target_directory() -> anyhow::Result<PathBuf> {
    let metadata = metadata()?;
    let target =
        metadata["target_directory"].as_str().context("`cargo metadata` names no target directory")?;
    Ok(PathBuf::from(target))
}

/// A program of this workspace, as built for release.
pub fn release_binary(name: &str) -> anyhow::Result<PathBuf> {
    Ok(target_directory()?.join("release").join(name).with_extension(std::env::consts::EXE_EXTENSION))
}

fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy();
    command.get_args().fold(program.into_owned(), |line, arg| line + " " + &arg.to_string_lossy())
}
