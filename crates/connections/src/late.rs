//! Answers that the database could not take when they came.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use connector_atlassian::{Pause, TokenGrant};
use connector_domain::failpoint::{Failpoint, reach, try_reach};
use connector_domain::{Actor, ConnectionId, Timestamp};
use connector_store::{Grant, GrantLock, SealedPair, Spare, StoreError};
use zeroize::Zeroizing;

use crate::spool_record::{RecordOf, SpoolRecord, TokensRecord};
use crate::{Connections, TokenUnavailable, place};

/// An answer to the exchange of one generation.
#[derive(Debug, Clone)]
pub(crate) struct Late {
    pub(crate) connection_id: ConnectionId,
    pub(crate) generation: i64,
    pub(crate) epoch: i64,
    pub(crate) attempt: u32,
    pub(crate) answer: TokenGrant,
    pub(crate) received_at: Timestamp,
}

impl Late {
    pub(crate) fn new(grant: &Grant, attempt: u32, answer: TokenGrant, received_at: Timestamp) -> Self {
        let Grant { connection_id, generation, epoch, .. } = *grant;
        Self { connection_id, generation, epoch, attempt, answer, received_at }
    }

    fn name(&self) -> String {
        format!("{}-{}-{}", self.connection_id, self.generation, self.attempt)
    }

    fn belongs_to(&self, grant: &Grant) -> bool {
        (self.connection_id, self.generation, self.epoch)
            == (grant.connection_id, grant.generation, grant.epoch)
    }

    /// Whether it answers the same token as the stored pair, and came after that was stored: a process that stood still
    /// while another took over has sent the token once more. Where Atlassian takes only the newest answer, it is this.
    fn is_newer_sibling_of(&self, grant: &Grant) -> bool {
        (self.connection_id, self.generation + 1, self.epoch)
            == (grant.connection_id, grant.generation, grant.epoch)
            && self.received_at >= grant.rotated_at
    }
}

/// Those of this process, which are stored before anything new is asked for.
#[derive(Debug, Default)]
pub(crate) struct LateAnswers(Mutex<HashMap<ConnectionId, Vec<Late>>>);

impl LateAnswers {
    pub(crate) fn newest_of(&self, grant: &Grant) -> Option<Late> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_grant = all.get(&grant.connection_id)?.iter().filter(|late| late.belongs_to(grant));
        of_grant.max_by_key(|late| late.attempt).cloned()
    }

    /// Waits until there are none.
    pub(crate) async fn emptied(&self, pause: &dyn Pause, every: Duration) {
        while !self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            pause.wait(every).await;
        }
    }

    fn insert(&self, late: Late) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_connection = all.entry(late.connection_id).or_default();
        if !of_connection.iter().any(|there| there.name() == late.name()) {
            of_connection.push(late);
        }
    }

    fn remove(&self, late: &Late) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_connection) = all.get_mut(&late.connection_id) {
            of_connection.retain(|there| there.name() != late.name());
            if of_connection.is_empty() {
                all.remove(&late.connection_id);
            }
        }
    }
}

impl Connections {
    /// The pair as it is to be stored in place of `grant`'s.
    pub(crate) fn sealed_pair(&self, grant: &Grant, late: &Late) -> SealedPair {
        let used_at = self.last_use(grant);
        let mut pair =
            self.seal_pair(grant.connection_id, grant.generation + 1, &late.answer, late.received_at);
        pair.next_attempt_at = self.next_attempt(used_at, late.received_at, pair.access_expires_at);
        pair.used_at = used_at;
        pair
    }

    /// The outcome of a commit. Where it fails, or takes long, the answer goes into the spool.
    pub(crate) async fn committed(
        &self,
        commit: impl Future<Output = Result<bool, StoreError>>,
        late: Late,
    ) -> Result<bool, TokenUnavailable> {
        tokio::pin!(commit);
        let soon = tokio::select! {
            result = &mut commit => Some(result),
            () = self.inner.pause.wait(self.timings().commit_wait) => None,
        };
        let error = match soon {
            Some(Ok(stored)) => return Ok(stored),
            Some(Err(error)) => {
                self.spool(&late).await;
                error
            }
            None => {
                // A database that does not answer: should this process end now, the answer must not.
                self.spool(&late).await;
                match commit.await {
                    Ok(stored) => {
                        self.unspool(&late).await;
                        return Ok(stored);
                    }
                    Err(error) => error,
                }
            }
        };
        let id = late.connection_id;
        tracing::error!(connection.id = %id, %error, "the database cannot take a new token; it is kept in the spool");
        // Just now the database has refused it.
        self.store_when_possible(late, self.timings().spool_retry_first);
        Err(error.into())
    }

    async fn spool(&self, late: &Late) {
        let Late { connection_id, generation, epoch, attempt, .. } = *late;
        let of = RecordOf::Refresh { connection_id, generation, epoch, attempt };
        let tokens = TokensRecord::new(&late.answer, late.received_at);
        self.put_record(late.name(), of, tokens).await;
    }

    /// Seals a record and has it on the disk. Where even that fails, it is still in memory.
    pub(crate) async fn put_record(&self, name: String, of: RecordOf, tokens: TokensRecord) -> bool {
        let inner = &*self.inner;
        let record = SpoolRecord { deployment: self.deployment_id(), of, tokens };
        let Ok(plain) = serde_json::to_vec(&record).map(Zeroizing::new) else { return false };
        let sealed = inner.keys.seal(&place::spooled(&name), &plain, &*inner.entropy);
        match inner.spool.put(name, sealed).await {
            Ok(()) => true,
            Err(error) => {
                let folder = inner.spool.folder().display();
                tracing::error!(%error, %folder, "an answer of Atlassian can be kept in memory only");
                false
            }
        }
    }

    async fn unspool(&self, late: &Late) {
        if let Err(error) = self.inner.spool.remove(late.name()).await {
            tracing::warn!(connection.id = %late.connection_id, %error, "a spooled answer that is stored stays");
        }
    }

    /// Tries until the answer is stored, or belongs to nothing any more, for the first time after `wait`.
    pub(crate) fn store_when_possible(&self, late: Late, wait: Duration) {
        self.inner.late.insert(late.clone());
        let this = self.clone();
        tokio::spawn(async move {
            let timings = this.timings();
            this.inner.pause.wait(wait).await;
            let mut pause = timings.spool_retry_first;
            while !this.try_to_store(&late).await {
                this.inner.pause.wait(pause).await;
                pause = (pause * 2).min(timings.spool_retry_longest).max(Duration::from_millis(1));
            }
        });
    }

    /// Whether there is nothing left to do.
    pub(crate) async fn try_to_store(&self, late: &Late) -> bool {
        let store = &self.inner.exchanging;
        let result = match store.lock_grant(late.connection_id, self.timings().lock_idle).await {
            Ok(Some(lock)) => self.store_late(lock, late).await.map(|()| true),
            // Held by another process, or disconnected.
            Ok(None) => match store.find_grant(late.connection_id).await {
                Ok(Some(_)) => Ok(false),
                Ok(None) => {
                    self.done_with(late).await;
                    Ok(true)
                }
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        result.unwrap_or_else(|error| {
            tracing::debug!(connection.id = %late.connection_id, %error, "a late answer cannot be stored yet");
            false
        })
    }

    /// Stores a late answer as what it is now: the next generation, a spare where a newer attempt has begun or ended
    /// before it came, or nothing where the grant has moved on.
    pub(crate) async fn store_late(&self, lock: GrantLock, late: &Late) -> Result<(), StoreError> {
        if late.belongs_to(lock.grant()) {
            let attempts = lock.intent().await?.map_or(0, |intent| intent.attempts);
            try_reach(Failpoint::SpoolBeforeCommit).await?;
            if attempts <= late.attempt {
                let pair = self.sealed_pair(lock.grant(), late);
                let generation = late.generation + 1;
                if lock.commit(pair, &self.audit(Actor::System)).await? {
                    tracing::info!(connection.id = %late.connection_id, generation, "stored a token that came late");
                }
            } else {
                lock.put_spare(self.seal_spare(late)).await?;
                tracing::info!(connection.id = %late.connection_id, "kept a token that came late beside the others");
            }
            reach(Failpoint::SpoolCommitted).await;
        } else if late.is_newer_sibling_of(lock.grant()) {
            lock.put_spare(self.seal_spare(late)).await?;
            tracing::info!(connection.id = %late.connection_id, "kept a token that came late beside the others");
        }
        self.done_with(late).await;
        Ok(())
    }

    async fn done_with(&self, late: &Late) {
        self.unspool(late).await;
        self.inner.late.remove(late);
    }

    fn seal_spare(&self, late: &Late) -> Spare {
        let inner = &*self.inner;
        let id = inner.entropy.uuid(late.received_at).to_string();
        let seal = |place: connector_vault::Place<'_>, text: &str| {
            inner.keys.seal(&place, text.as_bytes(), &*inner.entropy)
        };
        Spare {
            sealed_access_token: seal(place::spare_access_token(&id), late.answer.access_token.expose()),
            sealed_refresh_token: late
                .answer
                .refresh_token
                .as_ref()
                .map(|token| seal(place::spare_refresh_token(&id), token.expose())),
            received_at: late.received_at,
            id,
        }
    }
}
