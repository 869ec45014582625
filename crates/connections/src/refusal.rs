//! What an exchange that brought no tokens means.

use std::time::Duration;

use connector_atlassian::TokenError;
use connector_domain::failpoint::{Failpoint, reach};
use connector_domain::{Actor, RefreshToken, Timestamp};
use connector_store::{Grant, GrantLock};

use crate::refresh::Request;
use crate::{Connections, Token, TokenUnavailable, place};

/// A longer pause than this is a mistake of the answer.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
const ENDED: &str = "Atlassian has ended the grant: it was revoked, or not used for too long";

impl Connections {
    /// The newest answer that came late: its id and its refresh token.
    pub(crate) async fn newest_spare(
        &self,
        lock: &GrantLock,
    ) -> Result<Option<(String, RefreshToken)>, TokenUnavailable> {
        for spare in lock.spares().await? {
            let Some(sealed) = &spare.sealed_refresh_token else { continue };
            match self.inner.keys.open_text(&place::spare_refresh_token(&spare.id), sealed) {
                Ok(opened) => {
                    reach(Failpoint::RefreshSpareTaken).await;
                    return Ok(Some((spare.id, RefreshToken::new(opened.expose()))));
                }
                Err(error) => tracing::error!(%error, "a late answer cannot be opened"),
            }
        }
        Ok(None)
    }

    pub(crate) fn not_just_refused(&self, grant: &Grant, now: Timestamp) -> Result<(), TokenUnavailable> {
        match grant.refused_at {
            Some(at) if grant.ended_at.is_none() && now.since(at) < self.timings().refusals_apart => {
                Err(self.refused_once(now.since(at)))
            }
            _ => Ok(()),
        }
    }

    /// Atlassian refuses the refresh token. Answers that came late are tried next; the first refusal is only noted,
    /// because Atlassian has been seen to refuse by mistake.
    pub(crate) async fn refused(
        &self,
        lock: GrantLock,
        request: &Request<'_>,
        error: &str,
    ) -> Result<Option<Token>, TokenUnavailable> {
        if let Some(spare) = &request.spare {
            lock.drop_spare(spare.clone()).await?;
            return Ok(None);
        }
        reach(Failpoint::RefreshRefused).await;
        let (now, apart) = (self.now(), self.timings().refusals_apart);
        let grant = lock.grant();
        let id = grant.connection_id;
        let first = grant.refused_at.unwrap_or(now);
        if now.since(first) < apart {
            let again_at = first.plus(apart.mul_f64(1.0 + self.inner.pause.jitter()));
            let spares = !lock.spares().await?.is_empty();
            lock.record_refusal(now, again_at).await?;
            reach(Failpoint::RefreshRefusalStored).await;
            tracing::warn!(connection.id = %id, error, "Atlassian refuses the refresh token; it will be asked again");
            return if spares { Ok(None) } else { Err(self.refused_once(now.since(first))) };
        }
        let first_time = grant.ended_at.is_none();
        let ended_at = grant.ended_at.unwrap_or(now);
        let timings = self.timings();
        let again_at = now.plus(timings.ended_retry);
        let again_at = (again_at.since(ended_at) <= timings.ended_retries_for).then_some(again_at);
        let marked = lock.end(again_at, &self.audit(Actor::System).because(ENDED)).await?;
        reach(Failpoint::RefreshEnded).await;
        if !marked {
            return Err(TokenUnavailable::Temporarily {
                what: "the connection was made anew meanwhile".to_owned(),
                retry_after: None,
            });
        }
        if first_time {
            tracing::warn!(connection.id = %id, error, "the connection needs to be made anew: {ENDED}");
        }
        Err(TokenUnavailable::NeedsReconnect { reason: ENDED.to_owned() })
    }

    pub(crate) fn refused_once(&self, since_first: Duration) -> TokenUnavailable {
        TokenUnavailable::Temporarily {
            what: "Atlassian refuses the refresh token; it will be asked again to be sure".to_owned(),
            retry_after: Some(self.timings().refusals_apart.saturating_sub(since_first)),
        }
    }

    /// Nothing that says anything about the grant. `seen`: whether Atlassian may have processed the token.
    pub(crate) async fn failed(
        &self,
        lock: GrantLock,
        request: &Request<'_>,
        seen: bool,
        error: TokenError,
    ) -> TokenUnavailable {
        let (now, client_id) = (self.now(), request.app.client_id.as_str());
        // Only what was sent begins the leeway.
        if !seen
            && request.intent.attempts == 1
            && let Err(error) = lock.forget_intent().await
        {
            tracing::warn!(%error, "an intent that came to nothing stays");
        }
        let error = match error {
            TokenError::RateLimited { retry_after } => {
                let after = retry_after.unwrap_or(self.timings().client_retry).min(LONGEST_PAUSE);
                self.pause_client(client_id, now.plus(after)).await;
                // The grants that have not asked need no such note: the whole app rests.
                self.postpone(lock, now.plus(after), "wait").await;
                return TokenUnavailable::Paused { retry_after: after };
            }
            TokenError::Unavailable { retry_after, .. } => TokenUnavailable::Temporarily {
                what: "Atlassian's token endpoint is not available".to_owned(),
                retry_after,
            },
            TokenError::Misconfigured { .. }
            | TokenError::InvalidCode { .. }
            | TokenError::Refused { .. } => self.client_refused(client_id, now),
        };
        if let Some((until, code)) = self.pause_after(&error, lock.grant()) {
            self.postpone(lock, until, code).await;
        }
        error
    }

    /// When the background is to try again after a failure, and the failure's code.
    pub(crate) fn pause_after(
        &self,
        error: &TokenUnavailable,
        grant: &Grant,
    ) -> Option<(Timestamp, &'static str)> {
        let (now, timings) = (self.now(), self.timings());
        let doubled = timings.retry_first.saturating_mul(2_u32.saturating_pow(grant.failures.min(16)));
        let backed_off = doubled.min(timings.retry_longest);
        match error {
            TokenUnavailable::Temporarily { retry_after: Some(after), .. }
            | TokenUnavailable::Busy { retry_after: after, .. } => {
                Some((now.plus((*after).min(timings.retry_longest.max(timings.refusals_apart))), "wait"))
            }
            // An answer may be lost that can still be asked for.
            TokenUnavailable::Temporarily { .. } => {
                Some((now.plus(backed_off.min(timings.retry_in_leeway)), "unavailable"))
            }
            // The whole app waits, and its grants are due the moment it may go on.
            TokenUnavailable::Paused { .. }
            | TokenUnavailable::Misconfigured { .. }
            | TokenUnavailable::NotAdopted { .. } => None,
            TokenUnavailable::Sealed(_) => Some((now.plus(timings.ended_retry), "sealed")),
            TokenUnavailable::Store(_) | TokenUnavailable::Api(_) => Some((now.plus(backed_off), "store")),
            TokenUnavailable::NeedsReconnect { .. } | TokenUnavailable::Disconnected => {
                Some((now.plus(timings.ended_retry), "ended"))
            }
        }
    }

    pub(crate) async fn postpone(&self, lock: GrantLock, until: Timestamp, code: &'static str) {
        let id = lock.grant().connection_id;
        if let Err(error) = lock.postpone(until, code).await {
            tracing::warn!(connection.id = %id, %error, "the time of the next attempt could not be stored");
        }
    }
}
