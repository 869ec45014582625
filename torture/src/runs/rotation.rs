//! S4: the sealing key is changed while the program works, and the change is killed at every failpoint of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use connector_domain::failpoint::{ACTIONS_VAR, Failpoint, LOG_VAR};
use serde_json::Value;
use tokio::process::Command;

use super::progress;
use crate::chaos::Record;
use crate::demand::{self, Demand, Served};
use crate::people::connect_all;
use crate::report::Figure;
use crate::scene::{Engine, KEY, Scene, Setting, Siblings};

/// Another 32 bytes.
const NEW_KEY: &str = "newer:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
/// A third one, which sealed nothing.
const WRONG_KEY: &str = "wrong:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";
const KEYS_VAR: &str = "CONNECTOR_ENCRYPTION_KEYS";
/// Seconds. A token is exchanged when it has lived for 5 to 20 of them.
const TOKEN_LIFE: u64 = 50;
const COMMAND_PATIENCE: Duration = Duration::from_mins(2);

/// `count` grants; the rotation is killed at each of its failpoints at visits 1 to `visits`.
pub async fn run(program: &Path, engine: Engine, count: usize, visits: u64) -> anyhow::Result<Figure> {
    let name = format!("rotation-{}", engine.name().to_lowercase());
    let began = Instant::now();
    let replicas = if engine == Engine::Postgres { 2 } else { 1 };
    // Times divided by less than elsewhere: a caller waits for another process for longer than a busy machine stands.
    let setting = Setting {
        replicas,
        people: count,
        token_life: TOKEN_LIFE,
        ..Setting::scaled_by(20, program, engine, Siblings::Lenient)
    };
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, count).await?;
    let (served, done) = (Served::default(), AtomicBool::new(false));
    let wishes = Demand { callers: 4, think: Duration::from_millis(80), forced_percent: 20 };
    let mut faults = Vec::new();
    let rotation = async {
        let rotated = rotate(&scene, visits).await;
        done.store(true, Ordering::Relaxed);
        rotated
    };
    let (rotated, ()) = tokio::join!(rotation, demand::run(&scene, &grants, &wishes, &done, &served));
    let Rotated { kills, left } = rotated?;
    if left > 0 {
        faults.push(format!("{left} values are still sealed with the old key"));
    }
    // Without the old key everything must open.
    restart_with(&scene, NEW_KEY, true).await?;
    let verdict = super::verdict(&name, &scene, &grants, &Record::default()).await?;
    faults.extend(verdict.not_linear());
    faults.extend(refuses_wrong_key(&scene).await?);
    // A process that was killed or restarted gives no answer; what it answers must not be its own fault.
    let by_status: BTreeMap<u16, u64> = served.by_status();
    let wishes_answered: u64 =
        by_status.iter().filter(|(status, _)| **status != 0).map(|(_, count)| count).sum();
    let failed: u64 = by_status.iter().filter(|(status, _)| **status >= 500).map(|(_, count)| count).sum();
    faults.extend(served.first_error().map(|said| format!("the first request that failed was told: {said}")));
    progress(&name, &format!("{kills} kills, {left} values left, wishes by status {by_status:?}"));
    Ok(Figure {
        run: format!("S4 change of the key under load, {}", engine.name()),
        of: "answers to wishes for a token".to_owned(),
        events: wishes_answered,
        failures: failed + verdict.lost.len() as u64,
        notes: format!(
            "{kills} kills of the rotation, {left} values under the old key at its end, {} of {} grants work without it",
            verdict.grants - verdict.lost.len(),
            verdict.grants,
        ),
        took: began.elapsed(),
        faults,
        ..Figure::default()
    })
}

struct Rotated {
    kills: u64,
    left: u64,
}

async fn rotate(scene: &Scene, visits: u64) -> anyhow::Result<Rotated> {
    // Every process must open what any of them seals, so the new key comes second first.
    restart_with(scene, &format!("{KEY},{NEW_KEY}"), false).await?;
    restart_with(scene, &format!("{NEW_KEY},{KEY}"), false).await?;
    let mut kills = 0;
    for point in Failpoint::ALL.iter().filter(|point| point.name().starts_with("rotate.")) {
        for visit in 1..=visits {
            kills += u64::from(killed_at(scene, *point, visit).await?);
        }
        let visits = tokio::fs::read_to_string(&scene.visits).await.unwrap_or_default();
        if !visits.contains(&format!(" {point} ")) {
            bail!("{point} was never reached");
        }
    }
    let output = command(scene, None, &format!("{NEW_KEY},{KEY}"), &["keys", "rotate", "--json"]).await?;
    let result: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("keys rotate said: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(Rotated { kills, left: result["rows_under_other_keys"].as_u64().context("no rows_under_other_keys")? })
}

/// Whether the rotation was killed there: a small database may have fewer batches.
async fn killed_at(scene: &Scene, point: Failpoint, visit: u64) -> anyhow::Result<bool> {
    let action = format!("{point}=kill@{visit}");
    let keys = format!("{NEW_KEY},{KEY}");
    if scene.setting.engine == Engine::Postgres {
        let output = command(scene, Some(&action), &keys, &["keys", "rotate"]).await?;
        return Ok(output.status.code().is_none());
    }
    // On SQLite the service does it, and is killed; the command then does the rest itself.
    let mut replica = scene.replicas[0].lock().await;
    replica.kill().await?;
    replica.set_variable(ACTIONS_VAR, Some(&action));
    replica.start().await?;
    let rotated = command(scene, None, &keys, &["keys", "rotate"]).await?;
    let killed = replica.has_ended()?.is_some();
    replica.kill().await?;
    replica.set_variable(ACTIONS_VAR, None);
    replica.start().await?;
    if !rotated.status.success() {
        bail!("keys rotate: {}", String::from_utf8_lossy(&rotated.stderr));
    }
    Ok(killed)
}

async fn command(
    scene: &Scene,
    action: Option<&str>,
    keys: &str,
    arguments: &[&str],
) -> anyhow::Result<std::process::Output> {
    let mut command = Command::new(&scene.setting.program);
    command.args(arguments).current_dir(scene.directory()).env_clear().kill_on_drop(true);
    command.envs(scene.environment(Some(keys)));
    command.env(LOG_VAR, &scene.visits);
    command.envs(action.map(|action| (ACTIONS_VAR, action)));
    let output = tokio::time::timeout(COMMAND_PATIENCE, command.output()).await;
    output.with_context(|| format!("`{}` does not end", arguments.join(" ")))?.map_err(Into::into)
}

/// Each process in turn, so that others go on meanwhile.
async fn restart_with(scene: &Scene, keys: &str, gracefully: bool) -> anyhow::Result<()> {
    for replica in &scene.replicas {
        let mut replica = replica.lock().await;
        if gracefully {
            replica.stop().await?;
        } else {
            replica.kill().await?;
        }
        replica.set_variable(KEYS_VAR, Some(keys));
        replica.start().await?;
    }
    Ok(())
}

/// What is wrong where a start with a key that opens nothing does not end at once, or changes the database file.
async fn refuses_wrong_key(scene: &Scene) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let before = scene.database_bytes()?;
    let output = command(scene, None, WRONG_KEY, &["serve", "--listen", "127.0.0.1:0"]).await?;
    if output.status.code() != Some(1) {
        faults.push(format!("a start with a wrong key ends with {}", output.status));
    }
    if before != scene.database_bytes()? {
        faults.push("a start with a wrong key changed the database file".to_owned());
    }
    Ok(faults)
}
