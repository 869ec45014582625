use std::time::Duration;

use connector_domain::Timestamp;

use crate::error_reader;
use crate::http::{Answer, SendError};
use crate::rate::RateLimits;

/// Why a call of an API failed, sorted by what mends it.
///
/// Texts from Atlassian are at most 200 characters, in one line, without tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 401: another access token is needed.
    #[error("Atlassian does not accept the access token: it has expired or was revoked")]
    TokenExpired,
    /// 401 or 403 for a token that is good but does not cover the call. A refresh keeps the scopes, so only a
    /// new consent helps.
    #[error("the consent does not cover this call: {message}")]
    ScopeMissing { message: String },
    /// 404 or 403: it does not exist, or the person may not see it. Atlassian does not tell which.
    ///
    /// The gateway has answered this for expired tokens too: compare with the token's expiry before
    /// believing it.
    #[error("Atlassian does not show this to the account (status {status}): {message}")]
    NotVisible { status: u16, message: String },
    /// 403: the site has removed the app, or its grant.
    #[error("the site does not have this app any more: {message}")]
    NotInstalled { message: String },
    /// 429: the points of this hour are used up for the app or the site. Every further call fails until then.
    #[error("Atlassian's hourly quota is used up ({reason})")]
    QuotaExceeded { reason: String, retry_after: Option<Duration>, until: Option<Timestamp> },
    /// 429: too many calls at once.
    #[error("Atlassian asks for fewer calls at once")]
    BurstLimited { reason: Option<String>, retry_after: Option<Duration> },
    /// Atlassian, or the way there, is out of order for now.
    #[error("Atlassian is not available: {what}")]
    Unavailable { what: String, retry_after: Option<Duration> },
    /// Another 4xx: the call itself is wrong.
    #[error("Atlassian refuses the request{}: {message}", .status.map(|status| format!(" (status {status})")).unwrap_or_default())]
    InvalidRequest { status: Option<u16>, message: String },
    /// A list cannot be read on from where it was: the position is too old (Jira's page tokens live for seven
    /// days), or the list leads in a circle. Begin the list anew.
    #[error("Atlassian's list cannot be read on from there: {what}")]
    LostPlace { what: String },
    /// The answer is too long, or was cut off for its length: ask for less at once.
    #[error("Atlassian's answer is too long: {what}")]
    TooLarge { what: String },
    /// The answer is not what Atlassian documents.
    #[error("Atlassian's answer cannot be used: {what}")]
    Malformed { what: String },
}

impl ApiError {
    /// Whether the same call may succeed later, with nothing changed but the time.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::QuotaExceeded { .. } | Self::BurstLimited { .. } | Self::Unavailable { .. })
    }

    /// How long Atlassian asks to wait, where it says so.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QuotaExceeded { retry_after, .. }
            | Self::BurstLimited { retry_after, .. }
            | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn lost_place(what: impl Into<String>) -> Self {
        Self::LostPlace { what: what.into() }
    }

    /// For a page that was asked for by a position: the same query was accepted before, so a refusal is the
    /// position's. The text that Jira writes for an old token is not documented.
    pub(crate) fn of_continuation(self) -> Self {
        match self {
            Self::InvalidRequest { status: Some(400), message } => Self::LostPlace { what: message },
            other => other,
        }
    }

    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into() }
    }

    /// Sorts an answer that is not a success. `token` is what the call was made with.
    pub(crate) fn of(answer: &Answer, token: &str) -> Self {
        let message = error_reader::message(&answer.body, &[token]);
        let status = answer.status.as_u16();
        match status {
            300..=399 => Self::malformed(format!("a redirect (status {status})")),
            401 | 403 if is_scope_mismatch(answer, &message) => Self::ScopeMissing { message },
            401 => Self::TokenExpired,
            403 if says(&message, "app is not installed") => Self::NotInstalled { message },
            403 | 404 if is_blocked(answer) => {
                let message = "an administrator's data security policy keeps apps out".to_owned();
                Self::NotVisible { status, message }
            }
            403 | 404 => Self::NotVisible { status, message },
            // A query that names a project which the person cannot see fails as a whole.
            400 if says(&message, "does not exist for the field") => Self::NotVisible { status, message },
            429 => Self::limited(answer),
            // 409: Jira has searched for people for longer than ten seconds.
            408 | 409 | 425 | 500.. => Self::Unavailable {
                what: format!("status {status}: {message}"),
                retry_after: RateLimits::of(answer).retry_after,
            },
            _ => Self::InvalidRequest { status: Some(status), message },
        }
    }

    fn limited(answer: &Answer) -> Self {
        let rate = RateLimits::of(answer);
        match rate.reason {
            Some(reason) if reason.to_ascii_lowercase().contains("quota") => {
                // Points come back at the top of the hour, also where no header says so.
                let until = rate.until.or_else(|| answer.date().map(next_hour));
                Self::QuotaExceeded { reason, retry_after: rate.retry_after, until }
            }
            reason => Self::BurstLimited { reason, retry_after: rate.retry_after },
        }
    }
}

fn next_hour(time: Timestamp) -> Timestamp {
    const HOUR: i64 = 60 * 60 * 1000;
    Timestamp::from_millis((time.as_millis().div_euclid(HOUR) + 1) * HOUR)
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Unbuildable(message) => Self::InvalidRequest { status: None, message },
            SendError::Unreachable(what) | SendError::Lost(what) => {
                Self::Unavailable { what, retry_after: None }
            }
            SendError::TooLarge(limit) => Self::TooLarge { what: format!("more than {limit} bytes") },
        }
    }
}

/// The gateway's `Unauthorized; scope does not match`, and the header that comes with it.
fn is_scope_mismatch(answer: &Answer, message: &str) -> bool {
    answer.header("x-failure-category").is_some_and(|category| category.contains("SCOPE"))
        || says(message, "scope does not match")
}

fn is_blocked(answer: &Answer) -> bool {
    answer.header("atlassian-datasecuritypolicy").is_some_and(|policy| policy.contains("app_access_blocked"))
}

fn says(message: &str, phrase: &str) -> bool {
    message.to_ascii_lowercase().contains(phrase)
}
