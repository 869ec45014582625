//! T4: a process that exchanges tokens is stopped for longer than every timeout, the others go on meanwhile, and then it
//! wakes up with what it was about to do. No history may go back because of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use connector_domain::failpoint::Failpoint;

use super::{progress, quiet, slug, verdict};
use crate::chaos::Record;
use crate::demand::{self, Demand, Served};
use crate::people::connect_all;
use crate::proxy::Faults;
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

/// `sleeps` stops, each of one of three processes on PostgreSQL.
pub async fn run(program: &Path, siblings: Siblings, count: usize, sleeps: usize) -> anyhow::Result<Figure> {
    let name = slug("holder", siblings.name());
    let began = Instant::now();
    let setting = Setting { people: count, ..Setting::scaled(program, Engine::Postgres, siblings) };
    // The lock's holder is given up after half a leeway; after a whole one a token may not be sent again.
    let (shortest, longest) =
        (Duration::from_secs(setting.leeway) * 3 / 4, Duration::from_secs(setting.leeway) * 3 / 2);
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, count).await?;
    // Slow enough that most of the time somebody waits for it.
    let slow = (Duration::from_millis(20), Duration::from_millis(60));
    scene.before_sandbox.set(Faults { latency: Some(slow), ..Faults::default() });
    progress(&name, &format!("{count} grants, {sleeps} stops of up to {} ms", longest.as_millis()));
    let (record, served, done) = (Record::default(), Served::default(), AtomicBool::new(false));
    let wishes = Demand { callers: 24, think: Duration::from_millis(30), forced_percent: 40 };
    let stops = async {
        let mut holders = 0;
        let mut earlier: BTreeMap<usize, u64> = BTreeMap::new();
        for _ in 0..sleeps {
            tokio::time::sleep(scene.dice.between(Duration::from_millis(300), Duration::from_secs(1))).await;
            let number = scene.dice.below(scene.replicas.len());
            let replica = scene.replicas[number].lock().await;
            replica.pause();
            let under_way = replica.id().map_or(0, |id| exchanges_without_end(&scene, id));
            // What was under way at an earlier stop has lost its lock, and never comes to its end.
            holders += usize::from(under_way > earlier.insert(number, under_way).unwrap_or_default());
            let length = scene.dice.between(shortest, longest);
            record.note(format!("stopped {number} for {} ms", length.as_millis()));
            tokio::time::sleep(length).await;
            replica.resume();
            record.note(format!("woke {number}"));
        }
        done.store(true, Ordering::Relaxed);
        holders
    };
    let (holders, ()) = tokio::join!(stops, demand::run(&scene, &grants, &wishes, &done, &served));
    quiet(&scene).await?;
    let verdict = verdict(&name, &scene, &grants, &record).await?;
    let mut figure = Figure {
        run: format!("T4 holders stopped beyond every timeout, {}", siblings.name()),
        of: "grants".to_owned(),
        notes: format!(
            "{sleeps} stops of {} to {} ms, at least {holders} of a process that held a grant's lock; {} exchanges of {} tokens",
            shortest.as_millis(),
            longest.as_millis(),
            verdict.judgement.exchanges,
            verdict.judgement.generations,
        ),
        ..Figure::default()
    };
    verdict.add_to(&mut figure);
    if holders * 4 < sleeps {
        figure.faults.push(format!("only {holders} of {sleeps} stops hit a holder"));
    }
    figure.took = began.elapsed();
    Ok(figure)
}

/// How many exchanges the process has begun and not come to an end with, by its visits of failpoints.
fn exchanges_without_end(scene: &Scene, process: u32) -> u64 {
    let visits = std::fs::read_to_string(&scene.visits).unwrap_or_default();
    let own = format!("{process} ");
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for visit in visits.lines().filter_map(|line| line.strip_prefix(&own)) {
        if let Some((point, number)) = visit.split_once(' ') {
            last.insert(point, number.parse().unwrap_or_default());
        }
    }
    let count = |point: Failpoint| last.get(point.name()).copied().unwrap_or_default();
    count(Failpoint::RefreshLocked).saturating_sub(count(Failpoint::RefreshCommitted))
}
