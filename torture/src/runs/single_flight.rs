//! T3: processes of many callers each want a new token at the same instant, and nothing fails. One exchange serves all,
//! and nobody waits much longer than for the token endpoint.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::progress;
use crate::http::Request;
use crate::ledger::Ledger;
use crate::people::{Grant, connect_all};
use crate::proxy::Faults;
use crate::report::{Figure, percentile};
use crate::scene::{Engine, Scene, Setting, Siblings};

const PATIENCE: Duration = Duration::from_secs(40);
const SLOW: Duration = Duration::from_millis(1500);
/// What the 99th of 100 waiters may take longer than the token endpoint and the same crowd without an exchange: so many
/// requests at once take their time on a small machine, whatever they wait for.
const OVERHEAD: Duration = Duration::from_millis(50);

#[derive(Debug, Clone)]
pub struct Crowds {
    pub replicas: usize,
    /// At each process.
    pub callers: usize,
    /// After so long the token endpoint answers.
    pub endpoint: Duration,
    pub rounds: usize,
    /// Whether the machine is this run's alone, so that times say something.
    pub timed: bool,
}

/// Each crowd wants the token of another grant.
pub async fn run(program: &Path, of: &Crowds) -> anyhow::Result<Figure> {
    let Crowds { replicas, callers, endpoint, rounds, timed } = *of;
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
    let (mut calm, mut waiting, mut refused) = (Vec::new(), Vec::new(), BTreeMap::new());
    // Connections are made now, to the database and, as each call takes a while, one for each caller to Atlassian.
    scene.control(Request::post("/__sandbox/faults").json(&slow_calls(replicas * callers))).await?;
    if let Some(grant) = grants.first() {
        crowd(&scene, grant, callers).await;
    }
    for grant in &grants {
        // The second crowd is what is compared with: the first one meets caches that are empty.
        crowd(&scene, grant, callers).await;
        let (took, _) = crowd(&scene, grant, callers).await;
        calm.extend(took);
        scene.control(Request::post("/__sandbox/tokens/expire")).await?;
        let (took, answered) = crowd(&scene, grant, callers).await;
        waiting.extend(took);
        for other in answered.into_iter().filter(|answered| *answered != Answered::Status(200)) {
            *refused.entry(other).or_insert(0) += 1;
        }
    }
    let ledger = Ledger::read(&scene).await?;
    let judgement = ledger.judge(grants.iter().map(|grant| grant.account_id.as_str()));
    let (calm, waited) = (percentile(&mut calm, 99), percentile(&mut waiting, 99));
    let overhead = waited.saturating_sub(endpoint + calm);
    progress(&name, &format!("{} exchanges of {} tokens", judgement.exchanges, judgement.generations));
    let mut faults = Vec::new();
    if !refused.is_empty() {
        faults.push(format!("some callers were not served, by what they got: {refused:?}"));
    }
    if judgement.generations < rounds {
        faults.push(format!("only {} of {rounds} tokens were exchanged at all", judgement.generations));
    }
    if timed && overhead > OVERHEAD {
        faults.push(format!("the p99 is more than {} ms above both", OVERHEAD.as_millis()));
    }
    Ok(Figure {
        run: format!("T3 {replicas} × {callers} callers, endpoint {} ms", endpoint.as_millis()),
        of: "generations".to_owned(),
        events: judgement.generations as u64,
        failures: (judgement.exchanges - judgement.generations) as u64,
        notes: format!(
            "{:.3} exchanges per generation; p99 of a caller {} ms, of the same crowd without an exchange {} ms: {} ms \
             above that and the endpoint's time",
            judgement.ratio(),
            waited.as_millis(),
            calm.as_millis(),
            overhead.as_millis(),
        ),
        took: began.elapsed(),
        faults,
        ..Figure::default()
    })
}

/// The next calls of this many callers are all under way together.
fn slow_calls(callers: usize) -> Value {
    json!({
        "match": {"path": "/oauth/token/accessible-resources"},
        "times": callers,
        "action": {"delay_ms": SLOW.as_millis()},
    })
}

/// What a caller got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answered {
    Status(u16),
    Nothing,
}

/// All callers at once; how long each took, and what each got.
async fn crowd(scene: &Scene, grant: &Grant, callers: usize) -> (Vec<Duration>, Vec<Answered>) {
    let each = scene.addresses.iter().flat_map(|address| (0..callers).map(move |_| *address));
    let answers = join_all(each.map(async |address| {
        let asked = Instant::now();
        let answer = grant.use_token().send(address, PATIENCE).await;
        (asked.elapsed(), answer.map_or(Answered::Nothing, |answer| Answered::Status(answer.status)))
    }))
    .await;
    answers.into_iter().unzip()
}
