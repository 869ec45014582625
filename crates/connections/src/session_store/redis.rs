//! Sessions in Redis.
//!
//! `s:HASH` is a session, `u:USER` the hashes of a person's sessions, `a:HASH` a login attempt and `c:HASH` the mark that
//! it is used up. Whether something is at its end is decided by the times in it, as in the database; Redis forgets it
//! some time later by itself. What changes several keys is one transaction.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_domain::{Secret, SessionId, Timestamp, UserId};
use connector_store::{LoginAttempt, LoginFlow, Session, StoreError};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, ExistenceCheck, RedisError, SetExpiry, SetOptions};
use serde::{Deserialize, Serialize};

use super::SessionStore;

/// A request waits for Redis no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);
/// Used-up and expired attempts are told from unknown ones for so long.
const ATTEMPTS_KEPT: Duration = Duration::from_hours(24);

/// In a Redis that all processes share.
#[derive(Clone)]
pub struct RedisSessions {
    redis: ConnectionManager,
    prefix: String,
}

impl std::fmt::Debug for RedisSessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisSessions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct SessionRecord {
    id: SessionId,
    user_id: UserId,
    connection_id: Option<connector_domain::ConnectionId>,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct AttemptRecord {
    browser_hash: String,
    flow: String,
    client_id: String,
    redirect_uri: String,
    /// Base64: JSON has no bytes.
    sealed_code_verifier: String,
    scopes: String,
    app_state: Option<String>,
    user_id: Option<UserId>,
    link_hash: Option<String>,
    return_url: Option<String>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl RedisSessions {
    /// Connects to the server that `url` names (`redis://` or `rediss://`); all keys begin with `prefix`.
    ///
    /// # Errors
    /// Where it does not answer. The message never has the address, which may hold a password.
    pub async fn connect(url: &Secret, prefix: &str) -> Result<Self, StoreError> {
        let client = redis::Client::open(url.expose()).map_err(unavailable)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(2)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let redis = ConnectionManager::new_with_config(client, config).await.map_err(unavailable)?;
        Ok(Self { redis, prefix: prefix.to_owned() })
    }

    fn key(&self, kind: char, id: &str) -> String {
        format!("{}{kind}:{id}", self.prefix)
    }

    fn session_key(&self, hash: &str) -> String {
        self.key('s', hash)
    }

    fn user_key(&self, user: UserId) -> String {
        self.key('u', &user.to_string())
    }

    async fn read(&self, hash: &str) -> Result<Option<Session>, StoreError> {
        let json: Option<String> =
            self.redis.clone().get(self.session_key(hash)).await.map_err(unavailable)?;
        json.map(|json| session(hash, &json)).transpose()
    }

    /// The hashes and sessions of a person. Takes out of the list what Redis has forgotten.
    async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let mut redis = self.redis.clone();
        let hashes: Vec<String> = redis.smembers(self.user_key(user)).await.map_err(unavailable)?;
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = hashes.iter().map(|hash| self.session_key(hash)).collect();
        let jsons: Vec<Option<String>> = redis.mget(&keys).await.map_err(unavailable)?;
        let (mut sessions, mut forgotten) = (Vec::new(), Vec::new());
        for (hash, json) in hashes.iter().zip(jsons) {
            match json {
                Some(json) => sessions.push(session(hash, &json)?),
                None => forgotten.push(hash),
            }
        }
        if !forgotten.is_empty() {
            let _: i64 = redis.srem(self.user_key(user), forgotten).await.map_err(unavailable)?;
        }
        sessions.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
        Ok(sessions)
    }

    async fn read_attempt(&self, hash: &str) -> Result<Option<LoginAttempt>, StoreError> {
        let (json, consumed_at): (Option<String>, Option<i64>) = redis::pipe()
            .get(self.key('a', hash))
            .get(self.key('c', hash))
            .query_async(&mut self.redis.clone())
            .await
            .map_err(unavailable)?;
        json.map(|json| attempt(hash, &json, consumed_at.map(Timestamp::from_millis))).transpose()
    }
}

impl SessionStore for RedisSessions {
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let _: String = self.redis.clone().ping().await.map_err(unavailable)?;
            Ok(())
        }
        .boxed()
    }

    fn replace<'a>(
        &'a self,
        new: &'a Session,
        old_hash: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            // The old one may be another person's.
            let old = match old_hash {
                Some(hash) => self.read(hash).await?,
                None => None,
            };
            let life = seconds(new.expires_at.since(new.created_at));
            let mut transaction = redis::pipe();
            transaction
                .atomic()
                .set_ex(self.session_key(&new.token_hash), to_json(&record(new)), life)
                .sadd(self.user_key(new.user_id), &new.token_hash)
                .expire(self.user_key(new.user_id), i64::try_from(life).unwrap_or(i64::MAX));
            if let Some(old) = &old {
                transaction
                    .del(self.session_key(&old.token_hash))
                    .srem(self.user_key(old.user_id), &old.token_hash);
            }
            transaction.exec_async(&mut self.redis.clone()).await.map_err(unavailable)
        }
        .boxed()
    }

    fn find<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        self.read(hash).boxed()
    }

    fn touch<'a>(&'a self, session: &'a Session, now: Timestamp) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let seen = SessionRecord { last_seen_at: now, ..record(session) };
            let options =
                SetOptions::default().conditional_set(ExistenceCheck::XX).with_expiration(SetExpiry::KEEPTTL);
            let key = self.session_key(&session.token_hash);
            let _: Option<String> =
                self.redis.clone().set_options(key, to_json(&seen), options).await.map_err(unavailable)?;
            Ok(())
        }
        .boxed()
    }

    fn end<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        async move {
            let Some(session) = self.read(hash).await? else { return Ok(false) };
            let (ended, _): (i64, i64) = redis::pipe()
                .atomic()
                .del(self.session_key(hash))
                .srem(self.user_key(session.user_id), hash)
                .query_async(&mut self.redis.clone())
                .await
                .map_err(unavailable)?;
            Ok(ended > 0)
        }
        .boxed()
    }

    fn list(&self, user: UserId) -> BoxFuture<'_, Result<Vec<Session>, StoreError>> {
        self.sessions_of(user).boxed()
    }

    fn end_of(&self, user: UserId, only: Option<SessionId>) -> BoxFuture<'_, Result<u64, StoreError>> {
        async move {
            let mut sessions = self.sessions_of(user).await?;
            if let Some(only) = only {
                sessions.retain(|session| session.id == only);
            }
            if sessions.is_empty() {
                return Ok(0);
            }
            let hashes: Vec<_> = sessions.iter().map(|session| session.token_hash.as_str()).collect();
            let keys: Vec<_> = hashes.iter().map(|hash| self.session_key(hash)).collect();
            let (ended, _): (u64, i64) = redis::pipe()
                .atomic()
                .del(keys)
                .srem(self.user_key(user), hashes)
                .query_async(&mut self.redis.clone())
                .await
                .map_err(unavailable)?;
            Ok(ended)
        }
        .boxed()
    }

    /// Redis forgets by itself what has come to its absolute end; what is idle is refused until then.
    fn sweep(&self, _: Timestamp, _: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        async { Ok(0) }.boxed()
    }

    fn keep_attempt<'a>(&'a self, attempt: &'a LoginAttempt) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let record = AttemptRecord {
                browser_hash: attempt.browser_hash.clone(),
                flow: attempt.flow.as_str().to_owned(),
                client_id: attempt.client_id.clone(),
                redirect_uri: attempt.redirect_uri.clone(),
                sealed_code_verifier: STANDARD.encode(&attempt.sealed_code_verifier),
                scopes: attempt.scopes.to_string(),
                app_state: attempt.app_state.clone(),
                user_id: attempt.user_id,
                link_hash: attempt.link_hash.clone(),
                return_url: attempt.return_url.clone(),
                created_at: attempt.created_at,
                expires_at: attempt.expires_at,
            };
            let key = self.key('a', &attempt.state_hash);
            let kept = self.redis.clone().set_ex(key, to_json(&record), seconds(ATTEMPTS_KEPT)).await;
            kept.map_err(unavailable)
        }
        .boxed()
    }

    fn consume_attempt<'a>(
        &'a self,
        state_hash: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<LoginAttempt>, StoreError>> {
        async move {
            let Some(attempt) = self.read_attempt(state_hash).await? else { return Ok(None) };
            if attempt.consumed_at.is_some() || now >= attempt.expires_at {
                return Ok(None);
            }
            // Of any number of callbacks, one makes the mark.
            let options = SetOptions::default()
                .conditional_set(ExistenceCheck::NX)
                .with_expiration(SetExpiry::EX(seconds(ATTEMPTS_KEPT)));
            let mark = self.key('c', state_hash);
            let made: Option<String> =
                self.redis.clone().set_options(mark, now.as_millis(), options).await.map_err(unavailable)?;
            Ok(made.map(|_| LoginAttempt { consumed_at: Some(now), ..attempt }))
        }
        .boxed()
    }

    fn find_attempt<'a>(
        &'a self,
        state_hash: &'a str,
    ) -> BoxFuture<'a, Result<Option<LoginAttempt>, StoreError>> {
        self.read_attempt(state_hash).boxed()
    }

    fn sweep_attempts(&self, _: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>> {
        async { Ok(0) }.boxed()
    }
}

fn record(session: &Session) -> SessionRecord {
    SessionRecord {
        id: session.id,
        user_id: session.user_id,
        connection_id: session.connection_id,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
    }
}

fn session(hash: &str, json: &str) -> Result<Session, StoreError> {
    let record: SessionRecord = serde_json::from_str(json).map_err(|error| corrupt("sessions", &error))?;
    Ok(Session {
        token_hash: hash.to_owned(),
        id: record.id,
        user_id: record.user_id,
        connection_id: record.connection_id,
        created_at: record.created_at,
        last_seen_at: record.last_seen_at,
        expires_at: record.expires_at,
    })
}

fn attempt(hash: &str, json: &str, consumed_at: Option<Timestamp>) -> Result<LoginAttempt, StoreError> {
    let record: AttemptRecord =
        serde_json::from_str(json).map_err(|error| corrupt("login_attempts", &error))?;
    let flow = LoginFlow::ALL.into_iter().find(|flow| flow.as_str() == record.flow);
    let sealed = STANDARD.decode(&record.sealed_code_verifier);
    Ok(LoginAttempt {
        state_hash: hash.to_owned(),
        browser_hash: record.browser_hash,
        flow: flow.ok_or_else(|| corrupt("login_attempts", &"its flow is unknown"))?,
        client_id: record.client_id,
        redirect_uri: record.redirect_uri,
        sealed_code_verifier: sealed.map_err(|error| corrupt("login_attempts", &error))?,
        scopes: record.scopes.split_whitespace().collect(),
        app_state: record.app_state,
        user_id: record.user_id,
        link_hash: record.link_hash,
        return_url: record.return_url,
        created_at: record.created_at,
        expires_at: record.expires_at,
        consumed_at,
    })
}

fn to_json(record: &impl Serialize) -> String {
    // Texts and numbers: there is nothing in it that JSON cannot say.
    serde_json::to_string(record).unwrap_or_default()
}

fn seconds(span: Duration) -> u64 {
    span.as_secs().max(1)
}

/// The kind of the failure only: what Redis says may hold what it was sent.
fn unavailable(error: RedisError) -> StoreError {
    StoreError::Sessions(format!("{:?}", error.kind()))
}

fn corrupt(table: &'static str, what: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt { table, row: "in Redis".to_owned(), what: what.to_string() }
}
