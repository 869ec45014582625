//! T6: answers of the token endpoint that say nothing about the grant: no grant may be given up because of one. And the
//! true refusal, which is recognised.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::{CHECK_PATIENCE, progress, slug};
use crate::chaos::Record;
use crate::demand::refreshed;
use crate::http::Request;
use crate::ledger::Ledger;
use crate::people::{Grant, connect_all};
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

/// Makes the leeway 10 s, and a second refusal proof after 1 s.
const SCALE: u32 = 60;
/// Two attempts so far apart would be proof if they were refusals.
const APART: Duration = Duration::from_millis(1_200);
const PATIENCE: Duration = Duration::from_secs(20);
/// How many people take their consent back at the end.
const REVOKED: usize = 10;

/// Statuses, bodies, and faults of the connection.
pub fn shapes() -> Vec<Value> {
    let invalid = json!({"error": "invalid_grant"});
    vec![
        json!({"status": 302, "headers": {"Location": "http://localhost:1/"}}),
        json!({"status": 400, "body": {"error": "invalid_client"}}),
        json!({"status": 400, "body": {"error": "invalid_request", "error_description": "code is missing"}}),
        json!({"status": 400, "body": {"error": "something_new"}}),
        json!({"status": 400, "body": {"error": {"code": "invalid_grant"}}}),
        json!({"status": 400, "body": "error=invalid_grant"}),
        json!({"status": 401}),
        json!({"status": 401, "body": {"error": "access_denied", "error_description": "Unauthorized"}}),
        json!({"status": 401, "body": {"error": "unauthorized_client", "error_description": "Unknown app"}}),
        json!({"status": 403, "body": "<html>blocked: invalid_grant</html>"}),
        json!({"status": 404, "body": {"code": 404, "message": "Not Found"}}),
        json!({"status": 408}),
        json!({"status": 429, "body": invalid}),
        json!({"status": 429, "headers": {"Retry-After": "1"}}),
        json!({"status": 500, "body": invalid}),
        json!({"status": 502, "body": "<html>Bad Gateway</html>"}),
        json!({"status": 503, "headers": {"Retry-After": "1"}}),
        json!({"status": 200, "body": invalid}),
        json!({"status": 200, "body": {"access_token": ""}}),
        json!({"status": 200, "body": "<html>welcome</html>"}),
        json!({"garbage": true}),
        json!({"truncate": 30}),
        json!({"drop": "before"}),
        json!({"drop": "after"}),
    ]
}

/// Each shape for `count` grants.
pub async fn run(program: &Path, engine: Engine, count: usize) -> anyhow::Result<Vec<Figure>> {
    let name = slug("errors", engine.name());
    let began = Instant::now();
    let setting = Setting {
        people: count,
        replicas: 1,
        ..Setting::scaled_by(SCALE, program, engine, Siblings::Lenient)
    };
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, count).await?;
    let shapes = shapes();
    let mut figure = Figure {
        run: format!("T6 {} shapes of errors × {count} grants, {}", shapes.len(), engine.name()),
        of: "grants under an error".to_owned(),
        ..Figure::default()
    };
    let mut recovered: Vec<Duration> = Vec::new();
    for shape in &shapes {
        let given_up = under(&scene, &grants, shape).await?;
        let mended = Instant::now();
        let back = join_all(grants.iter().map(|grant| refreshed(&scene, grant, CHECK_PATIENCE))).await;
        recovered.push(mended.elapsed());
        let lost = back.iter().filter(|result| result.is_err()).count();
        figure.events += count as u64;
        figure.failures += given_up.max(lost) as u64;
        progress(
            &name,
            &format!("{shape}: {given_up} given up, {lost} lost, back after {:?}", mended.elapsed()),
        );
    }
    let slowest = recovered.iter().max().copied().unwrap_or_default();
    figure.notes = format!("all {count} back at most {:.1} s after the error ended", slowest.as_secs_f64());
    figure.took = began.elapsed();
    let began = Instant::now();
    let mut refusals = true_refusals(&scene, &grants).await?;
    refusals.took = began.elapsed();
    Ok(vec![figure, refusals])
}

/// Every grant is wanted twice while the token endpoint answers so; how many were given up.
async fn under(scene: &Scene, grants: &[Grant], shape: &Value) -> anyhow::Result<usize> {
    let address = scene.addresses[0];
    let fault = json!({"match": {"method": "POST", "path": "/oauth/token"}, "action": shape});
    scene.control(Request::post("/__sandbox/faults").json(&fault)).await?;
    let mut given_up = 0;
    for attempt in 0..2 {
        if attempt > 0 {
            tokio::time::sleep(APART).await;
        }
        let wishes: Vec<Request> = grants.iter().map(Grant::refresh).collect();
        let answers = join_all(wishes.iter().map(|wish| wish.send(address, PATIENCE))).await;
        // 409 says that the person has to connect again.
        given_up = answers.iter().flatten().filter(|answer| answer.status == 409).count();
    }
    scene.without_faults().await?;
    Ok(given_up)
}

/// People who take their consent back: this is noticed, by two refusals that lie apart, and nobody else is given up.
async fn true_refusals(scene: &Scene, grants: &[Grant]) -> anyhow::Result<Figure> {
    let (revoked, others) = grants.split_at(REVOKED.min(grants.len() / 2));
    for grant in revoked {
        let account = json!({"account": grant.account_id});
        scene.control(Request::post("/__sandbox/grants/revoke").json(&account)).await?;
    }
    let told = join_all(revoked.iter().map(|grant| told_to_reconnect(scene, grant))).await;
    let unnoticed = told.iter().filter(|told| !**told).count();
    let others_lost = join_all(others.iter().map(|grant| refreshed(scene, grant, CHECK_PATIENCE))).await;
    let others_lost = others_lost.iter().filter(|result| result.is_err()).count();
    let ledger = Ledger::read(scene).await?;
    let apart = i64::from(60_000 / SCALE);
    let odd = revoked.iter().filter(|grant| {
        let events = ledger.events(&grant.account_id);
        let refusals: Vec<i64> =
            events.iter().filter(|event| event.why.is_some()).map(|event| event.at).collect();
        refusals.len() < 2 || refusals[1] - refusals[0] < apart
    });
    let odd = odd.count();
    let verdict = super::verdict("true-refusals", scene, others, &Record::default()).await?;
    let mut faults = verdict.not_linear();
    if odd > 0 {
        faults.push(format!("{odd} given up after fewer than two refusals {apart} ms apart"));
    }
    Ok(Figure {
        run: format!("T6 consents taken back, {}", scene.setting.engine.name()),
        of: "consents".to_owned(),
        events: revoked.len() as u64,
        failures: (unnoticed + others_lost) as u64,
        notes: format!(
            "all recognised by two refusals at least {apart} ms (a minute) apart; {} others work on",
            others.len() - others_lost
        ),
        faults,
        ..Figure::default()
    })
}

async fn told_to_reconnect(scene: &Scene, grant: &Grant) -> bool {
    let asked = Instant::now();
    while asked.elapsed() < CHECK_PATIENCE {
        let answer = grant.refresh().send(scene.addresses[0], PATIENCE).await;
        if answer.is_ok_and(|answer| answer.status == 409) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}
