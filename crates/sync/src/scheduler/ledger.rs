use std::time::Duration;

use connector_atlassian::{HourlyPoints, Priority, RateLimits};
use connector_domain::Timestamp;
use connector_store::PointsHour;

use super::share;

const HOUR_MS: i64 = 3_600_000;

/// When a call may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Now,
    /// Once it is known what the calls cost that are under way: often less than they may.
    AfterOthers,
    NextHour(Timestamp),
}

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
    /// What the calls that are under way may cost at most.
    under_way: u64,
}

impl Ledger {
    /// Whether a call of this priority may be sent: the points that are left are kept for more urgent ones. What is under
    /// way counts as if it were spent: many calls at once would else go beyond.
    pub(super) fn admits(&mut self, points: u64, priority: Priority, now: Timestamp) -> Verdict {
        self.turn(now);
        // Atlassian itself says when even the most urgent have to wait.
        let Some(budget) = self.budget.filter(|_| priority < Priority::Interactive) else {
            return Verdict::Now;
        };
        let may = share_of(budget, priority);
        let with_it = self.used.saturating_add(points);
        if with_it > may {
            Verdict::NextHour(self.end())
        } else if with_it.saturating_add(self.under_way) > may {
            Verdict::AfterOthers
        } else {
            Verdict::Now
        }
    }

    /// Notes a call that is about to be sent, until [`ends`](Self::ends).
    pub(super) fn begins(&mut self, points: u64) {
        self.under_way += points;
    }

    pub(super) fn ends(&mut self, points: u64) {
        self.under_way = self.under_way.saturating_sub(points);
    }

    pub(super) fn hourly(&mut self, priority: Priority, now: Timestamp) -> Option<HourlyPoints> {
        self.turn(now);
        let an_hour = share_of(self.budget?, priority);
        let left = an_hour.saturating_sub(self.used);
        Some(HourlyPoints { left, an_hour, until: self.end() })
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

    /// The end of the hour.
    fn end(&self) -> Timestamp {
        Timestamp::from_millis(self.hour + HOUR_MS)
    }

    fn turn(&mut self, now: Timestamp) {
        let hour = now.as_millis().div_euclid(HOUR_MS) * HOUR_MS;
        if hour != self.hour {
            (self.hour, self.used, self.untold) = (hour, 0, 0);
        }
    }
}

fn share_of(budget: u64, priority: Priority) -> u64 {
    budget.saturating_mul(share(priority)) / 100
}

#[cfg(test)]
mod tests {
    use connector_atlassian::QuotaPolicy;

    use super::*;

    fn of_a_thousand() -> RateLimits {
        let policy =
            QuotaPolicy { name: "q".to_owned(), points: 1000, window: Some(Duration::from_hours(1)) };
        RateLimits { policies: vec![policy], ..RateLimits::default() }
    }

    #[test]
    fn what_is_under_way_counts_as_spent() {
        let now = Timestamp::from_millis(1_790_024_000_000);
        let mut ledger = Ledger::default();
        ledger.spend(700, &of_a_thousand(), now);
        ledger.begins(60);
        assert_eq!(ledger.admits(40, Priority::Backfill, now), Verdict::Now);
        assert_eq!(ledger.admits(41, Priority::Backfill, now), Verdict::AfterOthers);
        assert_eq!(ledger.admits(101, Priority::Backfill, now), Verdict::NextHour(ledger.end()));
        // It has cost less than it might have.
        ledger.spend(10, &RateLimits::default(), now);
        ledger.ends(60);
        assert_eq!(ledger.admits(90, Priority::Backfill, now), Verdict::Now);
        let hourly = ledger.hourly(Priority::Backfill, now).expect("a limit is known");
        assert_eq!((hourly.left, hourly.an_hour), (90, 800));
        let later = ledger.hourly(Priority::Backfill, hourly.until).expect("a limit is known");
        assert_eq!(later.left, 800);
    }

    #[test]
    fn the_less_urgent_stop_first_and_a_new_hour_begins_anew() {
        let now = Timestamp::from_millis(1_790_024_000_000);
        let mut ledger = Ledger::default();
        ledger.spend(750, &of_a_thousand(), now);
        let Verdict::NextHour(until) = ledger.admits(1, Priority::Census, now) else {
            panic!("70 percent are used");
        };
        assert_eq!(until.as_millis() % HOUR_MS, 0);
        assert_eq!(ledger.admits(50, Priority::Backfill, now), Verdict::Now);
        assert_eq!(ledger.admits(51, Priority::Backfill, now), Verdict::NextHour(until));
        let urgent = ledger.admits(1000, Priority::Interactive, now);
        assert_eq!(urgent, Verdict::Now, "Atlassian says when it is enough");
        assert_eq!(ledger.admits(1, Priority::Census, until), Verdict::Now);
        assert_eq!(ledger.untold(1), None, "of the hour that is over nothing is told");
    }
}
