//! Refreshing ahead of time, in the background.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use connector_domain::{Actor, Connection, ConnectionId, ConnectionStatus, Timestamp};
use connector_store::{Engine, Grant, LeftIntent, StoreError};
use futures::StreamExt as _;

use crate::{Connections, Timings, Token, TokenUnavailable};

/// How many due grants are looked at in one go.
const BATCH: u64 = 50;
/// Late answers that are stored in place of an exchange, before a grant is left for the next look.
const LOOKS: usize = 3;
const LONG_ENDED: &str = "Atlassian ended the grant more than 30 days ago";

/// When tokens were last asked for in this process: the database knows it to within some minutes.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<HashMap<ConnectionId, Timestamp>>);

/// The end of a consent, which is a year after it whatever is refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsentEnd {
    pub expires_at: Timestamp,
    /// The same, once it is so near that the person should connect again.
    pub renew_by: Option<Timestamp>,
}

impl Connections {
    /// Notes that somebody asks for a token; in the database only now and then, and nobody waits for that.
    pub(crate) fn note_use(&self, grant: &Grant) {
        let (id, now) = (grant.connection_id, self.now());
        self.note_tokens_read(id);
        let last = self.inner.uses.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
        let known = last.max(grant.used_at);
        if known.is_some_and(|known| now.since(known) < self.timings().note_use_every) {
            return;
        }
        let ahead = self.next_attempt(Some(now), now, grant.access_expires_at);
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.inner.store.touch_grant(id, now, ahead).await {
                tracing::debug!(connection.id = %id, %error, "the use of a grant could not be noted");
            }
        });
    }

    pub(crate) fn last_use(&self, grant: &Grant) -> Option<Timestamp> {
        let uses = self.inner.uses.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.get(&grant.connection_id).copied().max(grant.used_at)
    }

    /// When the background is to exchange a token that was received `at` and ends at `expires_at`: some time ahead of
    /// its end, spread so that grants of one hour do not meet, and not before half its life. One that nobody uses only
    /// so often that Atlassian does not end it.
    pub(crate) fn next_attempt(
        &self,
        used_at: Option<Timestamp>,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Timestamp {
        let (timings, jitter) = (self.timings(), self.inner.pause.jitter());
        if used_at.is_none_or(|used_at| at.since(used_at) >= timings.idle_after) {
            return at.plus(timings.idle_refresh + timings.idle_jitter.mul_f64(jitter));
        }
        let ahead = expires_at.minus(timings.ahead + timings.ahead_jitter.mul_f64(jitter));
        ahead.max(at.plus(expires_at.since(at) / 2))
    }

    /// Refreshes what is due; says how many were refreshed. Few at once, so that people who wait find a free place.
    pub async fn refresh_due(&self) -> Result<usize, StoreError> {
        if self.check_custody().await.is_err() {
            return Ok(0);
        }
        let at_once = self.exchanges_at_once();
        let mut refreshed = 0;
        loop {
            let now = self.now();
            let due = self.inner.store.list_due(now, BATCH, &self.resting_apps().await?).await?;
            let all = due.len();
            let results =
                futures::stream::iter(due).map(|id| self.refresh_scheduled(id)).buffer_unordered(at_once);
            let done = results.filter(|done| std::future::ready(*done)).count().await;
            refreshed += done;
            // A batch of which nothing came is looked at again at the next look.
            if done == 0 || all < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(refreshed);
            }
        }
    }

    /// Asks again for the answers of exchanges that were begun and not ended: their process died or stands still, and
    /// another must ask before the leeway is over, whoever wants the token or not, and whatever else is due. Says how
    /// many were ended.
    pub async fn end_left_exchanges(&self) -> Result<usize, StoreError> {
        if self.check_custody().await.is_err() {
            return Ok(0);
        }
        let before = self.now().minus(self.timings().intent_hold_off);
        let store = &self.inner.store;
        let left = store.list_left_intents(before, BATCH, &self.resting_apps().await?).await?;
        let ended = futures::stream::iter(left)
            // Under way here: this process ends it by itself.
            .filter(|left| std::future::ready(!store.holds_grant(left.connection_id)))
            .map(|LeftIntent { connection_id: id, generation }| async move {
                match self.exchange_if(id, |grant| grant.generation == generation).await {
                    Ok(token) => token.is_some(),
                    Err(error) => {
                        tracing::warn!(connection.id = %id, %error, "an exchange that was interrupted is not at its end yet");
                        false
                    }
                }
            })
            .buffer_unordered(self.exchanges_at_once());
        Ok(ended.filter(|ended| std::future::ready(*ended)).count().await)
    }

    fn exchanges_at_once(&self) -> usize {
        match self.inner.store.engine() {
            Engine::Sqlite => 8,
            // One less than there are connections that hold locks.
            Engine::Postgres => 3,
        }
    }

    async fn refresh_scheduled(&self, id: ConnectionId) -> bool {
        let due = |grant: &Grant| grant.next_attempt_at.is_some_and(|at| at <= self.now());
        match self.exchange_if(id, due).await {
            Ok(token) => token.is_some(),
            Err(TokenUnavailable::Misconfigured { .. } | TokenUnavailable::NotAdopted { .. }) => false,
            Err(error) => {
                tracing::warn!(connection.id = %id, %error, "the token could not be refreshed ahead of time");
                false
            }
        }
    }

    /// Exchanges the token where nobody else does and `wanted` says so of the grant under its lock.
    pub(crate) async fn exchange_if(
        &self,
        id: ConnectionId,
        wanted: impl Fn(&Grant) -> bool,
    ) -> Result<Option<Token>, TokenUnavailable> {
        for _ in 0..LOOKS {
            let lock = self.inner.exchanging.lock_grant(id, self.timings().lock_idle).await?;
            let Some(lock) = lock.filter(|lock| wanted(lock.grant())) else { return Ok(None) };
            // Detached, as every exchange: a stop of the background must not lose an answer.
            let this = self.clone();
            let exchanged = self.inner.exchanges.spawn(async move { this.exchange(lock).await }).await;
            let exchanged = exchanged.unwrap_or_else(|error| {
                Err(TokenUnavailable::Temporarily { what: error.to_string(), retry_after: None })
            })?;
            if exchanged.is_some() {
                return Ok(exchanged);
            }
        }
        Ok(None)
    }

    /// Tells the log which consents end soon, by their age. To be called once a day.
    pub async fn warn_of_ends(&self) -> Result<(), StoreError> {
        let timings = self.timings();
        let before = self.now().minus(timings.consent_life.saturating_sub(timings.renew_ahead));
        for connection in self.inner.store.list_consented_before(before).await? {
            let Some(ConsentEnd { expires_at: ends_at, .. }) = self.consent_end(&connection) else {
                continue;
            };
            tracing::warn!(
                connection.id = %connection.id, %ends_at,
                "the consent ends soon: its person has to connect again before"
            );
        }
        Ok(())
    }

    /// Destroys the sealed pairs of connections that ended long ago; says how many.
    pub async fn destroy_ended_pairs(&self) -> Result<u64, StoreError> {
        let before = self.now().minus(self.timings().ended_kept);
        let destroyed = self
            .inner
            .store
            .destroy_ended_pairs(before, &self.audit(Actor::System).because(LONG_ENDED))
            .await?;
        // Each time: one that somebody was in the way of is made up for.
        self.clean_log().await;
        Ok(destroyed)
    }

    /// When Atlassian ends the consent of a connection; `None` where it has ended.
    pub fn consent_end(&self, connection: &Connection) -> Option<ConsentEnd> {
        self.timings().consent_end(connection, self.now())
    }
}

impl Timings {
    /// When Atlassian ends the consent of a connection; `None` where it has ended.
    pub fn consent_end(&self, connection: &Connection, now: Timestamp) -> Option<ConsentEnd> {
        if connection.status != ConnectionStatus::Active {
            return None;
        }
        let expires_at = connection.connected_at.plus(self.consent_life);
        let is_near = now >= expires_at.minus(self.renew_ahead);
        Some(ConsentEnd { expires_at, renew_by: is_near.then_some(expires_at) })
    }
}
