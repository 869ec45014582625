//! T7: clients that hang up at every point of a callback and of a refresh. What was asked for is done to its end.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{CHECK_PATIENCE, progress};
use crate::http::Request;
use crate::ledger::{Event, Ledger};
use crate::people::{Grant, consent};
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};
use crate::stored;

const PATIENCE: Duration = Duration::from_secs(30);
/// Where nothing has changed for so long, nothing is under way.
const QUIET: Duration = Duration::from_secs(3);
/// So many are hung up on before those that were not begun are asked for again: a code is good for a minute.
const BATCH: usize = 4 * POINTS.len();

/// Where a client goes away.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// After so many hundredths of its request.
    Written(usize),
    /// So many milliseconds after its request.
    Waited(u64),
    /// It has said everything, closes its side, and goes away so many milliseconds later.
    HalfClosed(u64),
    /// After the first byte of the answer.
    FirstByte,
}

/// Twenty points from the connection to the answer; at every other one the connection is reset, else closed.
const POINTS: [Point; 20] = [
    Point::Written(0),
    Point::Written(10),
    Point::Written(50),
    Point::Written(99),
    Point::Waited(0),
    Point::Waited(1),
    Point::Waited(2),
    Point::Waited(4),
    Point::Waited(7),
    Point::Waited(11),
    Point::Waited(16),
    Point::Waited(22),
    Point::Waited(30),
    Point::Waited(40),
    Point::Waited(55),
    Point::Waited(75),
    Point::Waited(100),
    Point::HalfClosed(0),
    Point::HalfClosed(20),
    Point::FirstByte,
];

async fn hang_up(request: &Request, to: SocketAddr, point: Point, reset: bool) -> std::io::Result<()> {
    let bytes = request.bytes();
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let written = if let Point::Written(percent) = point { bytes.len() * percent / 100 } else { bytes.len() };
    stream.write_all(&bytes[..written]).await?;
    match point {
        Point::Written(_) => {}
        Point::Waited(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        Point::HalfClosed(millis) => {
            stream.shutdown().await?;
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Point::FirstByte => {
            stream.read_u8().await?;
        }
    }
    if reset {
        stream.set_zero_linger()?;
    }
    Ok(())
}

/// `count` callbacks and as many refreshes, each with a client that hangs up.
pub async fn run(program: &Path, engine: Engine, count: usize) -> anyhow::Result<Vec<Figure>> {
    let began = Instant::now();
    let setting = Setting {
        replicas: 1,
        people: count,
        scale: 1,
        token_life: 3_600,
        leeway: 600,
        // Spreads the parts of a callback over the points.
        latency: 15,
        ..Setting::scaled(program, engine, Siblings::Lenient)
    };
    let scene = Scene::set(setting).await?;
    {
        let mut replica = scene.replicas[0].lock().await;
        // The sessions go away with the clients; what is connected is looked at without one.
        replica.set_variable("CONNECTOR_AUTH", Some("public"));
        replica.start().await?;
    }
    scene.without_content().await?;
    let mut callbacks = callbacks(&scene, count).await?;
    callbacks.took = began.elapsed();
    let began = Instant::now();
    let mut refreshes = refreshes(&scene, count).await?;
    refreshes.took = began.elapsed();
    Ok(vec![callbacks, refreshes])
}

async fn callbacks(scene: &Scene, count: usize) -> anyhow::Result<Figure> {
    let (service, sandbox) = (scene.addresses[0], scene.sandbox.address());
    let (mut stored, mut burned, mut again) = (0, 0, 0);
    let people: Vec<usize> = (1..=count).collect();
    for batch in people.chunks(BATCH) {
        let mut all = Vec::with_capacity(batch.len());
        for person in batch {
            let consented = consent(*person, service, sandbox).await?;
            let (point, reset) = (POINTS[person % POINTS.len()], (person / POINTS.len()).is_multiple_of(2));
            // What the other side does about it is what is tested.
            let _ = hang_up(&consented.request(), service, point, reset).await;
            all.push(consented);
        }
        let (exchanged, in_store) = settled(scene).await?;
        burned = exchanged.saturating_sub(in_store);
        stored = in_store.saturating_sub(again);
        // Where the service never had the whole request, or the connection was gone before it was looked at, the code
        // is as good as before, and the person's browser asks again.
        for consented in &all {
            let answer = consented.request().send(service, PATIENCE).await?;
            again += usize::from(consented.grant(service, &answer).await.is_ok());
        }
    }
    let connected = connections(service).await?.len();
    progress("hang-up", &format!("{stored} stored, {burned} codes used for nothing, {again} asked again"));
    Ok(Figure {
        run: format!("T7 callbacks whose client hangs up, {}", scene.setting.engine.name()),
        of: "callbacks".to_owned(),
        events: count as u64,
        failures: (burned + count.saturating_sub(connected)) as u64,
        notes: format!(
            "{} points; {stored} stored without their client, {again} not begun and good when asked again; {burned} codes \
             used without a stored grant",
            POINTS.len(),
        ),
        ..Figure::default()
    })
}

/// Waits until nothing more happens: how many codes were exchanged, and how many grants are stored.
async fn settled(scene: &Scene) -> anyhow::Result<(usize, usize)> {
    let (mut last, mut since) = ((0, 0), Instant::now());
    loop {
        let ledger = Ledger::read(scene).await?;
        let has_code =
            |events: &&Vec<Event>| events.iter().any(|event| !event.is_refresh && event.issued.is_some());
        let exchanged = ledger.accounts.values().filter(has_code).count();
        let now = (exchanged, stored::generations(scene).await?.len());
        if now != last {
            (last, since) = (now, Instant::now());
        }
        let quiet = if now.0 == now.1 { QUIET } else { CHECK_PATIENCE };
        if since.elapsed() > quiet {
            return Ok(now);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn connections(service: SocketAddr) -> anyhow::Result<Vec<Value>> {
    let answer = Request::get("/api/connections").send(service, PATIENCE).await?.json();
    Ok(answer["items"].as_array().cloned().unwrap_or_default())
}

async fn refreshes(scene: &Scene, count: usize) -> anyhow::Result<Figure> {
    let service = scene.addresses[0];
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let grants: Vec<Grant> = connections(service)
        .await?
        .iter()
        .map(|row| Grant {
            person: 0,
            account_id: text(row, "account_id"),
            connection_id: text(row, "id"),
            cookie: String::new(),
        })
        .collect();
    for (number, grant) in grants.iter().take(count).enumerate() {
        let reset = (number / POINTS.len()).is_multiple_of(2);
        let _ = hang_up(&grant.refresh(), service, POINTS[number % POINTS.len()], reset).await;
    }
    // Each grant once more, by a client that stays: it works, and what is stored is what the simulator saw.
    let record = crate::chaos::Record::default();
    let verdict = super::verdict("hang-up", scene, &grants, &record).await?;
    Ok(Figure {
        run: format!("T7 refreshes whose client hangs up, {}", scene.setting.engine.name()),
        of: "refreshes".to_owned(),
        events: grants.len() as u64,
        failures: (verdict.lost.len() + verdict.generations_off.len()) as u64,
        notes: format!(
            "{} exchanges of {} tokens; {} stored generations differ from the history",
            verdict.judgement.exchanges,
            verdict.judgement.generations,
            verdict.generations_off.len(),
        ),
        ..Figure::default()
    })
}
