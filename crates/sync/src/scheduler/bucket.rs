use std::time::Duration;

use connector_atlassian::{Priority, RateLimits};
use tokio::time::Instant;

use super::share;

/// Calls a second where Atlassian has not said how many ("Rate limiting": 100 for most).
const USUAL: f64 = 100.0;

/// The calls a second of a site, route and method. The last ones in it are kept for the more urgent.
#[derive(Debug)]
pub(super) struct Bucket {
    limit: f64,
    left: f64,
    at: Option<Instant>,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { limit: USUAL, left: USUAL, at: None }
    }
}

impl Bucket {
    /// Takes a call out; says how long it has to wait until it is really there.
    #[expect(clippy::cast_precision_loss, reason = "a share is at most 100")]
    pub(super) fn take(&mut self, now: Instant, priority: Priority) -> Duration {
        let passed = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.at = Some(now);
        self.left = passed.as_secs_f64().mul_add(self.limit, self.left).min(self.limit);
        self.left -= 1.0;
        let kept = self.limit * (100 - share(priority)) as f64 / 100.0;
        let lacking = kept - self.left;
        if lacking <= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(lacking / self.limit) }
    }

    /// Takes over what Atlassian says. Other apps use the same limit, so that less may be left than was thought.
    #[expect(clippy::cast_precision_loss, reason = "calls a second are few")]
    pub(super) fn learn(&mut self, rate: &RateLimits) {
        if let Some(limit) = rate.limit.filter(|limit| *limit > 0) {
            self.limit = limit as f64;
        }
        if let Some(remaining) = rate.remaining {
            self.left = self.left.min(remaining as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_calls_a_second_than_allowed_and_the_last_ones_for_people() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        bucket.learn(&RateLimits { limit: Some(10), remaining: Some(10), ..RateLimits::default() });
        let free = (0..9).filter(|_| bucket.take(now, Priority::Incremental).is_zero()).count();
        assert_eq!(free, 9);
        assert_eq!(bucket.take(now, Priority::Interactive), Duration::ZERO, "the tenth");
        assert_eq!(bucket.take(now, Priority::Interactive), Duration::from_millis(100));
        let later = now + Duration::from_secs(2);
        assert!(bucket.take(later, Priority::Census).is_zero());
    }
}
