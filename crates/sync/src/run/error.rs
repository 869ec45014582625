use std::time::Duration;

use connector_atlassian::ApiError;
use connector_connections::TokenUnavailable;
use connector_store::StoreError;

use crate::Stream;

/// Why a run, or a window of it, stopped before its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("{0}")]
    Token(#[from] TokenUnavailable),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error(
        "the stream {stream} needs {} on the site {site}, which the consent does not cover: connect the account again",
        named(scopes)
    )]
    MissingScopes { stream: Stream, scopes: Vec<&'static str>, site: String },
    #[error("the consent reaches no Atlassian site: connect again and choose one")]
    NoSites,
    #[error(
        "the consent reaches none of the sites that are chosen: choose others, or connect again with them"
    )]
    NoChosenSite,
    /// What could not be read at all; the rest was.
    #[error("{0}")]
    Incomplete(String),
    #[error("the run was asked to stop")]
    Stopped,
    #[error("another worker has taken the run over")]
    LeaseLost,
}

/// How long something that passes is waited for at first, where Atlassian does not say; doubled with each failure.
pub(crate) const FIRST_WAIT: Duration = Duration::from_secs(10);
/// How long the hourly quota is waited for where Atlassian does not say until when.
const UNNAMED_QUOTA: Duration = Duration::from_mins(15);
/// How long a limit of calls at once is waited for where Atlassian does not say: the call was repeated for half a minute.
const UNNAMED_BURST: Duration = Duration::from_mins(1);

/// What an error in a window means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// For every other window too: the run stops.
    EndsRun,
    /// For this window only: it is told of, and the others go on.
    EndsWindow,
    /// The place in Atlassian's list is lost: the window begins anew.
    Restarts,
    /// It passes by itself: the run comes back to it. Says after which time, where that is known.
    Passes(Option<Duration>),
    /// Atlassian limits the calls, and has them again after this time: no number of such waits is too many.
    Limited(Duration),
}

impl RunError {
    pub(crate) fn fate(&self) -> Fate {
        match self {
            Self::Token(TokenUnavailable::Api(error)) => of_api(error),
            Self::Token(TokenUnavailable::Temporarily { retry_after, .. }) => Fate::Passes(*retry_after),
            Self::Token(TokenUnavailable::Busy { retry_after, .. }) => Fate::Passes(Some(*retry_after)),
            Self::Token(TokenUnavailable::Paused { retry_after }) => Fate::Limited(*retry_after),
            Self::Token(TokenUnavailable::Store(error)) if matches!(**error, StoreError::Unavailable(_)) => {
                Fate::Passes(None)
            }
            Self::Store(StoreError::Unavailable(_)) => Fate::Passes(None),
            Self::Token(_)
            | Self::Store(_)
            | Self::NoSites
            | Self::NoChosenSite
            | Self::Stopped
            | Self::LeaseLost => Fate::EndsRun,
            Self::MissingScopes { .. } | Self::Incomplete(_) => Fate::EndsWindow,
        }
    }

    /// Whether it is there, perhaps, and not for this account.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Token(TokenUnavailable::Api(ApiError::NotVisible { status: 403, .. })))
    }

    /// Whether it is not there, or not for this account.
    pub(crate) fn is_not_visible(&self) -> bool {
        matches!(self, Self::Token(TokenUnavailable::Api(ApiError::NotVisible { .. })))
    }
}

/// The scopes in a sentence.
fn named(scopes: &[&str]) -> String {
    match scopes {
        [one] => format!("the scope {one}"),
        many => format!("the scopes {}", many.join(", ")),
    }
}

fn of_api(error: &ApiError) -> Fate {
    match error {
        ApiError::QuotaExceeded { retry_after, .. } => Fate::Limited(retry_after.unwrap_or(UNNAMED_QUOTA)),
        ApiError::BurstLimited { retry_after, .. } => Fate::Limited(retry_after.unwrap_or(UNNAMED_BURST)),
        ApiError::LostPlace { .. } => Fate::Restarts,
        error if error.is_transient() => Fate::Passes(error.retry_after()),
        ApiError::TokenExpired | ApiError::NotInstalled { .. } => Fate::EndsRun,
        _ => Fate::EndsWindow,
    }
}
