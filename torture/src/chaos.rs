//! Random misfortune: kills, pauses, restarts of the database, spoiled answers. And who starts again what has ended.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::clock::now_millis;
use crate::http::Request;
use crate::proxy::Faults;
use crate::scene::Scene;

/// How often what happens. A rate of 0 switches it off.
#[derive(Debug, Clone)]
pub struct Plan {
    /// SIGKILL, per second over all processes.
    pub kills: f64,
    /// SIGSTOP, later SIGCONT, per second over all processes.
    pub pauses: f64,
    pub longest_pause: Duration,
    /// Immediate shutdowns of PostgreSQL, per second, each followed by a start.
    pub database_restarts: f64,
    /// Spoiled answers of the token endpoint per second: lost, cut, or 500.
    pub spoiled: f64,
    /// Resets of all connections to the token endpoint, and to the database, per second.
    pub resets: f64,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Record {
    pub kills: AtomicU64,
    /// Of these, how many hit a process that was answering requests.
    pub kills_while_serving: AtomicU64,
    pub pauses: AtomicU64,
    pub database_restarts: AtomicU64,
    pub spoiled: AtomicU64,
    pub resets: AtomicU64,
    /// Processes that ended without being killed.
    pub ended_by_themselves: AtomicU64,
    /// From when to when the database did not serve, in milliseconds since the Unix epoch.
    outages: Mutex<Vec<(i64, i64)>>,
    /// Milliseconds since the Unix epoch, and what was done.
    log: Mutex<Vec<(i64, String)>>,
}

impl Record {
    pub fn note(&self, what: impl Into<String>) {
        let mut log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        log.push((now_millis(), what.into()));
    }

    /// Notes that the database did not serve from then until now.
    pub fn note_outage(&self, from: i64) {
        self.outages.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((from, now_millis()));
    }

    pub fn outages(&self) -> Vec<(i64, i64)> {
        self.outages.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// What was done from `from` to `to`.
    pub fn between(&self, from: i64, to: i64) -> Vec<(i64, String)> {
        let log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        log.iter().filter(|(at, _)| (from..=to).contains(at)).cloned().collect()
    }

    pub fn count(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}

fn more(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Does what is planned until `until`. Afterwards the database runs and no process is paused.
pub async fn run(scene: &Scene, plan: &Plan, until: Instant, record: &Record) -> anyhow::Result<()> {
    tokio::try_join!(
        kills(scene, plan, until, record),
        pauses(scene, plan, until, record),
        database_restarts(scene, plan, until, record),
        spoiled_answers(scene, plan, until, record),
        resets(scene, plan, until, record),
    )?;
    Ok(())
}

/// Waits for the next event; `false` where there is none before `until`.
async fn comes(scene: &Scene, rate: f64, until: Instant) -> bool {
    if rate <= 0.0 {
        return false;
    }
    let pause = scene.dice.pause(rate);
    if Instant::now() + pause >= until {
        return false;
    }
    tokio::time::sleep(pause).await;
    true
}

async fn kills(scene: &Scene, plan: &Plan, until: Instant, record: &Record) -> anyhow::Result<()> {
    while comes(scene, plan.kills, until).await {
        let number = scene.dice.below(scene.replicas.len());
        let health = Request::get("/healthz");
        let serves = health.send(scene.addresses[number], Duration::from_millis(100)).await;
        let serves = serves.is_ok_and(|answer| answer.status == 200);
        let mut replica = scene.replicas[number].lock().await;
        if replica.id().is_none() || replica.has_ended()?.is_some() {
            continue;
        }
        replica.kill().await?;
        record.note(format!("killed {number}"));
        more(&record.kills);
        if serves {
            more(&record.kills_while_serving);
        }
    }
    Ok(())
}

async fn pauses(scene: &Scene, plan: &Plan, until: Instant, record: &Record) -> anyhow::Result<()> {
    while comes(scene, plan.pauses, until).await {
        let number = scene.dice.below(scene.replicas.len());
        // Another process with the same id would be resumed in its place, which does no harm.
        scene.replicas[number].lock().await.pause();
        let length = scene.dice.between(Duration::from_millis(50), plan.longest_pause);
        record.note(format!("paused {number} for {} ms", length.as_millis()));
        more(&record.pauses);
        tokio::time::sleep(length).await;
        scene.replicas[number].lock().await.resume();
    }
    Ok(())
}

async fn database_restarts(
    scene: &Scene,
    plan: &Plan,
    until: Instant,
    record: &Record,
) -> anyhow::Result<()> {
    let Some(server) = scene.server() else { return Ok(()) };
    while comes(scene, plan.database_restarts, until).await {
        let mut postgres = server.postgres.lock().await;
        let from = now_millis();
        postgres.stop_immediately().await;
        record.note("stopped the database");
        tokio::time::sleep(scene.dice.between(Duration::ZERO, Duration::from_millis(500))).await;
        postgres.restart().await?;
        record.note("started the database");
        record.note_outage(from);
        more(&record.database_restarts);
    }
    Ok(())
}

async fn spoiled_answers(scene: &Scene, plan: &Plan, until: Instant, record: &Record) -> anyhow::Result<()> {
    let ways: [Value; 5] = [
        json!({"drop": "after"}),
        json!({"drop": "after"}),
        json!({"truncate": 40}),
        json!({"status": 500}),
        json!({"drop": "before"}),
    ];
    while comes(scene, plan.spoiled, until).await {
        if let Some(way) = scene.dice.choose(&ways) {
            scene.spoil_next_exchange(way).await?;
            more(&record.spoiled);
        }
    }
    Ok(())
}

async fn resets(scene: &Scene, plan: &Plan, until: Instant, record: &Record) -> anyhow::Result<()> {
    let slow = Faults {
        latency: Some((Duration::from_millis(1), Duration::from_millis(30))),
        slice: Some(200),
        ..Faults::default()
    };
    if plan.resets > 0.0 {
        scene.before_sandbox.set(slow);
    }
    while comes(scene, plan.resets, until).await {
        match scene.server() {
            Some(server) if scene.dice.percent(30) => {
                server.proxy.reset_all();
                record.note("reset all connections to the database");
            }
            _ => {
                scene.before_sandbox.reset_all();
                record.note("reset all connections to the token endpoint");
            }
        }
        more(&record.resets);
    }
    Ok(())
}

/// Starts each process again that has ended, until `done`. As a supervisor does, it does not wait for it to serve.
pub async fn supervise(scene: &Scene, done: &AtomicBool, record: &Record) -> anyhow::Result<()> {
    let mut starts: BTreeMap<usize, Instant> = BTreeMap::new();
    while !done.load(Ordering::Relaxed) {
        for (number, replica) in scene.replicas.iter().enumerate() {
            let mut replica = replica.lock().await;
            let Some(how) = replica.has_ended()? else { continue };
            let recently = starts.get(&number).is_some_and(|at| at.elapsed() < Duration::from_millis(200));
            if recently {
                continue;
            }
            if how != "not started" {
                record.note(format!("{number} ended by itself: {how}"));
                more(&record.ended_by_themselves);
            }
            replica.spawn()?;
            record.note(format!("started {number}"));
            starts.insert(number, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
