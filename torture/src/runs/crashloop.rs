//! T1: random kills, pauses, restarts and spoiled answers, all shorter than the leeway. No grant may be lost.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{progress, quiet, slug, verdict};
use crate::chaos::{self, Plan, Record};
use crate::checker::Cause;
use crate::demand::{self, Demand, Served};
use crate::people::connect_all;
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

#[derive(Debug, Clone)]
pub struct Loop {
    pub grants: usize,
    /// How long misfortune lasts, each time with new grants.
    pub each: Duration,
    pub times: usize,
    pub seed: u64,
    /// By how much all times are divided.
    pub scale: u32,
    /// Fewer kills in all rounds together prove too little.
    pub least_kills: u64,
}

/// Faults shorter than the leeway, which is given in seconds.
fn plan(engine: Engine, leeway: u64) -> Plan {
    Plan {
        kills: 2.0,
        pauses: 0.5,
        longest_pause: Duration::from_secs(leeway) / 3,
        database_restarts: if engine == Engine::Postgres { 0.05 } else { 0.0 },
        spoiled: 1.5,
        resets: 0.2,
    }
}

/// The loop on one engine with one reading of siblings.
pub async fn run(program: &Path, engine: Engine, siblings: Siblings, of: &Loop) -> anyhow::Result<Figure> {
    let name = slug(engine.name(), siblings.name());
    let began = Instant::now();
    let mut figure = Figure {
        run: format!("T1 {}, {}, leeway {} s", engine.name(), siblings.name(), 600 / of.scale),
        of: "grant-runs".to_owned(),
        ..Figure::default()
    };
    let mut sums = Sums::default();
    for round in 0..of.times {
        let mut setting = Setting::scaled_by(of.scale, program, engine, siblings);
        setting.people = of.grants;
        setting.seed = of.seed + round as u64;
        let done = once(&name, round, setting, of, &mut figure, &mut sums).await;
        if let Err(error) = done {
            figure.faults.push(format!("round {round} came to no end: {error:#}"));
        }
    }
    let Sums { kills, serving, pauses, restarts, spoiled, requests, exchanges, generations, ended, too_long } =
        sums;
    if kills < of.least_kills {
        figure.faults.push(format!("only {kills} kills, and {} are wanted", of.least_kills));
    }
    let share = (spoiled * 1_000).checked_div(requests).unwrap_or_default();
    figure.notes = format!(
        "{kills} kills ({serving} of a process that served), {pauses} pauses, {restarts} database restarts ({too_long} longer than half the leeway), {}.{} % of \
         {requests} token requests spoiled, {exchanges} exchanges of {generations} tokens, {ended} processes \
         ended by themselves",
        share / 10,
        share % 10,
    );
    figure.took = began.elapsed();
    Ok(figure)
}

#[derive(Debug, Default)]
struct Sums {
    kills: u64,
    serving: u64,
    pauses: u64,
    restarts: u64,
    spoiled: usize,
    requests: usize,
    exchanges: usize,
    generations: usize,
    ended: u64,
    /// Restarts of the database that took more than half of the leeway.
    too_long: usize,
}

async fn once(
    name: &str,
    round: usize,
    setting: Setting,
    of: &Loop,
    figure: &mut Figure,
    sums: &mut Sums,
) -> anyhow::Result<()> {
    let engine = setting.engine;
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, of.grants).await?;
    progress(name, &format!("round {round}: {} grants, {} s of misfortune", grants.len(), of.each.as_secs()));
    let (record, served) = (Record::default(), Served::default());
    let (no_more_wishes, no_more_starts) = (AtomicBool::new(false), AtomicBool::new(false));
    let wishes = Demand { callers: 8, think: Duration::from_millis(60), forced_percent: 10 };
    let plan = plan(engine, scene.setting.leeway);
    let misfortune = async {
        let ended = chaos::run(&scene, &plan, Instant::now() + of.each, &record).await;
        no_more_wishes.store(true, Ordering::Relaxed);
        no_more_starts.store(true, Ordering::Relaxed);
        ended
    };
    let (ended, supervised, ()) = tokio::join!(
        misfortune,
        chaos::supervise(&scene, &no_more_starts, &record),
        demand::run(&scene, &grants, &wishes, &no_more_wishes, &served),
    );
    ended?;
    supervised?;
    quiet(&scene).await?;
    let verdict = verdict(name, &scene, &grants, &record).await?;
    verdict.add_to(figure);
    progress(
        name,
        &format!(
            "round {round}: {} lost ({} by the program), {} kills, {} exchanges of {} tokens, {} regressions, \
             {} forks, wishes by status {:?}",
            verdict.lost.len(),
            verdict.lost_by(Cause::Program),
            Record::count(&record.kills),
            verdict.judgement.exchanges,
            verdict.judgement.generations,
            verdict.judgement.regressions.len(),
            verdict.judgement.forks.len(),
            served.by_status(),
        ),
    );
    let leeway = i64::try_from(scene.setting.leeway * 1_000)?;
    sums.too_long += record.outages().iter().filter(|(from, to)| to - from >= leeway / 2).count();
    sums.kills += Record::count(&record.kills);
    sums.serving += Record::count(&record.kills_while_serving);
    sums.pauses += Record::count(&record.pauses);
    sums.restarts += Record::count(&record.database_restarts);
    sums.ended += Record::count(&record.ended_by_themselves);
    sums.spoiled += verdict.spoiled;
    sums.requests += verdict.requests;
    sums.exchanges += verdict.judgement.exchanges;
    sums.generations += verdict.judgement.generations;
    Ok(())
}
