//! The floor: the program's own requests again, as many at a time, by a client that throws the answers away. None waits
//! for what another one says, so nothing that has to read the answers can be faster.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::task::JoinSet;

use super::recorder::Recorded;
use crate::http::Connection;
use crate::process;

pub struct Floor {
    pub requests: Arc<[Recorded]>,
    pub at_once: u64,
}

/// How long it took, and how much processor time this process needed for it.
#[derive(Clone, Copy)]
pub struct Passage {
    pub took: Duration,
    pub processor_time: Option<Duration>,
}

impl Floor {
    /// # Errors
    /// Where an answer has another status than it had for the program: then it is not the same work.
    pub async fn pass(&self, address: SocketAddr) -> anyhow::Result<Passage> {
        let me = Some(std::process::id());
        let (before, started) = (process::processor_time(me), Instant::now());
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..self.at_once {
            workers.spawn(download(address, Arc::clone(&self.requests), Arc::clone(&next)));
        }
        while let Some(worker) = workers.join_next().await {
            worker??;
        }
        let took = started.elapsed();
        let processor_time =
            process::processor_time(me).zip(before).map(|(after, before)| after.saturating_sub(before));
        eprintln!("floor: {} requests, {} at a time, in {took:.1?}", self.requests.len(), self.at_once);
        Ok(Passage { took, processor_time })
    }
}

async fn download(
    address: SocketAddr,
    requests: Arc<[Recorded]>,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    while let Some(one) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let (status, is_kept) = connection.exchange(&one.request).await?;
        ensure!(status == one.status, "what was answered {} is answered {status} by now", one.status);
        if !is_kept {
            connection = Connection::open(address).await?;
        }
    }
    Ok(())
}
