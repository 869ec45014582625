use std::time::Duration;

use connector_domain::{ConnectionId, Secret, SessionId, UserId};
use connector_store::{Session, StoreError};

use crate::Connections;
use crate::hash::{random_token, sha256_hex};

/// A session's absolute end, counted from the login.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// A session that is not used for so long has ended.
const IDLE: Duration = Duration::from_hours(14 * 24);
/// The last use is noted no more often than this.
const NOTED_EVERY: Duration = Duration::from_mins(1);

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
            expires_at: now.plus(SESSION_LIFETIME),
        };
        let old = old.map(|old| sha256_hex(old.expose()));
        self.inner.store.replace_session(&session, old.as_deref()).await?;
        Ok(token)
    }

    /// The session of a cookie, if it is alive.
    pub async fn find_session(&self, token: &Secret) -> Result<Option<Session>, StoreError> {
        let hash = sha256_hex(token.expose());
        let Some(session) = self.inner.store.find_session(&hash).await? else { return Ok(None) };
        let now = self.now();
        if now >= session.expires_at || now.since(session.last_seen_at) > IDLE {
            self.inner.store.delete_session(&hash).await?;
            return Ok(None);
        }
        if now.since(session.last_seen_at) > NOTED_EVERY {
            self.inner.store.touch_session(&hash, now).await?;
        }
        Ok(Some(session))
    }

    pub async fn end_session(&self, token: &Secret) -> Result<(), StoreError> {
        self.inner.store.delete_session(&sha256_hex(token.expose())).await
    }

    /// Deletes the sessions past their end; says how many.
    pub async fn delete_expired_sessions(&self) -> Result<u64, StoreError> {
        self.inner.store.delete_expired_sessions(self.now()).await
    }
}
