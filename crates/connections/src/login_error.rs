use connector_atlassian::{ApiError, TokenError};
use connector_store::{LoginFlow, StoreError};

/// Why a login did not end in a connection. Each says what the person, or the operator, can do.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error(
        "Connecting to Atlassian is not set up here: {missing} must be set. Ask the operator of this service."
    )]
    NotConfigured { missing: &'static str },
    #[error(
        "The requested scopes are not among those that this service is set up for. Leave `scope` out, or ask for some of: {configured}"
    )]
    NoScopes { configured: String },
    #[error("Atlassian's answer came without the `state` of a login. Start again with Connect.")]
    MissingState,
    #[error("This login is not known here. Start again with Connect.")]
    UnknownState,
    #[error("This login took more than 10 minutes. Start again with Connect.")]
    Expired,
    #[error("This login was finished already. Start again with Connect if you are not connected.")]
    AlreadyUsed,
    #[error(
        "This login was started in another browser, or this browser keeps no cookies. Start again with Connect in this one."
    )]
    OtherBrowser,
    #[error("The answer does not come from Atlassian. Start again with Connect.")]
    WrongIssuer,
    #[error("You did not give the app access to your Atlassian account. Nothing was connected.")]
    Denied,
    #[error(
        "Atlassian did not finish the login ({code}). Start again with Connect; if this repeats, tell the operator of this service."
    )]
    Provider { code: &'static str },
    #[error(
        "Your consent has arrived and is kept safe, but not everything that is needed answers right now. The connection will be finished by itself: come back in some minutes, and sign in with Connect."
    )]
    Pending(#[source] Box<LoginError>),
    #[error(
        "This service works on a copy of another one's data and takes no logins ({why}). Its operator must run `connector adopt`."
    )]
    NotAdopted { why: String },
    #[error("Atlassian's answer came without an authorization code. Start again with Connect.")]
    MissingCode,
    #[error(
        "Atlassian does not accept the authorization code: it was used or is too old. Start again with Connect."
    )]
    CodeRefused,
    #[error(
        "Atlassian does not accept this service's app: its client id, client secret or callback address is wrong. Tell the operator of this service."
    )]
    Misconfigured(#[source] TokenError),
    #[error("Atlassian is not available right now. Try again in a few minutes.")]
    Unavailable(#[source] TokenError),
    #[error("Atlassian is not available right now. Try again in a few minutes.")]
    ApiUnavailable(#[source] ApiError),
    #[error(
        "Atlassian gave no refresh token, so the connection would end within the hour. The scope offline_access must be asked for."
    )]
    NoRefreshToken,
    #[error(
        "The consent does not tell who you are. Add the scope read:me, or create a user first by POST /users."
    )]
    NoUser,
    #[error("Your e-mail address belongs to a user here who is connected with another Atlassian account.")]
    IdentityInUse,
    #[error("The login could not be stored. Try again in a few minutes.")]
    Store(#[from] StoreError),
    #[error(
        "A value of this login cannot be opened: the encryption keys of this service have changed. Start again with Connect."
    )]
    Sealed,
}

impl LoginError {
    /// The status of the problem document, for callers that are no browser.
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotConfigured { .. }
            | Self::Misconfigured(_)
            | Self::Store(_)
            | Self::Pending(_)
            | Self::NotAdopted { .. } => 503,
            Self::Unavailable(_) | Self::ApiUnavailable(_) | Self::NoRefreshToken => 502,
            Self::Denied => 403,
            Self::IdentityInUse => 409,
            _ => 400,
        }
    }

    /// Whether it is ours or the operator's to mend.
    pub const fn concerns_operator(&self) -> bool {
        matches!(
            self,
            Self::NotConfigured { .. }
                | Self::Misconfigured(_)
                | Self::NoRefreshToken
                | Self::Store(_)
                | Self::Sealed
                | Self::NotAdopted { .. }
        )
    }

    /// Whether waiting helps, once the code is exchanged.
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(self, Self::ApiUnavailable(_) | Self::Store(_))
    }
}

impl From<TokenError> for LoginError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::InvalidCode { .. } | TokenError::Refused { .. } => Self::CodeRefused,
            TokenError::Misconfigured { .. } => Self::Misconfigured(error),
            TokenError::RateLimited { .. } | TokenError::Unavailable { .. } => Self::Unavailable(error),
        }
    }
}

/// A login that failed, and where it would have ended.
#[derive(Debug)]
pub struct FailedLogin {
    /// `None` where the login itself is not known.
    pub flow: Option<LoginFlow>,
    pub app_state: Option<String>,
    pub error: LoginError,
}

impl From<LoginError> for FailedLogin {
    fn from(error: LoginError) -> Self {
        Self { flow: None, app_state: None, error }
    }
}
