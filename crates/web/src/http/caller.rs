//! Who calls, and whose rows they may have. The one place that decides it.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use connector_domain::{Actor, ApiKey, ConnectionId, Secret, UserId};
use connector_store::Session;

use super::client::Client;
use super::cookies;
use super::policy::{Denied, Need, decide};
use super::problem::Problem;
use super::rate::Counted;
use crate::{App, AuthMode};

/// How long ago the login may be for what cannot be undone.
const RECENT_LOGIN: Duration = Duration::from_mins(10);

#[derive(Debug)]
pub(crate) enum Caller {
    /// Nobody that is known; may use the data routes in public mode only.
    Anonymous,
    /// A person with a session.
    Person(Session),
    /// A program with an API key.
    Server(ApiKey),
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    /// # Errors
    /// 429 for a caller that sends too much, 401 for a key that opens nothing. A cookie that has died is no fault: browsers send it on.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(key) = bearer(&parts.headers) {
            let Some(key) = app.connections().authenticate_key(&key).await? else {
                if let Some(client) = parts.extensions.get::<Client>() {
                    app.rates().count_guess(client)?;
                }
                return Err(Problem::invalid_key());
            };
            app.rates().count_caller(&Counted::Key(key.id.to_string()))?;
            return Ok(Self::Server(key));
        }
        let Some(token) = cookies::session(app.settings(), &parts.headers) else {
            return Ok(Self::Anonymous);
        };
        let Some(session) = app.connections().find_session(&token).await? else {
            return Ok(Self::Anonymous);
        };
        app.rates().count_caller(&Counted::Session(session.token_hash.clone()))?;
        Ok(Self::Person(session))
    }
}

impl Caller {
    pub(crate) fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Anonymous | Self::Server(_) => None,
            Self::Person(session) => Some(session.user_id),
        }
    }

    /// Who is named in the audit trail for what this caller changes.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::Anonymous | Self::Person(_) => Actor::Person(self.user_id()),
            Self::Server(key) => Actor::Server(key.id.to_string()),
        }
    }

    /// Refuses a caller that may not do what needs `need`.
    pub(crate) fn may(&self, app: &App, need: Need) -> Result<(), Problem> {
        let denied = |denied| match denied {
            Denied::Unknown => Problem::unauthorized(),
            Denied::NotForPeople => {
                Problem::forbidden("This concerns all users; a session is for one person's own rows.")
            }
            Denied::LimitedKey => {
                Problem::forbidden("This concerns all users; the API key is for one user's own rows.")
            }
            Denied::NotForServers => {
                Problem::forbidden("This is for a person with a session; an API key is for programs.")
            }
            Denied::Scope(scope) => Problem::forbidden(format!(
                "The API key lacks the scope `{scope}`: make one that has it (`connector api-keys create`)."
            )),
        };
        decide(app.settings().auth, self, need).map_err(denied)
    }

    /// Refuses a person whose login is too long ago, where it needs a session to get here at all: what cannot be undone
    /// is not for whoever finds a browser open. A program proves itself by each request.
    pub(crate) fn has_just_logged_in(&self, app: &App) -> Result<(), Problem> {
        match (self, app.settings().auth) {
            (Self::Person(session), AuthMode::Required)
                if app.now().since(session.created_at) > RECENT_LOGIN =>
            {
                Err(Problem::login_again(RECENT_LOGIN))
            }
            _ => Ok(()),
        }
    }

    /// Whether it still opens anything: for answers that go on for long. Where nobody can say, it does.
    pub(crate) async fn is_still_there(&self, app: &App) -> bool {
        match self {
            Self::Anonymous => true,
            Self::Person(session) => app.connections().is_session_there(session).await.unwrap_or(true),
            Self::Server(key) => match app.store().find_api_key(&key.id).await {
                Ok(found) => found.is_some_and(|(key, _)| key.is_alive(app.now())),
                Err(_) => true,
            },
        }
    }

    /// The session, which some routes work from.
    pub(crate) fn session(&self) -> Result<&Session, Problem> {
        match self {
            Self::Anonymous | Self::Server(_) => Err(Problem::unauthorized()),
            Self::Person(session) => Ok(session),
        }
    }

    /// Whose rows are meant: the owner that is named, else the session's person, else the first user. `None` where
    /// there is no user at all.
    ///
    /// # Errors
    /// 404 for an owner that does not exist, and just the same for another's; 422 where a program names none: it acts
    /// for many, and the first user would be a guess.
    pub(crate) async fn owner(&self, app: &App, named: Option<i64>) -> Result<Option<UserId>, Problem> {
        let scope = self.scope(app)?;
        let Some(id) = named.map(UserId) else {
            return match self {
                Self::Person(session) => Ok(Some(session.user_id)),
                Self::Server(ApiKey { user_id: Some(user), .. }) => Ok(Some(*user)),
                Self::Server(_) => Err(Problem::invalid_field(
                    "/query/owner_id",
                    "must be given with an API key: whose rows?",
                )),
                Self::Anonymous => Ok(app.store().first_user().await?.map(|user| user.id)),
            };
        };
        let theirs = scope.is_none_or(|own| own == id);
        if theirs && app.store().find_user(id).await?.is_some() {
            Ok(Some(id))
        } else {
            Err(unknown_owner(id))
        }
    }

    /// The owner that a route names, if the caller may have that one's rows. Whether it exists is not asked.
    pub(crate) fn named_owner(&self, app: &App, id: i64) -> Result<UserId, Problem> {
        let id = UserId(id);
        match self.scope(app)? {
            Some(own) if own != id => Err(unknown_owner(id)),
            _ => Ok(id),
        }
    }

    /// Whose rows this caller may have: everybody's in public mode and with an API key (`None`), else the person's own,
    /// or those of the one whom a key is for.
    pub(crate) fn scope(&self, app: &App) -> Result<Option<UserId>, Problem> {
        match (self, app.settings().auth) {
            (Self::Server(key), _) => Ok(key.user_id),
            (_, AuthMode::Public) => Ok(None),
            (Self::Person(session), AuthMode::Required) => Ok(Some(session.user_id)),
            (Self::Anonymous, AuthMode::Required) => Err(Problem::unauthorized()),
        }
    }

    /// The connection of this id, if the caller may have it.
    pub(crate) async fn connection(
        &self,
        app: &App,
        id: &str,
    ) -> Result<connector_domain::Connection, Problem> {
        let scope = self.scope(app)?;
        let missing = || Problem::not_found("There is no such connection.");
        let id: ConnectionId = id.parse().map_err(|_| missing())?;
        app.store().find_connection_of(scope, id).await?.ok_or_else(missing)
    }
}

/// What stands behind `Authorization: Bearer` (RFC 6750). Other schemes are for whoever stands before this service.
fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

pub(crate) fn unknown_owner(id: UserId) -> Problem {
    Problem::not_found(format!("There is no user {id}. Create one by POST /users."))
}

/// 404 where there is no such user.
pub(crate) async fn existing_owner(app: &App, id: UserId) -> Result<(), Problem> {
    match app.store().find_user(id).await? {
        Some(_) => Ok(()),
        None => Err(unknown_owner(id)),
    }
}

/// The session cookie, for logging out.
pub(crate) struct SessionCookie(pub(crate) Option<Secret>);

impl FromRequestParts<App> for SessionCookie {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(cookies::session(app.settings(), &parts.headers)))
    }
}
