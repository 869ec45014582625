use std::time::Duration;

/// Longer than anything here takes, so that a test that waits in vain fails instead of hanging.
pub(crate) const LONGEST: Duration = Duration::from_mins(2);

/// Waits for something that is bound to happen.
///
/// # Panics
/// When it does not happen.
pub async fn within<F: Future>(what: &str, event: F) -> F::Output {
    let waited = tokio::time::timeout(LONGEST, event).await;
    waited.unwrap_or_else(|_| panic!("waited {LONGEST:?} in vain for {what}"))
}
