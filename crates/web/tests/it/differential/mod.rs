//! The mirror against the truth: people edit at random while syncs run over a network that fails at random; in the end
//! the two have to be equal. `DIFFERENTIAL_SEEDS=1000` runs more of them than the suite does.

mod compare;
mod edits;

use std::time::Duration;

use connector_domain::{Entropy as _, SeededEntropy};
use connector_store::Engine;
use connector_testkit::{Browser, SandboxOptions, Setup, TestApp};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use compare::differences;
use edits::Editor;

const SCOPES: &str = "read:jira-work read:jira-user read:space:confluence read:page:confluence \
                      read:comment:confluence read:attachment:confluence read:me offline_access";
/// In which a run that waits is woken at last.
const WHILE: Duration = Duration::from_mins(20);
/// A little more than a process that is killed keeps its job.
const LEASE: Duration = Duration::from_secs(31);
/// Longer than a search may be behind.
const LATER: Duration = Duration::from_mins(10);

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
        issues: Some(24),
        spaces: Some(2),
        pages: Some(14),
        seed,
        index_lag: seed % 4,
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

/// Some calls go wrong for a while.
async fn disturb(app: &TestApp, dice: &mut Dice) {
    let paths = [
        "*/search/jql",
        "*/issue/bulkfetch",
        "*/project/search",
        "*/pages",
        "*/spaces",
        "*/changelog/bulkfetch",
    ];
    let actions = [
        json!({"status": 429, "headers": {"Retry-After": "1"}}),
        json!({"status": 500}),
        json!({"drop": "before"}),
        json!({"drop": "after"}),
        json!({"truncate": 60}),
        json!({"garbage": true}),
        json!({"status": 429, "headers": {"Retry-After": "90"}}),
    ];
    for _ in 0..dice.below(4) {
        let (path, action) = (dice.pick(&paths).unwrap(), dice.pick(&actions).unwrap());
        app.sandbox.fault(path, 1 + dice.below(3) as u64, action.clone()).await;
    }
}

/// What differs in the end; nothing, it is hoped.
async fn differ(engine: Engine, seed: u64) -> Option<Vec<String>> {
    let app = TestApp::start_with(engine, |setup| small(setup, seed)).await?;
    let browser = app.connected().await;
    let mut dice = Dice::new(seed);
    let mut editor = Editor::new(&app);
    for _ in 0..2 {
        disturb(&app, &mut dice).await;
        editor.edit(&mut dice, 4).await;
        let body = if dice.below(5) == 0 { json!({"mode": "full"}) } else { json!({}) };
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
    app.sandbox.clear_faults().await;
    app.advance(LATER).await;
    for body in [json!({}), json!({"mode": "census"})] {
        let run = sync(&app, &browser, &body).await;
        if run["status"] != "succeeded" {
            return Some(vec![format!("the last sync ended so: {run}")]);
        }
    }
    Some(differences(&app).await)
}

fn seeds() -> u64 {
    std::env::var("DIFFERENTIAL_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

async fn all_seeds(engine: Engine) {
    let runs = (1..=seeds()).map(|seed| async move { (seed, differ(engine, seed).await) });
    let mut runs = stream::iter(runs).buffer_unordered(4);
    let mut failed = Vec::new();
    while let Some((seed, found)) = runs.next().await {
        let Some(found) = found else { return };
        if !found.is_empty() {
            failed.push(format!("seed {seed}:\n  {}", found.join("\n  ")));
        }
    }
    assert!(failed.is_empty(), "{} of {} seeds differ\n{}", failed.len(), seeds(), failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mirror_is_equal_to_the_truth_in_the_end_on_sqlite() {
    all_seeds(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mirror_is_equal_to_the_truth_in_the_end_on_postgres() {
    all_seeds(Engine::Postgres).await;
}
