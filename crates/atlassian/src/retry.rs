use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use connector_domain::{Entropy, SystemEntropy};

use crate::ApiError;

/// When a failed call of an API is made again, as Atlassian's page "Rate limiting" advises.
///
/// Only calls that change nothing are repeated, and only after errors that may pass by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often at most, after the first try.
    pub retries: u32,
    /// The first wait; each further one is twice as long.
    pub base: Duration,
    /// The longest wait before jitter. Where Atlassian asks for a longer one, the error goes to the caller.
    pub cap: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { retries: 4, base: Duration::from_secs(2), cap: Duration::from_secs(30) }
    }
}

impl Retry {
    /// Every error goes to the caller at once.
    pub const NEVER: Self = Self { retries: 0, base: Duration::ZERO, cap: Duration::ZERO };

    /// How long to wait before the retry number `attempt` (from 0); `None` to give up.
    ///
    /// `jitter` is between 0 and 1 and spreads the wait over 0.7 to 1.3 of itself, never to before the moment
    /// that Atlassian named.
    pub(crate) fn wait(&self, attempt: u32, error: &ApiError, jitter: f64) -> Option<Duration> {
        let retryable = matches!(error, ApiError::BurstLimited { .. } | ApiError::Unavailable { .. });
        let asked = error.retry_after().unwrap_or(Duration::ZERO);
        if !retryable || attempt >= self.retries || asked > self.cap {
            return None;
        }
        let doubled = self.base.saturating_mul(2_u32.saturating_pow(attempt)).min(self.cap);
        Some(doubled.max(asked).mul_f64(0.7 + 0.6 * jitter.clamp(0.0, 1.0)).max(asked))
    }
}

/// How waiting is done: by the system's timer and at random, or by a test at once.
pub trait Pause: Send + Sync + fmt::Debug {
    fn wait(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// A random number between 0 and 1.
    fn jitter(&self) -> f64;
}

/// Waits by tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemPause;

impl Pause for SystemPause {
    fn wait(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn jitter(&self) -> f64 {
        let mut byte = [0];
        SystemEntropy.fill(&mut byte);
        f64::from(byte[0]) / f64::from(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unavailable(retry_after: Option<u64>) -> ApiError {
        ApiError::Unavailable {
            what: "status 503".to_owned(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn doubles_up_to_the_cap_and_gives_up_after_four() {
        let waits: Vec<_> =
            (0..6).map(|attempt| Retry::default().wait(attempt, &unavailable(None), 0.5)).collect();
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(waits, [seconds(2), seconds(4), seconds(8), seconds(16), None, None]);
        let many = Retry { retries: 9, ..Retry::default() };
        assert_eq!(many.wait(8, &unavailable(None), 0.5), seconds(30));
    }

    #[test]
    fn jitter_spreads_the_wait_but_never_to_before_retry_after() {
        let wait = |retry_after, jitter| Retry::default().wait(0, &unavailable(retry_after), jitter).unwrap();
        assert_eq!(wait(None, 0.0), Duration::from_millis(1400));
        assert_eq!(wait(None, 1.0), Duration::from_millis(2600));
        assert_eq!(wait(Some(10), 0.0), Duration::from_secs(10));
        assert_eq!(wait(Some(10), 1.0), Duration::from_secs(13));
    }

    #[test]
    fn leaves_long_waits_and_hopeless_errors_to_the_caller() {
        let quota = ApiError::QuotaExceeded {
            reason: "jira-quota-tenant-based".to_owned(),
            retry_after: Some(Duration::from_secs(1)),
            until: None,
        };
        let malformed = ApiError::malformed("it is empty");
        for error in [unavailable(Some(31)), quota, malformed, ApiError::TokenExpired] {
            assert_eq!(Retry::default().wait(0, &error, 0.5), None, "{error}");
        }
        assert!(Retry::default().wait(0, &unavailable(Some(30)), 0.5).is_some());
        assert_eq!(Retry::NEVER.wait(0, &unavailable(None), 0.5), None);
    }
}
