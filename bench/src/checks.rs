//! How quickly the program starts, and how it bears a crowd.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use crate::database::Database;
use crate::histogram::Histogram;
use crate::http::Connection;
use crate::load::{self, Load};
use crate::routes::{self, Seed};
use crate::subject::Subject;

const STARTS: usize = 10;
pub const CROWD: u32 = 256;
pub const CROWD_STAYS: Duration = Duration::from_secs(10);
pub const PROBE_LIMIT: Duration = Duration::from_millis(50);
const PROBE_INTERVAL: Duration = Duration::from_millis(50);
const PROBE_PATIENCE: Duration = Duration::from_secs(5);
/// How much slower a quiet request may be after the crowd before it counts as slower: the noise of a machine.
const TOLERANCE: f64 = 1.5;

pub struct Crowd {
    pub per_second: f64,
    pub faults: u64,
    pub first_fault: Option<String>,
    /// Answers on the connection that got the fewest.
    pub fewest: u64,
    pub probe_p99: Duration,
    pub failed_probes: u64,
    /// Median time of a request of one quiet connection, before and after.
    pub before: Duration,
    pub after: Duration,
}

impl Crowd {
    pub fn is_as_quick_as_before(&self) -> bool {
        self.after.as_secs_f64() <= self.before.as_secs_f64() * TOLERANCE
    }
}

/// The median time from the making of the process to its first answer.
pub async fn start_times(program: &Path, database: &Database) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let subject = Subject::start(program, database).await?;
        times.push(subject.started_in);
        subject.stop().await?;
    }
    times.sort();
    Ok(times[times.len() / 2])
}

pub async fn crowd(address: SocketAddr, seed: &Seed) -> anyhow::Result<Crowd> {
    let request = routes::get(&seed.user());
    let before = quiet_median(address, &request).await?;
    let over = Arc::new(AtomicBool::new(false));
    let probe = Probe { address, over: over.clone() }.start();
    let route = seed.reads();
    let outcome = load::run(&Load {
        address,
        connections: CROWD,
        warm_up: Duration::ZERO,
        duration: CROWD_STAYS,
        request: route.request,
        counter: Arc::new(AtomicU64::new(0)),
        expected: route.expected,
    })
    .await;
    over.store(true, Ordering::Relaxed);
    let (probes, failed_probes) = tokio::task::spawn_blocking(|| probe.join())
        .await?
        .map_err(|_| anyhow!("the probe ended early"))?
        .context("the probe could not be started")?;
    let after = quiet_median(address, &request).await?;
    Ok(Crowd {
        per_second: outcome.per_second(),
        faults: outcome.faults,
        first_fault: outcome.first_fault,
        fewest: outcome.fewest,
        probe_p99: probes.permille(990),
        failed_probes,
        before,
        after,
    })
}

/// The best of three medians of one quiet connection: what the program can do while the machine lets it.
async fn quiet_median(address: SocketAddr, request: &[u8]) -> anyhow::Result<Duration> {
    let mut connection = Connection::open(address).await?;
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let mut times = Histogram::default();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(1) {
            let sent = Instant::now();
            connection.exchange(request).await?;
            times.record(sent.elapsed());
        }
        best = best.min(times.permille(500));
    }
    Ok(best)
}

/// Asks for /healthz at a steady pace, each time on a new connection as a load balancer would. It has a thread and
/// a runtime to itself, so that it does not wait behind the crowd that this process plays.
struct Probe {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

type Probed = std::io::Result<(Histogram, u64)>;

impl Probe {
    fn start(self) -> thread::JoinHandle<Probed> {
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok(runtime.block_on(self.run()))
        })
    }

    async fn run(self) -> (Histogram, u64) {
        let request = routes::get("/healthz");
        let (mut times, mut failed) = (Histogram::default(), 0);
        let mut pace = tokio::time::interval(PROBE_INTERVAL);
        while !self.over.load(Ordering::Relaxed) {
            pace.tick().await;
            let asked = Instant::now();
            let answer = async { Connection::open(self.address).await?.ask(&request).await };
            match tokio::time::timeout(PROBE_PATIENCE, answer).await {
                Ok(Ok(answer)) if answer.status == 200 => times.record(asked.elapsed()),
                _ => failed += 1,
            }
        }
        (times, failed)
    }
}
