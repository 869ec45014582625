use std::sync::Arc;
use std::time::Duration;

use connector_atlassian::ApiError;
use connector_store::StoreError;

/// Why there is no token, or no answer by means of one. Cheap to clone: all who wait for one exchange get it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenUnavailable {
    #[error("the connection needs to be made anew: {reason}")]
    NeedsReconnect { reason: String },
    #[error("the account is not connected")]
    Disconnected,
    #[error("there is no token right now: {what}")]
    Temporarily { what: String, retry_after: Option<Duration> },
    /// Another process exchanges it, or may have begun to before it died. Nothing was asked, and nothing has failed.
    #[error("there is no token right now: {what}")]
    Busy { what: &'static str, retry_after: Duration },
    /// Atlassian has asked the app for no token requests (429): all its grants wait together.
    #[error("there is no token right now: Atlassian asks for fewer token requests")]
    Paused { retry_after: Duration },
    #[error("the app's settings are wrong: {reason}")]
    Misconfigured { reason: String },
    /// The database is a copy: its tokens may be another deployment's, and using them would take them away.
    #[error("the database is not adopted by this deployment: {why}; run `connector adopt`")]
    NotAdopted { why: String },
    #[error("a sealed token cannot be opened")]
    Sealed(#[source] connector_vault::OpenError),
    #[error("{0}")]
    Store(#[source] Arc<StoreError>),
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl TokenUnavailable {
    /// Whether it says nothing about the grant and may pass: a token that is good still serves meanwhile.
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Temporarily { .. }
                | Self::Busy { .. }
                | Self::Paused { .. }
                | Self::Misconfigured { .. }
                | Self::Store(_)
        )
    }
}

impl From<StoreError> for TokenUnavailable {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
