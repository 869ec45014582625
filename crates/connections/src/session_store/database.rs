use connector_domain::{SessionId, Timestamp, UserId};
use connector_store::{LoginAttempt, Session, Store, StoreError};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::SessionStore;

/// In the database, beside everything else.
#[derive(Debug)]
pub struct DatabaseSessions(Store);

impl DatabaseSessions {
    pub const fn new(store: Store) -> Self {
        Self(store)
    }
}

impl SessionStore for DatabaseSessions {
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.ping().boxed()
    }

    fn replace<'a>(
        &'a self,
        new: &'a Session,
        old_hash: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.replace_session(new, old_hash).boxed()
    }

    fn find<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        self.0.find_session(hash).boxed()
    }

    fn touch<'a>(&'a self, session: &'a Session, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.touch_session(&session.token_hash, now).boxed()
    }

    fn end<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.0.delete_session(hash).boxed()
    }

    fn list(&self, user: UserId) -> BoxFuture<'_, Result<Vec<Session>, StoreError>> {
        self.0.list_sessions(user).boxed()
    }

    fn end_of(&self, user: UserId, only: Option<SessionId>) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.0.delete_sessions_of(user, only).boxed()
    }

    fn sweep(&self, now: Timestamp, idle_since: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.0.delete_expired_sessions(now, idle_since).boxed()
    }

    fn keep_attempt<'a>(&'a self, attempt: &'a LoginAttempt) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.create_login_attempt(attempt).boxed()
    }

    fn consume_attempt<'a>(
        &'a self,
        state_hash: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoginAttempt>, StoreError>> {
        self.0.consume_login_attempt(state_hash, now).boxed()
    }

    fn find_attempt<'a>(
        &'a self,
        state_hash: &'a str,
    ) -> BoxFuture<'a, Result<Option<LoginAttempt>, StoreError>> {
        self.0.find_login_attempt(state_hash).boxed()
    }

    fn sweep_attempts(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.0.delete_login_attempts(before).boxed()
    }
}
