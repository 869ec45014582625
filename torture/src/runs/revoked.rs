//! T8: Atlassian ends an access token while many requests with it are under way. All are answered, with one exchange.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use super::progress;
use crate::http::Request;
use crate::ledger::Ledger;
use crate::people::connect_all;
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

const REPLICAS: usize = 2;
const REQUESTS: usize = 200;
/// Milliseconds that the simulator takes before it looks at the token.
const LATENCY: u64 = 150;
const PATIENCE: Duration = Duration::from_secs(40);

/// `rounds` times, each with another grant.
pub async fn run(program: &Path, rounds: usize) -> anyhow::Result<Figure> {
    let began = Instant::now();
    let setting = Setting {
        replicas: REPLICAS,
        people: rounds,
        scale: 1,
        token_life: 3_600,
        leeway: 600,
        latency: LATENCY,
        ..Setting::scaled(program, Engine::Postgres, Siblings::Lenient)
    };
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, rounds).await?;
    let mut failed = 0;
    for grant in &grants {
        let use_token = grant.use_token();
        let requests =
            (0..REQUESTS).map(|number| use_token.send(scene.addresses[number % REPLICAS], PATIENCE));
        let ended = async {
            // Some requests are with Atlassian, some on their way, some have not begun.
            tokio::time::sleep(Duration::from_millis(LATENCY / 2)).await;
            let account = json!({"account": grant.account_id});
            scene.control(Request::post("/__sandbox/tokens/expire").json(&account)).await
        };
        let (answers, ended) = tokio::join!(join_all(requests), ended);
        ended?;
        failed +=
            answers.iter().filter(|answer| !answer.as_ref().is_ok_and(|answer| answer.status == 200)).count();
    }
    let ledger = Ledger::read(&scene).await?;
    let judgement = ledger.judge(grants.iter().map(|grant| grant.account_id.as_str()));
    progress("revoked", &format!("{} exchanges of {} tokens", judgement.exchanges, judgement.generations));
    let mut faults = Vec::new();
    if failed > 0 {
        faults.push(format!("{failed} requests got no good answer"));
    }
    if judgement.generations != rounds {
        faults.push(format!("{} of {rounds} tokens were exchanged", judgement.generations));
    }
    Ok(Figure {
        run: format!("T8 token ended under {REQUESTS} requests at {REPLICAS} processes"),
        of: "tokens".to_owned(),
        events: rounds as u64,
        failures: (judgement.exchanges - judgement.generations) as u64,
        notes: format!(
            "{:.3} exchanges for each; {} of {} requests answered 200",
            judgement.ratio(),
            rounds * REQUESTS - failed,
            rounds * REQUESTS,
        ),
        took: began.elapsed(),
        faults,
        ..Figure::default()
    })
}
