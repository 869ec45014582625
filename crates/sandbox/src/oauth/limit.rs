//! The authorization server's own limit: requests to the token endpoint, of all people together, in a minute.

use std::sync::{Mutex, PoisonError};

use crate::world::Millis;

const MINUTE: Millis = 60_000;

/// Counts by the minute of the sandbox's clock.
#[derive(Default)]
pub struct TokenLimit(Mutex<(Millis, u32)>);

impl TokenLimit {
    /// Counts one more request. Where it is one too many, answers the seconds until the next may come.
    pub fn exceeded(&self, most: Option<u32>, now: Millis) -> Option<i64> {
        let most = most?;
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.div_euclid(MINUTE);
        if state.0 != minute {
            *state = (minute, 0);
        }
        state.1 = state.1.saturating_add(1);
        (state.1 > most).then(|| ((minute + 1) * MINUTE - now + 999) / 1000)
    }
}
