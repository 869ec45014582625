//! The sandbox's time: the system's, moved by what `/__sandbox/clock` added.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that tests can move forward.
#[derive(Debug, Default)]
pub struct Clock {
    ahead_seconds: AtomicI64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the sandbox reads the system's time")]
    pub fn now(&self) -> DateTime<Utc> {
        let ahead = TimeDelta::try_seconds(self.ahead_seconds.load(Ordering::Relaxed)).unwrap_or_default();
        let now = Utc::now();
        now.checked_add_signed(ahead).unwrap_or(now)
    }

    pub fn advance(&self, seconds: i64) {
        self.ahead_seconds.fetch_add(seconds, Ordering::Relaxed);
    }
}
