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
    #[error(
        "The consent does not tell who you are, and nobody is signed in. The operator of this service must let the app ask: the scope read:me, and the User identity API in Atlassian's developer console."
    )]
    UnknownPerson,
    #[error(
        "The person signed in here is not the one who was when this login began. Start again with Connect."
    )]
    OtherSession,
    #[error("This link is not known here. Ask the application that gave it to you for a new one.")]
    UnknownLink,
    #[error("This link was used already. Ask the application that gave it to you for a new one.")]
    LinkUsed,
    #[error("This link has expired. Ask the application that gave it to you for a new one.")]
    LinkExpired,
    #[error(
        "This link was opened in another browser, or this browser keeps no cookies. Ask the application that gave it to you for a new one."
    )]
    LinkOfOtherBrowser,
    #[error("This link is for another person than the one signed in here. Sign out first, if it is for you.")]
    LinkForOther,
    #[error(
        "You are connected here with another Atlassian account. Sign in to that one at Atlassian, and start again with Connect."
    )]
    OtherAccount,
    #[error(
        "You have consented anew, or disconnected, since this login was begun: the later wish counts, and nothing was changed."
    )]
    Superseded,
    #[error(
        "You were deleted here after you had consented, so that consent counts no more. Start again with Connect if you want to come back."
    )]
    Erased,
    #[error("Your e-mail address belongs to a user here who is connected with another Atlassian account.")]
    IdentityInUse,
    #[error("The login could not be stored. Try again in a few minutes.")]
    Store(#[from] StoreError),
    #[error("The login did not come to its end. Start again with Connect.")]
    Broken,
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
            Self::Denied
            | Self::UnknownPerson
            | Self::OtherSession
            | Self::LinkOfOtherBrowser
            | Self::LinkForOther => 403,
            Self::UnknownLink => 404,
            Self::IdentityInUse | Self::OtherAccount | Self::Superseded | Self::Erased => 409,
            Self::LinkUsed | Self::LinkExpired => 410,
            Self::Broken => 500,
            _ => 400,
        }
    }

    /// The name of the reason, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotConfigured { .. } => "not_configured",
            Self::NoScopes { .. } => "no_scopes",
            Self::MissingState => "missing_state",
            Self::UnknownState => "unknown_state",
            Self::Expired => "expired",
            Self::AlreadyUsed => "already_used",
            Self::OtherBrowser => "other_browser",
            Self::WrongIssuer => "wrong_issuer",
            Self::Denied => "denied",
            Self::Provider { .. } => "provider",
            Self::Pending(_) => "pending",
            Self::NotAdopted { .. } => "not_adopted",
            Self::MissingCode => "missing_code",
            Self::CodeRefused => "code_refused",
            Self::Misconfigured(_) => "misconfigured",
            Self::Unavailable(_) | Self::ApiUnavailable(_) => "unavailable",
            Self::NoRefreshToken => "no_refresh_token",
            Self::NoUser => "no_user",
            Self::UnknownPerson => "unknown_person",
            Self::OtherSession => "other_session",
            Self::UnknownLink => "unknown_link",
            Self::LinkUsed => "link_used",
            Self::LinkExpired => "link_expired",
            Self::LinkOfOtherBrowser => "link_of_other_browser",
            Self::LinkForOther => "link_for_other",
            Self::OtherAccount => "other_account",
            Self::IdentityInUse => "identity_in_use",
            Self::Store(_) => "store",
            Self::Sealed => "sealed",
            Self::Superseded => "superseded",
            Self::Erased => "erased",
            Self::Broken => "broken",
        }
    }

    /// Whether it is ours or the operator's to mend.
    pub const fn concerns_operator(&self) -> bool {
        matches!(
            self,
            Self::NotConfigured { .. }
                | Self::Misconfigured(_)
                | Self::NoRefreshToken
                | Self::UnknownPerson
                | Self::Store(_)
                | Self::Sealed
                | Self::Broken
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
    /// Where the browser goes in place of the usual address.
    pub return_url: Option<String>,
    pub error: LoginError,
}

impl From<LoginError> for FailedLogin {
    fn from(error: LoginError) -> Self {
        Self { flow: None, app_state: None, return_url: None, error }
    }
}
