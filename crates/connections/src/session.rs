use std::time::Duration;

use connector_domain::{Actor, AuditEvent, ConnectionId, Secret, SessionId, UserId};
use connector_store::{Session, StoreError};

use crate::Connections;
use crate::hash::{random_token, sha256_hex};

/// The last use is noted no more often than this.
const NOTED_EVERY: Duration = Duration::from_mins(1);

/// When sessions end by themselves.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// A session that is not used for so long has ended.
    pub idle: Duration,
    /// The absolute end, counted from the login.
    pub lifetime: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self { idle: 14 * day, lifetime: 90 * day }
    }
}

impl Connections {
    /// Begins a session for a person who has just logged in, in place of the one that the browser had: the id that a
    /// browser brought along is never the id of a session that is worth more (session fixation). Answers the value
    /// of the cookie.
    pub async fn renew_session(
        &self,
        user_id: UserId,
        connection_id: ConnectionId,
        old: Option<&Secret>,
    ) -> Result<Secret, StoreError> {
        let now = self.now();
        let token = random_token(&*self.inner.entropy);
        let session = Session {
            token_hash: sha256_hex(token.expose()),
            id: SessionId::generate(&*self.inner.entropy, now),
            user_id,
            connection_id: Some(connection_id),
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(self.inner.settings.sessions.lifetime),
        };
        let old = old.map(|old| sha256_hex(old.expose()));
        self.inner.sessions.replace(&session, old.as_deref()).await?;
        Ok(token)
    }

    /// The session of a cookie, if it is alive.
    pub async fn find_session(&self, token: &Secret) -> Result<Option<Session>, StoreError> {
        let hash = sha256_hex(token.expose());
        let Some(session) = self.inner.sessions.find(&hash).await? else { return Ok(None) };
        if !self.is_alive(&session) {
            self.inner.sessions.end(&hash).await?;
            return Ok(None);
        }
        let now = self.now();
        if now.since(session.last_seen_at) > NOTED_EVERY {
            self.inner.sessions.touch(&session, now).await?;
        }
        Ok(Some(session))
    }

    /// Whether a session that was found before still opens anything.
    pub async fn is_session_there(&self, session: &Session) -> Result<bool, StoreError> {
        let found = self.inner.sessions.find(&session.token_hash).await?;
        Ok(found.is_some_and(|session| self.is_alive(&session)))
    }

    fn is_alive(&self, session: &Session) -> bool {
        let now = self.now();
        now < session.expires_at && now.since(session.last_seen_at) <= self.inner.settings.sessions.idle
    }

    /// The living sessions of a person, the latest first.
    pub async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let mut sessions = self.inner.sessions.list(user).await?;
        sessions.retain(|session| self.is_alive(session));
        Ok(sessions)
    }

    /// Ends the session of a cookie.
    pub async fn end_session(&self, token: &Secret) -> Result<(), StoreError> {
        let hash = sha256_hex(token.expose());
        let person = self.inner.sessions.find(&hash).await?.map(|session| session.user_id);
        if self.inner.sessions.end(&hash).await? {
            self.note(Actor::Person(person), AuditEvent::LoggedOut { sessions: 1 }, person).await;
        }
        Ok(())
    }

    /// Ends all sessions of a person, or the one that is named; says how many. They open nothing any more, in any
    /// process, from the moment on at which this returns.
    pub async fn end_sessions(&self, user: UserId, only: Option<SessionId>) -> Result<u64, StoreError> {
        let sessions = self.inner.sessions.end_of(user, only).await?;
        if sessions > 0 {
            self.note(Actor::Person(Some(user)), AuditEvent::LoggedOut { sessions }, Some(user)).await;
        }
        Ok(sessions)
    }

    /// Ends all sessions of a person who is deleted, and says how many. The trail is told by whoever deletes.
    pub async fn erase_sessions(&self, user: UserId) -> Result<u64, StoreError> {
        self.inner.sessions.end_of(user, None).await
    }

    /// Whether the place of the sessions answers.
    pub async fn ping_sessions(&self) -> Result<(), StoreError> {
        self.inner.sessions.ping().await
    }

    /// Deletes the sessions past their end; says how many.
    pub async fn delete_expired_sessions(&self) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.sessions.sweep(now, now.minus(self.inner.settings.sessions.idle)).await
    }
}
