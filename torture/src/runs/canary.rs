//! S1 and S2: what a troubled run leaves behind — database, write-ahead log, a full spool, logs at trace, panics, answers, a
//! dump — holds no secret in any form, and what the database does hold opens nothing.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use connector_domain::failpoint::ACTIONS_VAR;
use futures::future::join_all;

use super::{progress, slug};
use crate::chaos::{self, Plan, Record};
use crate::demand::{self, Demand, Served};
use crate::http::Request;
use crate::people::{Grant, consent};
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};
use crate::secrets::{Scan, Secrets};
use crate::stored;

const PATIENCE: Duration = Duration::from_secs(15);
/// At each of these places an exchange or a login panics with the secrets that it has in hand.
const PANICS: &str = "refresh.answer_received=panic@1;refresh.sealed=panic@2;refresh.before_commit=panic@3;\
                      refresh.before_send=panic@4;exchange.answer_received=panic@1;exchange.identified=panic@2";
/// Every answer goes to the spool and stays there.
const SPOOLS: &str = "refresh.before_commit=error;spool.before_commit=error";
const NEEDED: [&str; 8] = [
    "access_token",
    "refresh_token",
    "client_secret",
    "code",
    "code_verifier",
    "state",
    "cookie sid",
    "key bytes",
];

/// The run on one engine, with `count` people, in `trouble` for so long.
pub async fn run(
    program: &Path,
    engine: Engine,
    count: usize,
    trouble: Duration,
) -> anyhow::Result<Vec<Figure>> {
    let name = slug("canary", engine.name());
    let began = Instant::now();
    let setting = Setting { people: count + 10, ..Setting::scaled(program, engine, Siblings::Lenient) };
    let scene = Scene::set(setting).await?;
    scene.before_sandbox.listen_in();
    for replica in &scene.replicas {
        let mut replica = replica.lock().await;
        replica.set_variable("LOG_LEVEL", Some("trace"));
        replica.start().await?;
    }
    scene.without_content().await?;
    let mut secrets = Secrets::of_operator();
    let mut grants = Vec::new();
    for person in 1..=count {
        grants.extend(log_in(&scene, person, &mut secrets).await);
    }
    let mut faults = Vec::new();
    if grants.len() * 2 < count {
        faults.push(format!("only {} of {count} logins came to their end", grants.len()));
    }
    let requests = be_in_trouble(&scene, &grants, trouble).await?;
    // Panics need work: tokens and logins.
    start_all(&scene, Some(PANICS)).await?;
    ask_all(&scene, &grants).await;
    for person in count + 1..=count + 3 {
        log_in(&scene, person, &mut secrets).await;
    }
    start_all(&scene, None).await?;
    let mut answers = answers(&scene, &grants).await;
    let opened = opened_by_hashes(&scene, &grants).await?;
    start_all(&scene, Some(SPOOLS)).await?;
    answers.extend(ask_all(&scene, &grants).await);
    let spooled = scene.spooled().len();
    // Killed, so that everything lies as it was.
    for replica in &scene.replicas {
        replica.lock().await.kill().await?;
    }
    secrets.add_heard(&scene);
    let mut scan = Scan::default();
    let scanner = secrets.scanner();
    scan.look_at(&scanner, "an answer", &answers.concat());
    scan.look_below(&scanner, scene.directory(), "sandbox.log")?;
    if let Some(server) = scene.server() {
        let postgres = server.postgres.lock().await;
        postgres.execute(&server.name, "CHECKPOINT").await?;
        scan.look_at(&scanner, "pg_dump", &postgres.dump(&server.name)?);
        scan.look_below(&scanner, postgres.directory(), "")?;
    }
    let panics = panics(&scene).await;
    faults.extend(scan.hits.iter().cloned());
    for (missing, what) in [
        (panics < 4, format!("only {panics} panics")),
        (spooled == 0, "the spool was empty".to_owned()),
        (
            scanner.find(&scene.before_sandbox.heard().concat()).is_empty(),
            "the scanner sees nothing".to_owned(),
        ),
    ] {
        faults.extend(missing.then_some(what));
    }
    faults.extend(secrets.missing(&NEEDED).into_iter().map(|name| format!("no {name} to look for")));
    progress(
        &name,
        &format!("{} secrets, {} places, {} hits", secrets.count(), scan.places, scan.hits.len()),
    );
    let canary = Figure {
        run: format!("S1 canary scan, {}", engine.name()),
        of: "files and dumps".to_owned(),
        events: scan.places,
        failures: scan.hits.len() as u64,
        notes: format!(
            "{} MB, {requests} requests before; {} pieces of secrets, each in 13 forms; logs at trace; {panics} panics; \
             {spooled} files in the spool",
            scan.bytes / 1_000_000,
            secrets.count(),
        ),
        took: began.elapsed(),
        faults,
        ..Figure::default()
    };
    Ok(vec![canary, Figure { run: format!("S2 stored hashes as credentials, {}", engine.name()), ..opened }])
}

/// A login whose secrets are kept; `None` where it failed.
async fn log_in(scene: &Scene, person: usize, secrets: &mut Secrets) -> Option<Grant> {
    let service = scene.addresses[person % scene.addresses.len()];
    let login = consent(person, service, scene.sandbox.address()).await.ok()?;
    secrets.add_login(&login);
    let answer = login.request().send(service, PATIENCE).await.ok()?;
    let grant = login.grant(service, &answer).await.ok()?;
    secrets.add_cookies(&grant.cookie);
    Some(grant)
}

/// Kills, pauses and lost answers; how many wishes there were meanwhile.
async fn be_in_trouble(scene: &Scene, grants: &[Grant], lasts: Duration) -> anyhow::Result<u64> {
    let (record, served, done) = (Record::default(), Served::default(), AtomicBool::new(false));
    let plan = Plan {
        kills: 0.5,
        pauses: 0.3,
        longest_pause: Duration::from_millis(500),
        database_restarts: 0.1,
        spoiled: 3.0,
        resets: 0.5,
    };
    let wishes = Demand { callers: 12, think: Duration::from_millis(10), forced_percent: 30 };
    let misfortune = async {
        let ended = chaos::run(scene, &plan, Instant::now() + lasts, &record).await;
        done.store(true, Ordering::Relaxed);
        ended
    };
    let (ended, supervised, ()) = tokio::join!(
        misfortune,
        chaos::supervise(scene, &done, &record),
        demand::run(scene, grants, &wishes, &done, &served),
    );
    ended?;
    supervised?;
    scene.without_faults().await?;
    Ok(served.by_status().values().sum())
}

async fn start_all(scene: &Scene, armed: Option<&str>) -> anyhow::Result<()> {
    for replica in &scene.replicas {
        let mut replica = replica.lock().await;
        replica.kill().await?;
        replica.set_variable(ACTIONS_VAR, armed);
        replica.start().await?;
    }
    Ok(())
}

/// Wants a new token for everybody at every process in turn; what was answered.
async fn ask_all(scene: &Scene, grants: &[Grant]) -> Vec<Vec<u8>> {
    let requests: Vec<Request> = grants.iter().map(Grant::refresh).collect();
    let sent = requests
        .iter()
        .enumerate()
        .map(|(number, request)| request.send(scene.addresses[number % scene.addresses.len()], PATIENCE));
    join_all(sent).await.into_iter().flatten().map(|answer| answer.body).collect()
}

/// What the routes answer, well and badly, with their metrics.
async fn answers(scene: &Scene, grants: &[Grant]) -> Vec<Vec<u8>> {
    let mut answers = ask_all(scene, grants).await;
    let Some(grant) = grants.first() else { return answers };
    let connection = format!("/api/connections/{}", grant.connection_id);
    let events = format!("{connection}/events");
    for path in [
        "/api/connections",
        &connection,
        &events,
        "/api/me",
        "/api/syncs",
        "/api/atlassian/resources",
        "/users",
        "/console",
        "/connected",
        "/metrics",
        "/healthz",
        "/readyz",
        "/api/oauth/callback/atlassian?code=wrong&state=wrong",
    ] {
        for cookie in [grant.cookie.as_str(), "sid=of-nobody"] {
            let answer = Request::get(path).header("cookie", cookie).send(scene.addresses[0], PATIENCE).await;
            answers.extend(answer.map(|answer| answer.body));
        }
    }
    answers
}

/// S2: each hash that the database holds is tried as the session that it is of.
async fn opened_by_hashes(scene: &Scene, grants: &[Grant]) -> anyhow::Result<Figure> {
    let began = Instant::now();
    let hashes = stored::hashes(scene).await?;
    let me = async |cookie: &str| {
        let answer =
            Request::get("/api/me").header("cookie", cookie).send(scene.addresses[0], PATIENCE).await?;
        anyhow::Ok(answer.status)
    };
    let (mut opened, mut tried) = (0, 0);
    for hash in &hashes {
        for name in ["sid", "__Host-sid"] {
            tried += 1;
            opened += u64::from(me(&format!("{name}={hash}")).await? == 200);
        }
        let bearer = Request::get("/api/me").header("authorization", format!("Bearer {hash}"));
        tried += 1;
        opened += u64::from(bearer.send(scene.addresses[0], PATIENCE).await?.status == 200);
    }
    let mut faults = Vec::new();
    let known = match grants.first() {
        Some(grant) => me(&grant.cookie).await? == 200,
        None => false,
    };
    if !known || hashes.is_empty() {
        faults.push("no session to compare with".to_owned());
    }
    Ok(Figure {
        of: "tries".to_owned(),
        events: tried,
        failures: opened,
        notes: format!("{} hashes of sessions and logins, as cookie and as key", hashes.len()),
        took: began.elapsed(),
        faults,
        ..Figure::default()
    })
}

async fn panics(scene: &Scene) -> usize {
    let mut panics = 0;
    for replica in &scene.replicas {
        let log = std::fs::read(replica.lock().await.log()).unwrap_or_default();
        panics += String::from_utf8_lossy(&log).matches("was told to panic").count();
    }
    panics
}
