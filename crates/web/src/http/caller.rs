//! Who calls, and whose rows they may have. The one place that decides it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use connector_domain::{Actor, ConnectionId, Secret, UserId};
use connector_store::Session;

use super::cookies;
use super::problem::Problem;
use crate::{App, AuthMode};

#[derive(Debug)]
pub(crate) enum Caller {
    /// Nobody that is known; may use the data routes in public mode only.
    Anonymous,
    /// A person with a session.
    Person(Session),
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Some(token) = cookies::session(app.settings(), &parts.headers) else {
            return Ok(Self::Anonymous);
        };
        let session = app.connections().find_session(&token).await?;
        Ok(session.map_or(Self::Anonymous, Self::Person))
    }
}

impl Caller {
    pub(crate) fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Anonymous => None,
            Self::Person(session) => Some(session.user_id),
        }
    }

    /// Who is named in the audit trail for what this caller changes.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Person(self.user_id())
    }

    /// The session, which some routes work from.
    pub(crate) fn session(&self) -> Result<&Session, Problem> {
        match self {
            Self::Anonymous => Err(Problem::unauthorized()),
            Self::Person(session) => Ok(session),
        }
    }

    /// Refuses callers that nobody knows, where they must be known.
    pub(crate) fn admit(&self, app: &App) -> Result<(), Problem> {
        match (app.settings().auth, self) {
            (AuthMode::Required, Self::Anonymous) => Err(Problem::unauthorized()),
            _ => Ok(()),
        }
    }

    /// Refuses all but public mode: for what concerns everybody's rows.
    pub(crate) fn admit_to_all(&self, app: &App) -> Result<(), Problem> {
        self.admit(app)?;
        match app.settings().auth {
            AuthMode::Public => Ok(()),
            AuthMode::Required => Err(Problem::new(
                axum::http::StatusCode::FORBIDDEN,
                "This concerns all users; a session is for one person's own rows.",
            )),
        }
    }

    /// Whose rows are meant: the owner that is named, else the session's person, else the first user. `None` where
    /// there is no user at all.
    ///
    /// # Errors
    /// 404 for an owner that does not exist, and just the same for another's.
    pub(crate) async fn owner(&self, app: &App, named: Option<i64>) -> Result<Option<UserId>, Problem> {
        self.admit(app)?;
        let Some(id) = named.map(UserId) else {
            return match self.user_id() {
                Some(id) => Ok(Some(id)),
                None => Ok(app.store().first_user().await?.map(|user| user.id)),
            };
        };
        let theirs = app.settings().auth == AuthMode::Public || self.user_id() == Some(id);
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

    /// Whose rows a list over connections shows: everybody's in public mode, else the person's own.
    pub(crate) fn scope(&self, app: &App) -> Result<Option<UserId>, Problem> {
        self.admit(app)?;
        Ok(match app.settings().auth {
            AuthMode::Public => None,
            AuthMode::Required => self.user_id(),
        })
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
        let connection = app.store().find_connection(id).await?.ok_or_else(missing)?;
        match scope {
            Some(owner) if owner != connection.user_id => Err(missing()),
            _ => Ok(connection),
        }
    }
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
