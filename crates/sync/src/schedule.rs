//! When connections are synced by themselves: what has changed every few minutes, a census every night.
//!
//! The times are rows of the database. Any process may find one due; the queue takes one run per connection, so two
//! that find the same ask for the same run. A connection that waits or fails delays no other.

use std::time::Duration;

use connector_domain::{ConnectionId, SyncMode, Timestamp};
use connector_store::{Durability, StoreError, SyncSchedule};

use crate::{RequestError, Syncs};

const DAY: Duration = Duration::from_hours(24);
/// A census begins within so much time of its hour: not all connections at once.
const CENSUS_SPREAD: Duration = Duration::from_hours(2);

impl Syncs {
    /// Asks for the runs that are due, at most `limit`; says for how many. For the background.
    pub async fn request_due(&self, limit: u64) -> Result<usize, StoreError> {
        if self.settings.interval.is_none() {
            return Ok(0);
        }
        let now = self.clock.now();
        for id in self.store.connections_without_schedule(limit).await? {
            self.put_schedule(&self.schedule(id, now)).await?;
        }
        let mut asked = 0;
        for due in self.store.due_schedules(now, limit).await? {
            let wants_census = due.next_census_at.is_some_and(|at| at <= now);
            let mode = if wants_census { SyncMode::Census } else { SyncMode::Incremental };
            match self.request(due.connection_id, mode, &[]).await {
                // Where another run is under way, the census waits for the next look.
                Ok(run) if wants_census && run.mode == SyncMode::Incremental => continue,
                Ok(_) => asked += 1,
                Err(RequestError::Store(error)) => return Err(error),
                Err(error) => {
                    tracing::debug!(connection.id = %due.connection_id, %error, "nothing to sync by itself");
                }
            }
            let next_census_at = if wants_census { None } else { due.next_census_at };
            let mut next = self.schedule(due.connection_id, now);
            next.next_census_at = next_census_at.or(next.next_census_at);
            self.put_schedule(&next).await?;
        }
        Ok(asked)
    }

    async fn put_schedule(&self, schedule: &SyncSchedule) -> Result<(), StoreError> {
        let mut tx = self.store.begin_write(Durability::Normal).await?;
        tx.put_schedule(schedule).await?;
        tx.commit().await
    }

    fn schedule(&self, connection_id: ConnectionId, now: Timestamp) -> SyncSchedule {
        let census = next_hour(now, self.settings.census_hour);
        SyncSchedule {
            connection_id,
            next_incremental_at: self.settings.interval.map(|interval| now.plus(self.spread(interval))),
            next_census_at: Some(census.plus(CENSUS_SPREAD.mul_f64(self.random()))),
        }
    }

    /// An interval, a tenth longer or shorter: connections that began together do not stay together.
    fn spread(&self, interval: Duration) -> Duration {
        interval.mul_f64(0.9 + 0.2 * self.random())
    }

    /// Between 0 and 1.
    fn random(&self) -> f64 {
        let mut bytes = [0; 2];
        self.entropy.fill(&mut bytes);
        f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX)
    }
}

/// The next time at which it is `hour` (UTC), later than now.
fn next_hour(now: Timestamp, hour: u8) -> Timestamp {
    const DAY_MS: i64 = 86_400_000;
    let midnight = now.as_millis().div_euclid(DAY_MS) * DAY_MS;
    let today = Timestamp::from_millis(midnight + i64::from(hour) * 3_600_000);
    if today > now { today } else { today.plus(DAY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_night_is_never_now() {
        // 2026-09-21T20:53:20Z
        let now = Timestamp::from_millis(1_790_024_000_000);
        for hour in 0..24 {
            let next = next_hour(now, hour);
            assert!(next > now && next.since(now) <= DAY, "{hour}: {next}");
        }
        assert_eq!(next_hour(now, 2).to_string().get(11..16), Some("02:00"));
        let at_two = next_hour(now, 2);
        assert_eq!(next_hour(at_two, 2), at_two.plus(DAY));
    }
}
