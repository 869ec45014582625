//! Where sessions and login attempts are kept: in the database, or in Redis.

mod database;
mod redis;

use std::fmt;

use connector_domain::{SessionId, Timestamp, UserId};
use connector_store::{LoginAttempt, Session, StoreError};
use futures::future::BoxFuture;

pub use database::DatabaseSessions;
pub use redis::RedisSessions;

/// Sessions and login attempts by the hashes of their secrets. What is ended here is ended for every process at once:
/// nobody keeps copies.
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// Whether it answers.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Keeps a new session and ends the one that the browser had before, both or neither.
    fn replace<'a>(
        &'a self,
        new: &'a Session,
        old_hash: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    fn find<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Session>, StoreError>>;

    /// Notes that the session was used. One that was ended meanwhile does not come back by that.
    fn touch<'a>(&'a self, session: &'a Session, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Ends a session; says whether there was one.
    fn end<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// The sessions of a person, the latest first, also those whose time is over and that are not swept yet.
    fn list(&self, user: UserId) -> BoxFuture<'_, Result<Vec<Session>, StoreError>>;

    /// Ends the sessions of a person, or the one that is named; says how many.
    fn end_of(&self, user: UserId, only: Option<SessionId>) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Deletes what was last used before `idle_since`, or has come to its absolute end; says how many.
    fn sweep(&self, now: Timestamp, idle_since: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;

    fn keep_attempt<'a>(&'a self, attempt: &'a LoginAttempt) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Uses an attempt up and reads it: of any number of callbacks, one gets it. `None` where it does not exist, is
    /// used or has expired.
    fn consume_attempt<'a>(
        &'a self,
        state_hash: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoginAttempt>, StoreError>>;

    /// The attempt as it is: to tell a used one from an expired one.
    fn find_attempt<'a>(
        &'a self,
        state_hash: &'a str,
    ) -> BoxFuture<'a, Result<Option<LoginAttempt>, StoreError>>;

    /// Deletes the attempts that expired before `before`; says how many.
    fn sweep_attempts(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;
}
