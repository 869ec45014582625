//! T6: Atlassian refuses the app's secret for an hour, as after a mistake of the operator's. No grant is given up, the
//! log says so once, and all is well within a minute after it was mended.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::{progress, slug};
use crate::chaos::Record;
use crate::demand::{self, Demand, Served, refreshed};
use crate::http::Request;
use crate::people::connect_all;
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

/// What the log says of it.
const ALERT: &str = "check ATLASSIAN_CLIENT_ID and ATLASSIAN_CLIENT_SECRET";
/// The program's waits are divided, the work of the exchanges is not.
const WORK: Duration = Duration::from_secs(2);
const WAIT: Duration = Duration::from_secs(10);

/// `count` grants; an hour is divided by `scale`.
pub async fn run(program: &Path, engine: Engine, count: usize, scale: u32) -> anyhow::Result<Figure> {
    let name = slug("wrong-secret", engine.name());
    let began = Instant::now();
    let setting = Setting {
        people: count,
        replicas: 1,
        ..Setting::scaled_by(scale, program, engine, Siblings::Lenient)
    };
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, count).await?;
    let refusal =
        json!({"status": 401, "body": {"error": "access_denied", "error_description": "Unauthorized"}});
    let fault = json!({"match": {"method": "POST", "path": "/oauth/token"}, "action": refusal});
    scene.control(Request::post("/__sandbox/faults").json(&fault)).await?;
    let hour = Duration::from_hours(1) / scale;
    progress(&name, &format!("the secret is wrong for {} s", hour.as_secs()));
    let (served, done) = (Served::default(), AtomicBool::new(false));
    let wishes = Demand { callers: 4, think: Duration::from_millis(50), forced_percent: 20 };
    let hour_over = async {
        tokio::time::sleep(hour).await;
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(hour_over, demand::run(&scene, &grants, &wishes, &done, &served));
    let asked = asked_of_token_endpoint(&scene).await?;
    let marked = marked(&scene, &grants).await?;
    scene.without_faults().await?;
    let mended = Instant::now();
    let back = join_all(grants.iter().map(|grant| refreshed(&scene, grant, WAIT))).await;
    let took = mended.elapsed();
    let lost = back.iter().filter(|result| result.is_err()).count();
    let log = std::fs::read_to_string(scene.replicas[0].lock().await.log())?;
    let alerts = log.lines().filter(|line| line.contains(ALERT)).count();
    let verdict = super::verdict(&name, &scene, &grants, &Record::default()).await?;
    let mut figure = Figure {
        run: format!("T6 wrong client secret for an hour, {}", engine.name()),
        of: "grants".to_owned(),
        ..Figure::default()
    };
    verdict.add_to(&mut figure);
    let limit = Duration::from_mins(1) / scale + WORK;
    for (wrong, what) in [
        (marked > 0, format!("{marked} grants given up")),
        (lost > 0, format!("{lost} grants not back in {} s", WAIT.as_secs())),
        (alerts != 1, format!("{alerts} alerts")),
        (took > limit, format!("all back only after {:.1} s", took.as_secs_f64())),
    ] {
        figure.faults.extend(wrong.then_some(what));
    }
    figure.notes = format!(
        "times divided by {scale}: an hour of {} s with {asked} token requests; {marked} given up, {alerts} alert; all back \
         {:.2} s after, where a minute is {:.1} s",
        hour.as_secs(),
        took.as_secs_f64(),
        60.0 / f64::from(scale),
    );
    figure.took = began.elapsed();
    Ok(figure)
}

async fn asked_of_token_endpoint(scene: &Scene) -> anyhow::Result<u64> {
    let stats = scene.control(Request::get("/__sandbox/stats")).await?;
    let rows = stats["requests"].as_array().cloned().unwrap_or_default();
    let refused = |row: &&Value| row["route"] == "/oauth/token" && row["status"] == 401;
    Ok(rows.iter().filter(refused).filter_map(|row| row["count"].as_u64()).sum())
}

/// How many connections are not active.
async fn marked(scene: &Scene, grants: &[crate::people::Grant]) -> anyhow::Result<usize> {
    let mut marked = 0;
    for grant in grants {
        let path = format!("/api/connections/{}", grant.connection_id);
        let answer =
            Request::get(path).header("cookie", &grant.cookie).send(scene.addresses[0], WAIT).await?;
        marked += usize::from(answer.json()["status"] != "active");
    }
    Ok(marked)
}
