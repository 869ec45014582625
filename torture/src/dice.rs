//! Chance with a seed: a run can be told to make the same choices again.

use std::sync::Mutex;
use std::time::Duration;

/// The generator `SplitMix64` (Steele, Lea and Flood 2014), shared by the tasks of a run.
#[derive(Debug)]
pub struct Dice(Mutex<u64>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// True in `percent` of 100 cases.
    pub fn percent(&self, percent: u8) -> bool {
        self.below(100) < usize::from(percent)
    }

    /// A duration from `low` on and below `high`, to the microsecond.
    pub fn between(&self, low: Duration, high: Duration) -> Duration {
        let span = high.saturating_sub(low).as_micros();
        let more = self.below(usize::try_from(span).unwrap_or(usize::MAX));
        low + Duration::from_micros(u64::try_from(more).unwrap_or(0))
    }

    /// A pause before the next of events that come `per_second` on average: half to one and a half times the mean.
    pub fn pause(&self, per_second: f64) -> Duration {
        let mean = Duration::from_secs_f64(1.0 / per_second.max(0.001));
        self.between(mean / 2, mean + mean / 2)
    }

    pub fn choose<'a, T>(&self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let choices = |seed| {
            let dice = Dice::new(seed);
            (0..20).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
    }

    #[test]
    fn chances_are_about_what_is_asked_for() {
        let dice = Dice::new(1);
        let hits = (0..10_000).filter(|_| dice.percent(3)).count();
        assert!((200..400).contains(&hits), "{hits} of 10,000 at 3 %");
        let (low, high) = (Duration::from_millis(3), Duration::from_millis(9));
        assert!((0..1_000).map(|_| dice.between(low, high)).all(|one| (low..high).contains(&one)));
    }
}
