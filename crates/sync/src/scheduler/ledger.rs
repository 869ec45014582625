use std::time::Duration;

use connector_atlassian::{Priority, RateLimits};
use connector_domain::Timestamp;
use connector_store::PointsHour;

use super::share;

const HOUR_MS: i64 = 3_600_000;

/// The points of an app on a site in the present hour (UTC).
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The beginning of the hour, ms.
    hour: i64,
    /// By all processes, as far as it is known here.
    used: u64,
    budget: Option<u64>,
    /// What the others were not told yet.
    untold: u64,
}

impl Ledger {
    /// Until when a call of this priority has to wait: the points that are left are kept for more urgent ones.
    pub(super) fn refuses(&mut self, points: u64, priority: Priority, now: Timestamp) -> Option<Timestamp> {
        self.turn(now);
        let may = self.budget?.saturating_mul(share(priority)) / 100;
        // Atlassian itself says when even the most urgent have to wait.
        let is_kept = priority < Priority::Interactive && self.used.saturating_add(points) > may;
        is_kept.then(|| Timestamp::from_millis(self.hour + HOUR_MS))
    }

    pub(super) fn spend(&mut self, points: u64, rate: &RateLimits, now: Timestamp) {
        self.turn(now);
        self.used += points;
        self.untold += points;
        let hourly = |window: Option<Duration>| window == Some(Duration::from_hours(1));
        let budget =
            rate.policies.iter().filter(|policy| hourly(policy.window)).map(|policy| policy.points).min();
        self.budget = budget.or(self.budget);
        // What Atlassian counts is what counts.
        let left = rate.quotas.iter().map(|quota| quota.remaining).min();
        if let (Some(budget), Some(left)) = (self.budget, left) {
            self.used = self.used.max(budget.saturating_sub(left));
        }
    }

    /// What is to be told to the others, once it is `enough`; it counts as told then.
    pub(super) fn untold(&mut self, enough: u64) -> Option<(u64, Option<u64>)> {
        (self.untold >= enough).then(|| (std::mem::take(&mut self.untold), self.budget))
    }

    /// Takes over what all processes have spent.
    pub(super) fn learn(&mut self, told: PointsHour, now: Timestamp) {
        self.turn(now);
        self.used = self.used.max(told.used.saturating_add(self.untold));
        self.budget = told.budget.or(self.budget);
    }

    fn turn(&mut self, now: Timestamp) {
        let hour = now.as_millis().div_euclid(HOUR_MS) * HOUR_MS;
        if hour != self.hour {
            (self.hour, self.used, self.untold) = (hour, 0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use connector_atlassian::QuotaPolicy;

    use super::*;

    #[test]
    fn the_less_urgent_stop_first_and_a_new_hour_begins_anew() {
        let now = Timestamp::from_millis(1_790_024_000_000);
        let policy =
            QuotaPolicy { name: "q".to_owned(), points: 1000, window: Some(Duration::from_hours(1)) };
        let rate = RateLimits { policies: vec![policy], ..RateLimits::default() };
        let mut ledger = Ledger::default();
        ledger.spend(750, &rate, now);
        let until = ledger.refuses(1, Priority::Census, now).expect("70 percent are used");
        assert_eq!(until.as_millis() % HOUR_MS, 0);
        assert_eq!(ledger.refuses(50, Priority::Backfill, now), None);
        assert!(ledger.refuses(51, Priority::Backfill, now).is_some());
        assert_eq!(
            ledger.refuses(1000, Priority::Interactive, now),
            None,
            "Atlassian says when it is enough"
        );
        assert_eq!(ledger.refuses(1, Priority::Census, until), None);
        assert_eq!(ledger.untold(1), None, "of the hour that is over nothing is told");
    }
}
