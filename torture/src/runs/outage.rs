//! T2: the database is away for one and a half leeways, and the processes are killed meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{progress, quiet, slug, verdict};
use crate::chaos::{self, Record};
use crate::clock::now_millis;
use crate::demand::{self, Demand, Served};
use crate::people::connect_all;
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

/// After so long without the database every process is killed: time enough for an answer to come to the disk.
const KILLED_AFTER: Duration = Duration::from_millis(300);

/// `outages` outages of PostgreSQL over `count` grants.
pub async fn run(
    program: &Path,
    siblings: Siblings,
    count: usize,
    outages: usize,
    seed: u64,
) -> anyhow::Result<Figure> {
    let name = slug("outage", siblings.name());
    let began = Instant::now();
    let mut setting = Setting::scaled(program, Engine::Postgres, siblings);
    setting.people = count;
    setting.seed = seed;
    let away = Duration::from_secs(setting.leeway) * 3 / 2;
    let pause = Duration::from_secs(setting.token_life);
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, count).await?;
    progress(&name, &format!("{count} grants, {outages} outages of {} s", away.as_secs()));
    let (record, served) = (Record::default(), Served::default());
    let done = AtomicBool::new(false);
    let wishes = Demand { callers: 16, think: Duration::from_millis(40), forced_percent: 20 };
    let misfortune = async {
        for _ in 0..outages {
            tokio::time::sleep(pause).await;
            outage(&scene, away, &record).await?;
        }
        tokio::time::sleep(pause).await;
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (ended, supervised, ()) = tokio::join!(
        misfortune,
        chaos::supervise(&scene, &done, &record),
        demand::run(&scene, &grants, &wishes, &done, &served),
    );
    ended?;
    supervised?;
    quiet(&scene).await?;
    let verdict = verdict(&name, &scene, &grants, &record).await?;
    let failures = verdict.lost_by_program();
    let mut faults = Vec::new();
    let spooled = scene.spooled();
    if !spooled.is_empty() {
        faults.push(format!("the spool still holds {} files", spooled.len()));
    }
    Ok(Figure {
        run: format!("T2 database away for {} s, {}", away.as_secs(), siblings.name()),
        of: "grants".to_owned(),
        events: verdict.grants as u64,
        failures: failures as u64,
        unavoidable: (verdict.lost.len() - failures) as u64,
        notes: format!(
            "{outages} outages with {} kills in them, {} exchanges of {} tokens, {} tokens sent after their grandchild",
            Record::count(&record.kills),
            verdict.judgement.exchanges,
            verdict.judgement.generations,
            verdict.judgement.regressions.len(),
        ),
        took: began.elapsed(),
        faults,
    })
}

async fn outage(scene: &Scene, away: Duration, record: &Record) -> anyhow::Result<()> {
    let Some(server) = scene.server() else { return Ok(()) };
    let mut postgres = server.postgres.lock().await;
    let from = now_millis();
    postgres.stop_immediately().await;
    record.note("stopped the database");
    let stopped = Instant::now();
    tokio::time::sleep(KILLED_AFTER).await;
    for (number, replica) in scene.replicas.iter().enumerate() {
        replica.lock().await.kill().await?;
        record.note(format!("killed {number}"));
        record.kills.fetch_add(1, Ordering::Relaxed);
    }
    tokio::time::sleep(away.saturating_sub(stopped.elapsed())).await;
    postgres.restart().await?;
    record.note("started the database");
    record.note_outage(from);
    record.database_restarts.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
