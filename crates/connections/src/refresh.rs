//! The exchange of a refresh token, under the lock of its grant.

use std::time::Duration;

use connector_atlassian::{App, TokenError, TokenGrant};
use connector_domain::failpoint::{Failpoint, reach};
use connector_domain::{Actor, ConnectionId, RefreshToken, Timestamp};
use connector_store::{Engine, Grant, GrantLock, Intent};

use crate::late::Late;
use crate::tokens::usable_grant;
use crate::{Connections, Token, TokenUnavailable, place};

/// So many looks at a grant that another process exchanges come to one try to lock it: a lock costs a transaction, and
/// that its holder is done shows in the grant.
const LOOKS_A_TRY: u32 = 5;

/// A request to the token endpoint that is about to be made.
pub(crate) struct Request<'a> {
    pub(crate) app: &'a App,
    pub(crate) refresh_token: RefreshToken,
    /// Which late answer the token is from, where it is not the stored one.
    pub(crate) spare: Option<String>,
    pub(crate) intent: Intent,
}

/// What came back, and whether Atlassian may have seen the token at all.
type Asked = (Result<TokenGrant, TokenError>, bool);

impl Connections {
    /// For people who wait: where another process exchanges the token, its answer is waited for.
    pub(crate) async fn refresh(&self, id: ConnectionId, seen: i64) -> Result<Token, TokenUnavailable> {
        let deadline = self.now().plus(self.timings().busy_wait);
        let mut looks = 0_u32;
        loop {
            let grant = usable_grant(&self.inner.exchanging, id).await?;
            if grant.generation > seen {
                return self.open(&grant);
            }
            if looks.is_multiple_of(LOOKS_A_TRY)
                && let Some(lock) = self.inner.exchanging.lock_grant(id, self.timings().lock_idle).await?
            {
                if lock.grant().generation > seen {
                    return self.open(lock.grant());
                }
                looks = 0;
                match self.exchange(lock).await {
                    Ok(Some(token)) => return Ok(token),
                    Ok(None) => {}
                    // Busy is not failed.
                    Err(TokenUnavailable::Busy { retry_after, .. })
                        if self.now().plus(retry_after) < deadline =>
                    {
                        self.inner.pause.wait(retry_after).await;
                    }
                    Err(error) => return Err(error),
                }
                continue;
            }
            if self.now() >= deadline {
                return Err(TokenUnavailable::Busy {
                    what: "another process is refreshing it",
                    retry_after: Duration::from_secs(5),
                });
            }
            self.inner.pause.wait(self.timings().busy_poll).await;
            looks = looks.wrapping_add(1);
        }
    }

    /// `None` where the grant has to be looked at anew: an answer that came late was stored in place of an exchange.
    pub(crate) async fn exchange(&self, lock: GrantLock) -> Result<Option<Token>, TokenUnavailable> {
        reach(Failpoint::RefreshLocked).await;
        if let Some(late) = self.inner.late.newest_of(lock.grant()) {
            self.store_late(lock, &late).await?;
            return Ok(None);
        }
        match self.prepared(&lock).await {
            Ok(request) => self.send(lock, request).await,
            Err(error) => {
                if let Some((until, code)) = self.pause_after(&error, lock.grant()) {
                    self.postpone(lock, until, code).await;
                }
                Err(error)
            }
        }
    }

    /// Whether this token may be sent now, and the durable intent to do so.
    async fn prepared(&self, lock: &GrantLock) -> Result<Request<'_>, TokenUnavailable> {
        let (grant, now) = (lock.grant(), self.now());
        // At the same time: callers wait for each round trip.
        let (custody, request, intent) =
            futures::join!(self.check_custody(), self.refresh_request(grant), lock.intent());
        custody?;
        let (app, mut refresh_token) = request?;
        self.may_ask(&app.client_id).await?;
        let mut spare = None;
        if let Some(intent) = intent? {
            self.hold_off(&intent, now)?;
            let late = intent.age(now) >= self.timings().leeway;
            if late || grant.refused_at.is_some() {
                spare = self.newest_spare(lock).await?;
            }
            if late && spare.is_none() {
                self.settled(lock, &intent, now).await?;
            }
        }
        match &spare {
            Some((_, token)) => refresh_token = token.clone(),
            None => self.not_just_refused(grant, now)?,
        }
        let spare = spare.map(|(id, _)| id);
        let intent = lock.record_intent(&self.inner.replica, now).await?;
        Ok(Request { app, refresh_token, spare, intent })
    }

    /// A process that died may have sent its request just before; it is to land first.
    fn hold_off(&self, intent: &Intent, now: Timestamp) -> Result<(), TokenUnavailable> {
        let wait = self.timings().intent_hold_off;
        match &intent.sending {
            // On SQLite there is one process, so this one's attempts are known to be over.
            Some((since, replica))
                if self.inner.store.engine() == Engine::Postgres
                    && *replica != self.inner.replica
                    && now.since(*since) < wait =>
            {
                Err(TokenUnavailable::Busy {
                    what: "another process may have sent it",
                    retry_after: wait.saturating_sub(now.since(*since)),
                })
            }
            _ => Ok(()),
        }
    }

    /// The token was first sent so long ago that sending it again may end the grant. For some time nothing is sent, so
    /// that answers which lie in another process's spool can arrive.
    async fn settled(
        &self,
        lock: &GrantLock,
        intent: &Intent,
        now: Timestamp,
    ) -> Result<(), TokenUnavailable> {
        let waited = now.since(lock.note_late(intent, now).await?);
        match self.timings().settle.checked_sub(waited) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(retry_after) => Err(TokenUnavailable::Busy {
                what: "an answer may still be on its way from another process",
                retry_after,
            }),
        }
    }

    async fn refresh_request(&self, grant: &Grant) -> Result<(&App, RefreshToken), TokenUnavailable> {
        let inner = &*self.inner;
        let id = grant.connection_id;
        let held = inner.exchanging.find_held_grant(id).await?.ok_or(TokenUnavailable::Disconnected)?;
        let app = inner.settings.app_of_client(&held.client_id).ok_or_else(|| {
            inner.gates.close(&held.client_id, self.now().plus(self.timings().client_retry));
            TokenUnavailable::Misconfigured {
                reason: format!("the app `{}` of this connection is not configured any more", held.client_id),
            }
        })?;
        let sealed = grant.sealed_refresh_token.as_ref().ok_or_else(|| TokenUnavailable::NeedsReconnect {
            reason: "Atlassian gave no refresh token".to_owned(),
        })?;
        let opened = inner
            .keys
            .open_text(&place::refresh_token(&id.to_string(), grant.generation), sealed)
            .map_err(TokenUnavailable::Sealed)?;
        Ok((app, RefreshToken::new(opened.expose())))
    }

    async fn send(&self, lock: GrantLock, request: Request<'_>) -> Result<Option<Token>, TokenUnavailable> {
        let (answer, seen) = self.ask(&lock, &request).await?;
        match answer {
            Ok(answer) => {
                self.inner.gates.open(&request.app.client_id);
                self.keep(lock, answer, request).await.map(Some)
            }
            Err(TokenError::Refused { error, .. }) => self.refused(lock, &request, &error).await,
            Err(error) => Err(self.failed(lock, &request, seen, error).await),
        }
    }

    /// Sends the token, and where the answer is lost the same token again, as long as its leeway lasts.
    async fn ask(&self, lock: &GrantLock, request: &Request<'_>) -> Result<Asked, TokenUnavailable> {
        let mut seen = false;
        let mut pauses = self.timings().pauses.into_iter();
        loop {
            // The last thing before the request: who has lost the lock must not send.
            lock.ping().await?;
            let result = self.inner.atlassian.refresh(request.app, &request.refresh_token).await;
            if result.is_ok() {
                reach(Failpoint::RefreshAnswerReceived).await;
            }
            seen |= !matches!(
                result,
                Err(TokenError::RateLimited { .. } | TokenError::Unavailable { answer_lost: false, .. })
            );
            let in_leeway = request.intent.age(self.now()) < self.timings().leeway;
            // A stop waits for one answer, not for several: the next process asks for it again.
            let may_repeat = in_leeway
                && !self.inner.exchanges.is_closed()
                && matches!(result, Err(TokenError::Unavailable { .. }));
            match pauses.next() {
                Some(pause) if may_repeat => self.inner.pause.wait(pause).await,
                _ => return Ok((result, seen)),
            }
        }
    }

    /// Stores the answer, in the database or, where that cannot take it, in the spool.
    pub(crate) async fn keep(
        &self,
        lock: GrantLock,
        mut answer: TokenGrant,
        request: Request<'_>,
    ) -> Result<Token, TokenUnavailable> {
        // Where Atlassian gives no new one, the old one stays good.
        answer.refresh_token.get_or_insert(request.refresh_token);
        let (grant, now) = (lock.grant(), self.now());
        let late = Late::new(grant, request.intent.attempts, answer, now);
        let pair = self.sealed_pair(grant, &late);
        let (id, generation) = (grant.connection_id, grant.generation + 1);
        reach(Failpoint::RefreshSealed).await;
        let token = Token {
            access_token: late.answer.access_token.clone(),
            generation,
            expires_at: pair.access_expires_at,
        };
        let audit = self.audit(Actor::System);
        if self.committed(lock.commit(pair, &audit), late).await? {
            reach(Failpoint::RefreshCommitted).await;
            tracing::info!(connection.id = %id, generation, "refreshed the token");
            return Ok(token);
        }
        // Disconnected, or consented to anew: the answer belongs to nothing any more.
        self.open(&self.usable_grant(id).await?)
    }
}
