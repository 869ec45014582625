//! T3: processes of many callers each want a new token at the same instant, and nothing fails. One exchange serves all.

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

const REPLICAS: usize = 4;
/// Callers at each process.
const CALLERS: usize = 64;
const PATIENCE: Duration = Duration::from_secs(40);
/// What a waiter may take longer than the token endpoint and the same crowd without an exchange (T3's target).
const OVERHEAD: Duration = Duration::from_millis(50);

/// `rounds` crowds, each at another grant, for an endpoint that answers after `endpoint`.
pub async fn run(program: &Path, endpoint: Duration, rounds: usize) -> anyhow::Result<Figure> {
    let name = format!("single-flight-{}ms", endpoint.as_millis());
    let began = Instant::now();
    let setting = Setting {
        replicas: REPLICAS,
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
    let beyond_calm = overhead.saturating_sub(calm);
    progress(&name, &format!("{} exchanges of {} tokens", judgement.exchanges, judgement.generations));
    let mut faults = Vec::new();
    if refused > 0 {
        faults.push(format!("{refused} callers got no answer"));
    }
    if judgement.generations < rounds {
        faults.push(format!("only {} of {rounds} tokens were exchanged at all", judgement.generations));
    }
    let within = if beyond_calm <= OVERHEAD { "within" } else { "above" };
    Ok(Figure {
        run: format!("T3 {REPLICAS} × {CALLERS} callers, endpoint {} ms", endpoint.as_millis()),
        of: "generations".to_owned(),
        events: judgement.generations as u64,
        failures: (judgement.exchanges - judgement.generations) as u64,
        unavoidable: 0,
        notes: format!(
            "{:.3} exchanges per generation; callers' p99 less the endpoint's time {} ms; the same crowd without an \
             exchange {} ms; the difference of {} ms is {within} the aim of {} ms",
            judgement.ratio(),
            overhead.as_millis(),
            calm.as_millis(),
            beyond_calm.as_millis(),
            OVERHEAD.as_millis(),
        ),
        took: began.elapsed(),
        faults,
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
