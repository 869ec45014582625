use std::time::Duration;

use serde::Deserialize;

use crate::error_reader;
use crate::http::{Answer, SendError};
use crate::rate::RateLimits;
use crate::scrub::scrub;

/// Why the token endpoint gave no tokens, sorted by who can mend it.
///
/// Texts from Atlassian are at most 200 characters, in one line, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// At a refresh: the refresh token is not good (any more). Atlassian has been seen to say so by mistake:
    /// one refusal is not proof that the grant has ended.
    #[error("Atlassian refuses the refresh token ({error}): {description}")]
    Refused { error: String, description: String },
    /// At the exchange of a code: it is unknown, used, expired, or made for another redirect address.
    #[error("Atlassian refuses the authorization code: {description}")]
    InvalidCode { description: String },
    /// The app's settings are wrong: id, secret or callback address. Says nothing about the grant.
    #[error(
        "Atlassian refuses the app itself, check its client id, client secret and callback address: {reason}"
    )]
    Misconfigured { reason: String },
    #[error("Atlassian asks for fewer token requests")]
    RateLimited { retry_after: Option<Duration> },
    /// Atlassian, or the way there, is out of order for now.
    #[error("Atlassian's token endpoint is not available: {what}")]
    Unavailable {
        what: String,
        retry_after: Option<Duration>,
        /// Whether the request may have been processed: new tokens may exist that nobody has seen.
        answer_lost: bool,
    },
}

/// What was being exchanged. The same code of an error means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Exchange,
    Refresh,
}

impl Step {
    pub const fn grant_type(self) -> &'static str {
        match self {
            Self::Exchange => "authorization_code",
            Self::Refresh => "refresh_token",
        }
    }
}

impl TokenError {
    /// In a word, for those who count.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::InvalidCode { .. } => "invalid_code",
            Self::Misconfigured { .. } => "misconfigured",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable { answer_lost: true, .. } => "answer_lost",
            Self::Unavailable { answer_lost: false, .. } => "unavailable",
        }
    }

    pub(crate) fn lost(what: impl Into<String>) -> Self {
        Self::Unavailable { what: what.into(), retry_after: None, answer_lost: true }
    }

    /// Sorts an answer that is not a success. Only a body that names its error (RFC 6749 section 5.2) can end
    /// anything; the status alone never does.
    pub(crate) fn of(step: Step, answer: &Answer, secrets: &[&str]) -> Self {
        let status = answer.status.as_u16();
        let retry_after = || RateLimits::of(answer).retry_after;
        if status == 429 {
            return Self::RateLimited { retry_after: retry_after() };
        }
        if (400..500).contains(&status)
            && let Some(error) = Named::read(&answer.body, secrets).and_then(|named| named.sort(step, status))
        {
            return error;
        }
        let message = error_reader::message(&answer.body, secrets);
        Self::Unavailable {
            what: format!("status {status}: {message}"),
            retry_after: retry_after(),
            answer_lost: status >= 500 || status == 408,
        }
    }
}

impl From<SendError> for TokenError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Unbuildable(reason) => Self::Misconfigured { reason },
            SendError::Unreachable(what) => Self::Unavailable { what, retry_after: None, answer_lost: false },
            SendError::Lost(what) => Self::lost(what),
            SendError::TooLarge(limit) => Self::lost(format!("an answer longer than {limit} bytes")),
        }
    }
}

/// `{"error", "error_description"}` (RFC 6749 section 5.2).
struct Named {
    error: String,
    description: String,
}

impl Named {
    fn read(body: &[u8], secrets: &[&str]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body {
            error: String,
            #[serde(default, deserialize_with = "crate::lenient::text")]
            error_description: Option<String>,
        }

        let Body { error, error_description } = serde_json::from_slice(body).ok()?;
        let description = error_description.map(|text| scrub(&text, secrets)).unwrap_or_default();
        Some(Self { error: scrub(&error, secrets), description })
    }

    fn sort(self, step: Step, status: u16) -> Option<TokenError> {
        let Self { error, description } = self;
        match (error.as_str(), step) {
            ("invalid_grant", Step::Exchange) => Some(TokenError::InvalidCode { description }),
            ("invalid_grant", Step::Refresh) => Some(TokenError::Refused { error, description }),
            // `refresh_token is invalid`: Atlassian's other answer for a dead grant.
            ("unauthorized_client", Step::Refresh)
                if status == 403 || description.contains("refresh_token") =>
            {
                Some(TokenError::Refused { error, description })
            }
            (
                "invalid_client"
                | "unauthorized_client"
                | "access_denied"
                | "invalid_request"
                | "invalid_scope"
                | "unsupported_grant_type",
                _,
            ) => Some(TokenError::Misconfigured { reason: format!("{error}: {description}") }),
            _ => None,
        }
    }
}
