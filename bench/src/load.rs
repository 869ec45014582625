//! A closed loop: each connection sends its next request when the answer to the last one is there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::histogram::Histogram;
use crate::http::Connection;

/// A connection that keeps failing gives up, so that a dead server does not become a busy loop.
const FAULTS_PER_CONNECTION: u64 = 20;
/// How long after its end a run waits for answers that are still on their way.
const GRACE: Duration = Duration::from_secs(10);

/// Makes the request with this number.
pub type MakeRequest = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

#[derive(Clone)]
pub struct Load {
    pub address: SocketAddr,
    pub connections: u32,
    pub warm_up: Duration,
    pub duration: Duration,
    pub request: MakeRequest,
    /// Numbers the requests over all runs, so that no key comes twice.
    pub counter: Arc<AtomicU64>,
    pub expected: fn(u16) -> bool,
}

#[derive(Default)]
pub struct Outcome {
    pub latencies: Histogram,
    pub seconds: f64,
    pub faults: u64,
    pub first_fault: Option<String>,
    /// Answers on the connection that got the fewest.
    pub fewest: u64,
}

impl Outcome {
    #[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
    pub fn per_second(&self) -> f64 {
        self.latencies.total() as f64 / self.seconds
    }
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    latencies: Histogram,
    faults: u64,
    first_fault: Option<String>,
}

impl Seen {
    fn fault(&mut self, what: String) {
        self.faults += 1;
        self.first_fault.get_or_insert(what);
    }
}

pub async fn run(load: &Load) -> Outcome {
    let measured_from = Instant::now() + load.warm_up;
    let until = measured_from + load.duration;
    let mut tasks = JoinSet::new();
    for _ in 0..load.connections {
        let load = load.clone();
        tasks.spawn(async move {
            let mut seen = Seen::default();
            let answered = tokio::time::timeout_at(
                (until + GRACE).into(),
                one_connection(&load, measured_from, until, &mut seen),
            );
            if answered.await.is_err() {
                seen.fault(format!("no answer within {} s", GRACE.as_secs()));
            }
            seen
        });
    }
    let mut outcome =
        Outcome { seconds: load.duration.as_secs_f64(), fewest: u64::MAX, ..Outcome::default() };
    for seen in tasks.join_all().await {
        outcome.fewest = outcome.fewest.min(seen.latencies.total());
        outcome.latencies.merge(&seen.latencies);
        outcome.faults += seen.faults;
        outcome.first_fault = outcome.first_fault.or(seen.first_fault);
    }
    outcome
}

async fn one_connection(load: &Load, measured_from: Instant, until: Instant, seen: &mut Seen) {
    let mut open = None;
    while seen.faults < FAULTS_PER_CONNECTION {
        let request = (load.request)(load.counter.fetch_add(1, Ordering::Relaxed));
        let sent = Instant::now();
        if sent >= until {
            return;
        }
        let answered = exchange(&mut open, load.address, &request).await;
        let now = Instant::now();
        match answered {
            Ok(status) if (load.expected)(status) => {
                if (measured_from..until).contains(&now) {
                    seen.latencies.record(now - sent);
                }
            }
            Ok(status) => seen.fault(format!("status {status}")),
            Err(error) => seen.fault(error.to_string()),
        }
    }
}

/// One request on the open connection, or on a new one where there is none or the server ended the last.
async fn exchange(
    open: &mut Option<Connection>,
    address: SocketAddr,
    request: &[u8],
) -> std::io::Result<u16> {
    let mut connection = match open.take() {
        Some(connection) => connection,
        None => Connection::open(address).await?,
    };
    let (status, kept) = connection.exchange(request).await?;
    *open = kept.then_some(connection);
    Ok(status)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::{bare, routes};

    async fn load_of_the_bare_handler(expected: fn(u16) -> bool) -> Outcome {
        let args = bare::Args {
            path: "/one".to_owned(),
            status: 200,
            content_type: None,
            location: None,
            bytes: 70_000,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(axum::serve(listener, bare::router(&args).unwrap()).into_future());
        let outcome = run(&Load {
            address,
            connections: 4,
            warm_up: Duration::from_millis(20),
            duration: Duration::from_millis(200),
            request: Arc::new(|_| routes::get("/one")),
            counter: Arc::new(AtomicU64::new(0)),
            expected,
        })
        .await;
        server.abort();
        outcome
    }

    #[tokio::test]
    async fn every_connection_is_served_and_nothing_fails() {
        let outcome = load_of_the_bare_handler(|status| status == 200).await;
        assert_eq!((outcome.faults, outcome.first_fault), (0, None));
        assert!(outcome.fewest > 0);
        assert!(outcome.latencies.total() >= 4 * outcome.fewest);
        assert!(outcome.latencies.permille(990) > Duration::ZERO);
    }

    #[tokio::test]
    async fn unexpected_answers_are_faults_and_end_the_connection() {
        let outcome = load_of_the_bare_handler(|status| status == 302).await;
        assert_eq!(outcome.faults, 4 * FAULTS_PER_CONNECTION);
        assert_eq!(outcome.first_fault.as_deref(), Some("status 200"));
        assert_eq!(outcome.latencies.total(), 0);
    }
}
