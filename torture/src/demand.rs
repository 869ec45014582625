//! People who want tokens, at any process and all the time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::http::Answer;
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

/// What became of the wishes.
#[derive(Debug, Default)]
pub struct Served(Mutex<Tally>);

#[derive(Debug, Default)]
struct Tally {
    by_status: BTreeMap<u16, u64>,
    first_error: Option<String>,
}

impl Served {
    fn count(&self, answer: std::io::Result<Answer>) {
        let mut tally = self.tally();
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        *tally.by_status.entry(status).or_default() += 1;
        if let Some(answer) = answer.ok().filter(|answer| answer.status >= 500) {
            tally.first_error.get_or_insert_with(|| String::from_utf8_lossy(&answer.body).into_owned());
        }
    }

    /// How many ended how: by the status, or 0 where no answer came.
    pub fn by_status(&self) -> BTreeMap<u16, u64> {
        self.tally().by_status.clone()
    }

    /// What the first answer of 500 or more said.
    pub fn first_error(&self) -> Option<String> {
        self.tally().first_error.clone()
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
            served.count(request.send(*address, PATIENCE).await);
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
