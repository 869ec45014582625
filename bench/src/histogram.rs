//! Latencies in buckets whose width grows with the value: exact to 1.6 %, in a few kilobytes.

use std::time::Duration;

/// Buckets per power of two.
const FINENESS_BITS: u32 = 6;
const FINENESS: u64 = 1 << FINENESS_BITS;

#[derive(Clone, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub fn record(&mut self, value: Duration) {
        let bucket = bucket_of(u64::try_from(value.as_micros()).unwrap_or(u64::MAX));
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.total += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// The value that so many of a thousand do not exceed; zero while nothing is recorded.
    pub fn permille(&self, permille: u64) -> Duration {
        let rank = (self.total * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_micros(highest_of(bucket));
            }
        }
        Duration::ZERO
    }

    pub fn total(&self) -> u64 {
        self.total
    }
}

fn bucket_of(value: u64) -> usize {
    let index = if value < FINENESS {
        value
    } else {
        let shift = value.ilog2() - FINENESS_BITS;
        u64::from(shift) * FINENESS + (value >> shift)
    };
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn highest_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * FINENESS {
        return bucket;
    }
    let shift = bucket / FINENESS - 1;
    (((bucket % FINENESS) + FINENESS + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.record(Duration::from_micros(value));
        }
        histogram
    }

    #[test]
    fn small_values_are_exact() {
        assert_eq!(of(1..=100).permille(500), Duration::from_micros(50));
        assert_eq!(of(1..=100).permille(990), Duration::from_micros(99));
        assert_eq!(of([]).permille(990), Duration::ZERO);
    }

    #[test]
    fn every_value_is_told_to_two_percent_and_never_too_low() {
        for value in (0..5_000_000).step_by(77) {
            let told = of([value]).permille(500).as_micros();
            assert!(told >= u128::from(value), "{value} is told as {told}");
            assert!(told * 63 <= u128::from(value) * 64 + 63, "{value} is told as {told}");
        }
    }

    #[test]
    fn merged_histograms_count_together() {
        let mut all = of(1..=10);
        all.merge(&of([1_000_000]));
        assert_eq!(all.total(), 11);
        assert!(all.permille(1000) >= Duration::from_secs(1));
        assert_eq!(all.permille(500), Duration::from_micros(6));
    }
}
