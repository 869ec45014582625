//! The time of day, to put what the harness did beside what the simulator saw.

/// Milliseconds since the Unix epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "there is nobody here to hand a clock in; the processes have real ones"
)]
pub fn now_millis() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
