//! The mirror against the truth: people edit at random while syncs run over a network that fails at random; in the end
//! the two have to be equal, row by row.
//!
//! The suite runs the first seeds, and each that ever failed (`failed_seeds.txt`). `cargo xtask differential` runs more
//! of them, by the variables below.

mod compare;
mod edits;
mod faults;

use std::io::Write as _;
use std::time::Duration;

use connector_domain::{Entropy as _, SeededEntropy};
use connector_store::Engine;
use connector_testkit::{Browser, SandboxOptions, Setup, TestApp};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use compare::differences;
use edits::Editor;
use faults::{calm, disturb};

/// How many seeds, and the first of them.
const COUNT_VAR: &str = "DIFFERENTIAL_SEEDS";
const FROM_VAR: &str = "DIFFERENTIAL_FROM";
/// The file to which seeds that fail are added.
const KEEP_VAR: &str = "DIFFERENTIAL_KEEP";
const IN_THE_SUITE: u64 = 200;
const FAILED_BEFORE: &str = include_str!("failed_seeds.txt");

const SCOPES: &str = "read:jira-work read:jira-user read:space:confluence read:page:confluence \
                      read:comment:confluence read:attachment:confluence read:me offline_access";
/// In which a run that waits is woken at last.
const WHILE: Duration = Duration::from_mins(20);
/// A little more than a process that is killed keeps its job.
const LEASE: Duration = Duration::from_secs(31);
/// Longer than a search may be behind, and than a sync of changes leaves projects and spaces unread.
const LATER: Duration = Duration::from_mins(61);
/// Long enough for the next census to count.
const NEXT_CENSUS: Duration = Duration::from_mins(61);
/// How far the run is, is told after so many seeds.
const TOLD_EVERY: usize = 100;
/// So many seeds run at the same time.
const AT_ONCE: usize = 4;

/// Numbers at random, the same for the same seed.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) as usize % end.max(1)
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

fn small(setup: &mut Setup, seed: u64) {
    SCOPES.clone_into(&mut setup.scopes);
    setup.seed = seed;
    setup.sandbox = SandboxOptions {
        projects: Some(3),
        issues: Some(15),
        spaces: Some(2),
        pages: Some(9),
        seed,
        ..SandboxOptions::default()
    };
}

/// Runs a sync to its end, through all of its waits.
async fn sync(app: &TestApp, browser: &Browser, body: &Value) -> Value {
    let run = browser.post("/api/syncs", body).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    let mut last = run;
    while let Some(run) = events.next().await {
        if run["status"] == "waiting" {
            app.advance(WHILE).await;
        }
        last = run;
    }
    last
}

/// What differs in the end; nothing, it is hoped. `None` where the tests do without this engine.
async fn differ(engine: Engine, seed: u64) -> Option<Vec<String>> {
    let app = TestApp::start_with(engine, |setup| small(setup, seed)).await?;
    let browser = app.connected().await;
    let mut dice = Dice::new(seed);
    let mut editor = Editor::new(&app);
    for _ in 0..2 {
        disturb(&app, &mut dice).await;
        editor.edit(&mut dice, 4).await;
        let body = match dice.below(6) {
            0 => json!({"mode": "full"}),
            1 => json!({"mode": "census"}),
            _ => json!({}),
        };
        // People go on while it runs, and now and then the process is killed.
        let meanwhile = async {
            editor.edit(&mut dice, 3).await;
            if dice.below(3) == 0 {
                app.kill_jobs().await;
                app.run_jobs();
                app.advance(LEASE).await;
            }
            editor.edit(&mut dice, 3).await;
        };
        futures::join!(sync(&app, &browser, &body), meanwhile);
        app.advance(Duration::from_secs(dice.below(600) as u64)).await;
    }
    calm(&app).await;
    app.advance(LATER).await;
    // What a census misses, a second one confirms.
    let unequal = "SELECT scope FROM sync_proofs WHERE state <> 'equal'";
    for (body, is_needed) in [("incremental", true), ("census", true), ("census", false)] {
        if !is_needed && app.database.texts(unequal).await.is_empty() {
            break;
        }
        let body = json!({"mode": body});
        let run = sync(&app, &browser, &body).await;
        if run["status"] != "succeeded" {
            return Some(vec![format!("the last sync ended so: {run}")]);
        }
        app.advance(NEXT_CENSUS).await;
    }
    Some(differences(&app).await)
}

/// The same, and of a test that panics it is told too.
async fn outcome(engine: Engine, seed: u64) -> Option<Vec<String>> {
    match tokio::spawn(differ(engine, seed)).await {
        Ok(found) => found,
        Err(panic) => Some(vec![format!("it came to no end: {panic}")]),
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// First those that failed before, then the others; half of the latter on each engine.
fn seeds(engine: Engine) -> Vec<u64> {
    let from = number(FROM_VAR).unwrap_or(1);
    let seeds = from..from + number(COUNT_VAR).unwrap_or(IN_THE_SUITE);
    let ours = |seed: &u64| seed.is_multiple_of(2) == (engine == Engine::Sqlite);
    let failed = FAILED_BEFORE.lines().filter_map(|line| line.split('#').next()?.trim().parse().ok());
    let failed: Vec<u64> = failed.collect();
    let others: Vec<u64> = seeds.filter(|seed| ours(seed) && !failed.contains(seed)).collect();
    [failed, others].concat()
}

/// Adds a seed that failed to those that are always run.
fn keep(seed: u64) {
    let Ok(path) = std::env::var(KEEP_VAR) else { return };
    if FAILED_BEFORE.lines().any(|line| line.trim() == seed.to_string()) {
        return;
    }
    let file = std::fs::OpenOptions::new().append(true).open(path);
    writeln!(file.expect("the file of failed seeds"), "{seed}").expect("the seed is kept");
}

async fn all_seeds(engine: Engine) {
    let seeds = seeds(engine);
    let count = seeds.len();
    let runs = seeds.into_iter().map(|seed| async move { (seed, outcome(engine, seed).await) });
    let mut runs = stream::iter(runs).buffer_unordered(AT_ONCE);
    let (mut done, mut failed) = (0, Vec::new());
    while let Some((seed, found)) = runs.next().await {
        let Some(found) = found else { return };
        done += 1;
        if done % TOLD_EVERY == 0 {
            eprintln!("{engine:?}: {done} of {count} seeds, {} differ", failed.len());
        }
        if !found.is_empty() {
            keep(seed);
            failed.push(format!("seed {seed}:\n  {}", found.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "{} of {count} seeds differ\n{}", failed.len(), failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mirror_is_equal_to_the_truth_in_the_end_on_sqlite() {
    all_seeds(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mirror_is_equal_to_the_truth_in_the_end_on_postgres() {
    all_seeds(Engine::Postgres).await;
}
