use std::pin::Pin;
use std::time::Duration;

use connector_atlassian::Pause;

/// Waits for nothing: retries come at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoPause;

impl Pause for NoPause {
    fn wait(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}
