//! People who want tokens, at any process and all the time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::people::Grant;
use crate::scene::Scene;

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub struct Demand {
    pub callers: usize,
    /// How long each thinks between two wishes, on average.
    pub think: Duration,
    /// How many of 100 want a new token whatever the stored one is worth.
    pub forced_percent: u8,
}

/// How many wishes ended how: the status, or 0 where no answer came.
#[derive(Debug, Default)]
pub struct Served(Mutex<BTreeMap<u16, u64>>);

impl Served {
    fn count(&self, status: u16) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).entry(status).or_default() += 1;
    }

    pub fn by_status(&self) -> BTreeMap<u16, u64> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

/// Wants tokens until `done`.
pub async fn run(scene: &Scene, grants: &[Grant], demand: &Demand, done: &AtomicBool, served: &Served) {
    let caller = || async {
        while !done.load(Ordering::Relaxed) {
            let think = scene.dice.between(demand.think / 2, demand.think * 3 / 2);
            tokio::time::sleep(think).await;
            let (Some(grant), Some(address)) =
                (scene.dice.choose(grants), scene.dice.choose(&scene.addresses))
            else {
                return;
            };
            let forced = scene.dice.percent(demand.forced_percent);
            let request = if forced { grant.refresh() } else { grant.use_token() };
            served.count(request.send(*address, PATIENCE).await.map_or(0, |answer| answer.status));
        }
    };
    join_all((0..demand.callers).map(|_| caller())).await;
}

/// Asks for a new token until there is one, or `patience` is over; then says what the last answer was.
pub async fn refreshed(scene: &Scene, grant: &Grant, patience: Duration) -> Result<(), String> {
    let asked = Instant::now();
    loop {
        let address = scene.addresses[grant.person % scene.addresses.len()];
        let said = match grant.refresh().send(address, PATIENCE).await {
            Ok(answer) if answer.status == 200 && answer.json()["status"] == "active" => return Ok(()),
            Ok(answer) => format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)),
            Err(error) => error.to_string(),
        };
        if asked.elapsed() > patience {
            return Err(said);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
