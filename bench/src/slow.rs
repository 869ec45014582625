//! Clients that hold connections and take their time, beside normal work: how late that becomes, and how much memory
//! it takes, beside what both are without them in the same run.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::database::Database;
use crate::histogram::Histogram;
use crate::http::Connection;
use crate::routes::Seed;
use crate::subject::Subject;
use crate::{machine, process, routes};

const SLOW: usize = 200;
const PER_SECOND: u64 = 50;
const LASTS: Duration = Duration::from_secs(20);
/// A slow client sends, or takes, this little at a time.
const CRUMB: Duration = Duration::from_millis(500);
/// An answer that takes longer is a fault.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Seen {
    latencies: Histogram,
    faults: u64,
    peak_memory: Option<u64>,
}

/// How the slow ones fared.
#[derive(Default)]
struct Held {
    opened: AtomicU64,
    cut_off: AtomicU64,
}

pub async fn figures(program: &Path, database: &Database) -> anyhow::Result<String> {
    let machine = machine::line();
    let subject = Subject::start(program, database).await?;
    let seed = routes::seed(subject.address).await?;
    normal_work(&subject, &seed, Duration::from_secs(2)).await?;
    eprintln!("normal work alone for {} s", LASTS.as_secs());
    let alone = normal_work(&subject, &seed, LASTS).await.with_context(|| subject.log_end())?;
    eprintln!("the same beside {SLOW} slow clients");
    let held = Arc::new(Held::default());
    let mut slow = JoinSet::new();
    for number in 0..SLOW {
        slow.spawn(hold(subject.address, number, seed.reads().path, Arc::clone(&held)));
    }
    // All of them have a connection before it is measured.
    sleep(Duration::from_secs(1)).await;
    let beside = normal_work(&subject, &seed, LASTS).await.with_context(|| subject.log_end())?;
    slow.shutdown().await;
    subject.stop().await?;
    ensure!(alone.faults + beside.faults == 0, "{} and {} answers were wrong", alone.faults, beside.faults);
    Ok(markdown(&machine, database.engine, &alone, &beside, &held))
}

/// Requests at their times, whether the one before was answered or not: a late answer makes others late, and counts.
async fn normal_work(subject: &Subject, seed: &Seed, lasts: Duration) -> anyhow::Result<Seen> {
    process::forget_peak(subject.id());
    let work = seed.routes();
    let mut ticks = interval(Duration::from_secs(1) / u32::try_from(PER_SECOND)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (began, mut asked, mut sent) = (Instant::now(), JoinSet::new(), 0_u64);
    while began.elapsed() < lasts {
        let due = ticks.tick().await;
        let route = &work[usize::try_from(sent)? % work.len()];
        let (request, expected, address) =
            ((route.request)(1_000_000 + sent), route.expected, subject.address);
        sent += 1;
        asked.spawn(async move {
            let answered =
                timeout(PATIENCE, async { Connection::open(address).await?.exchange(&request).await });
            let is_right = matches!(answered.await, Ok(Ok((status, _))) if expected(status));
            is_right.then(|| due.elapsed())
        });
    }
    let mut outcome = Seen::default();
    for answered in asked.join_all().await {
        match answered {
            Some(latency) => outcome.latencies.record(latency),
            None => outcome.faults += 1,
        }
    }
    outcome.peak_memory = process::peak_memory(subject.id());
    Ok(outcome)
}

/// Opens a connection and wastes it; where it is cut off, opens another.
async fn hold(address: SocketAddr, number: usize, list: String, held: Arc<Held>) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            held.opened.fetch_add(1, Ordering::Relaxed);
            // Its end, by whichever side, is what is waited for.
            let _ = match number % 4 {
                0 => silence(&mut stream).await,
                1 => trickle(&mut stream, "GET /users HTTP/1.1\r\nhost: localhost\r\nx: ").await,
                2 => {
                    let request = "POST /users HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                                content-length: 100000\r\n\r\n";
                    trickle(&mut stream, request).await
                }
                _ => sip(&mut stream, &list).await,
            };
            held.cut_off.fetch_add(1, Ordering::Relaxed);
        } else {
            sleep(CRUMB).await;
        }
    }
}

async fn silence(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.read_u8().await.map(drop)
}

async fn trickle(stream: &mut TcpStream, begin: &str) -> std::io::Result<()> {
    stream.write_all(begin.as_bytes()).await?;
    loop {
        stream.write_all(b"x").await?;
        // Whatever comes is an answer, which ends it.
        if let Ok(came) = timeout(CRUMB, stream.read_u8()).await {
            return came.map(drop);
        }
    }
}

/// Asks for much and takes little of it.
async fn sip(stream: &mut TcpStream, list: &str) -> std::io::Result<()> {
    let ask = format!("GET {list} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(ask.repeat(50).as_bytes()).await?;
    let mut crumb = [0; 64];
    while stream.read(&mut crumb).await? > 0 {
        sleep(CRUMB).await;
    }
    Ok(())
}

fn markdown(machine: &str, engine: &str, alone: &Seen, beside: &Seen, held: &Held) -> String {
    let ms =
        |seen: &Seen, permille| format!("{:.2}", seen.latencies.permille(permille).as_secs_f64() * 1000.0);
    let mb = |seen: &Seen| {
        seen.peak_memory.map_or_else(|| "–".to_owned(), |bytes| format!("{}", bytes / 1_000_000))
    };
    let ratio = beside.latencies.permille(990).as_secs_f64() / alone.latencies.permille(990).as_secs_f64();
    let rows = [
        ("requests answered", alone.latencies.total().to_string(), beside.latencies.total().to_string()),
        ("p50 ms", ms(alone, 500), ms(beside, 500)),
        ("p99 ms", ms(alone, 990), ms(beside, 990)),
        ("most memory, MB", mb(alone), mb(beside)),
    ];
    let mut text = format!(
        "{engine} · {machine} · release build · {} s each\n\n| {PER_SECOND} requests/s of normal work | alone | beside \
         {SLOW} slow clients |\n|---|--:|--:|\n",
        LASTS.as_secs()
    );
    for (what, alone, beside) in rows {
        let _ = writeln!(text, "| {what} | {alone} | {beside} |");
    }
    let _ = writeln!(
        text,
        "| p99, ratio | | {ratio:.2} (aim: ≤ 2) |\n| slow connections opened, and cut off | | {}, {} |",
        held.opened.load(Ordering::Relaxed),
        held.cut_off.load(Ordering::Relaxed)
    );
    text
}
