//! T2: the database is away for one and a half leeways, and the processes are ended meanwhile.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::{progress, quiet, slug, verdict};
use crate::chaos::{self, Record};
use crate::clock::now_millis;
use crate::demand::{self, Demand, Served};
use crate::people::connect_all;
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

/// After so long without the database every process is ended: time enough for an answer to come to the disk.
const ENDED_AFTER: Duration = Duration::from_millis(300);

/// How the processes are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Killed,
    /// SIGTERM, as a supervisor stops them.
    Stopped,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Killed => "SIGKILL",
            Self::Stopped => "SIGTERM",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Outages {
    pub siblings: Siblings,
    pub end: End,
    pub grants: usize,
    pub times: usize,
    pub seed: u64,
}

/// Outages of PostgreSQL over three processes.
pub async fn run(program: &Path, of: &Outages) -> anyhow::Result<Figure> {
    let name = slug("outage", &format!("{}-{}", of.siblings.name(), of.end.name()));
    let began = Instant::now();
    let mut setting = Setting::scaled(program, Engine::Postgres, of.siblings);
    setting.people = of.grants;
    setting.seed = of.seed;
    let away = Duration::from_secs(setting.leeway) * 3 / 2;
    let pause = Duration::from_secs(setting.token_life);
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, of.grants).await?;
    progress(&name, &format!("{} grants, {} outages of {} s", of.grants, of.times, away.as_secs()));
    let (record, served) = (Record::default(), Served::default());
    let done = AtomicBool::new(false);
    let wishes = Demand { callers: 16, think: Duration::from_millis(40), forced_percent: 20 };
    let misfortune = async {
        for _ in 0..of.times {
            tokio::time::sleep(pause).await;
            outage(&scene, away, of.end, &record).await?;
        }
        tokio::time::sleep(pause).await;
        anyhow::Ok(())
    };
    let misfortune = async {
        let ended = misfortune.await;
        done.store(true, Ordering::Relaxed);
        ended
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
    let mut figure = Figure {
        run: format!(
            "T2 database away for {} s, {}, {}",
            away.as_secs(),
            of.end.name(),
            scene.setting.siblings.name()
        ),
        of: "grants".to_owned(),
        notes: format!(
            "{} outages, {} processes ended in them, {} exchanges of {} tokens",
            of.times,
            Record::count(&record.kills),
            verdict.judgement.exchanges,
            verdict.judgement.generations,
        ),
        ..Figure::default()
    };
    verdict.add_to(&mut figure);
    let spooled = scene.spooled();
    if !spooled.is_empty() {
        figure.faults.push(format!("the spool still holds {} files", spooled.len()));
    }
    figure.took = began.elapsed();
    Ok(figure)
}

async fn outage(scene: &Scene, away: Duration, end: End, record: &Record) -> anyhow::Result<()> {
    let Some(server) = scene.server() else { return Ok(()) };
    let mut postgres = server.postgres.lock().await;
    let from = now_millis();
    postgres.stop_immediately().await;
    record.note("stopped the database");
    let stopped = Instant::now();
    tokio::time::sleep(ENDED_AFTER).await;
    let ends = scene.replicas.iter().enumerate().map(async |(number, replica)| {
        let mut replica = replica.lock().await;
        // One that has ended by itself is the supervisor's.
        if replica.has_ended()?.is_some() {
            return Ok(());
        }
        record.note(format!("{} to {number}", end.name()));
        match end {
            End::Killed => replica.kill().await?,
            End::Stopped => replica.stop().await?,
        }
        record.kills.fetch_add(1, Ordering::Relaxed);
        anyhow::Ok(())
    });
    for ended in join_all(ends).await {
        ended?;
    }
    tokio::time::sleep(away.saturating_sub(stopped.elapsed())).await;
    postgres.restart().await?;
    record.note("started the database");
    record.note_outage(from);
    record.database_restarts.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
