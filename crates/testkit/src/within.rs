use std::time::Duration;

/// Longer than anything here takes, so that a test that waits in vain fails instead of hanging.
pub(crate) const LONGEST: Duration = Duration::from_mins(2);

/// Waits for something that is bound to happen.
///
/// # Panics
/// When it does not happen.
pub async fn within<F: Future>(what: &str, event: F) -> F::Output {
    within_or(event, || what.to_owned()).await
}

/// Waits for something that is bound to happen; where it does not, `what` says what it was and how far it came.
///
/// # Panics
/// When it does not happen.
pub async fn within_or<F: Future>(event: F, what: impl FnOnce() -> String) -> F::Output {
    let waited = tokio::time::timeout(LONGEST, event).await;
    waited.unwrap_or_else(|_| panic!("waited {LONGEST:?} in vain for {}", what()))
}
