//! T3: processes of many callers each want a new token at the same instant, and nothing fails. One exchange serves all,
//! and nobody waits much longer than for the token endpoint.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::progress;
use crate::http::Request;
use crate::ledger::Ledger;
use crate::people::{Grant, connect_all};
use crate::proxy::Faults;
use crate::report::{Figure, percentile};
use crate::scene::{Engine, Scene, Setting, Siblings};

/// Callers at each process.
const CALLERS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(40);
/// What the 99th of 100 waiters may take longer than the token endpoint.
const OVERHEAD: Duration = Duration::from_millis(50);

#[derive(Debug, Clone)]
pub struct Crowds {
    pub replicas: usize,
    /// After so long the token endpoint answers.
    pub endpoint: Duration,
    pub rounds: usize,
    /// Whether the machine is this run's alone, so that times say something.
    pub timed: bool,
}

/// Each crowd wants the token of another grant.
pub async fn run(program: &Path, of: &Crowds) -> anyhow::Result<Figure> {
    let Crowds { replicas, endpoint, rounds, timed } = *of;
    let name = format!("single-flight-{replicas}-{}ms", endpoint.as_millis());
    let began = Instant::now();
    let setting = Setting {
        replicas,
        people: rounds,
        // Real times: nothing is due in the background while this lasts.
        scale: 1,
        token_life: 3_600,
        leeway: 600,
        ..Setting::scaled(program, Engine::Postgres, Siblings::Lenient)
    };
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, rounds).await?;
    scene.before_sandbox.set(Faults { latency: Some((endpoint, endpoint)), ..Faults::default() });
    let (mut calm, mut waiting, mut refused) = (Vec::new(), Vec::new(), 0);
    for grant in &grants {
        // Connections to the database are made the first time; the second crowd is what is compared with.
        crowd(&scene, grant).await;
        let (took, _) = crowd(&scene, grant).await;
        calm.extend(took);
        scene.control(Request::post("/__sandbox/tokens/expire")).await?;
        let (took, failed) = crowd(&scene, grant).await;
        waiting.extend(took);
        refused += failed;
    }
    let ledger = Ledger::read(&scene).await?;
    let judgement = ledger.judge(grants.iter().map(|grant| grant.account_id.as_str()));
    let (calm, waited) = (percentile(&mut calm, 99), percentile(&mut waiting, 99));
    let overhead = waited.saturating_sub(endpoint);
    progress(&name, &format!("{} exchanges of {} tokens", judgement.exchanges, judgement.generations));
    let mut faults = Vec::new();
    if refused > 0 {
        faults.push(format!("{refused} callers got no answer"));
    }
    if judgement.generations < rounds {
        faults.push(format!("only {} of {rounds} tokens were exchanged at all", judgement.generations));
    }
    if timed && overhead > OVERHEAD {
        faults.push(format!("the p99 is more than {} ms above the endpoint's time", OVERHEAD.as_millis()));
    }
    Ok(Figure {
        run: format!("T3 {replicas} × {CALLERS} callers, endpoint {} ms", endpoint.as_millis()),
        of: "generations".to_owned(),
        events: judgement.generations as u64,
        failures: (judgement.exchanges - judgement.generations) as u64,
        notes: format!(
            "{:.3} exchanges per generation; p99 of a caller {} ms, which is {} ms above the endpoint's time; the same \
             crowd without an exchange {} ms",
            judgement.ratio(),
            waited.as_millis(),
            overhead.as_millis(),
            calm.as_millis(),
        ),
        took: began.elapsed(),
        faults,
        ..Figure::default()
    })
}

/// All callers at once; how long each took, and how many had no good answer.
async fn crowd(scene: &Scene, grant: &Grant) -> (Vec<Duration>, usize) {
    let callers = scene.addresses.iter().flat_map(|address| (0..CALLERS).map(move |_| *address));
    let answers = join_all(callers.map(async |address| {
        let asked = Instant::now();
        let answer = grant.use_token().send(address, PATIENCE).await;
        (asked.elapsed(), answer.is_ok_and(|answer| answer.status == 200))
    }))
    .await;
    let failed = answers.iter().filter(|(_, good)| !good).count();
    (answers.into_iter().map(|(took, _)| took).collect(), failed)
}
