use std::time::Duration;

use connector_atlassian::{ApiError, App, TokenError, TokenGrant};
use connector_domain::failpoint::{Failpoint, reach};
use connector_domain::{AccessToken, Actor, ConnectionId, ConnectionStatus, RefreshToken, Timestamp};
use connector_store::{Durability, Grant, GrantLock, StoreError};

use tracing::Instrument as _;

use crate::{Connections, Timings, place};

/// An access token, and the generation of the grant that it belongs to.
#[derive(Debug, Clone)]
pub struct Token {
    pub access_token: AccessToken,
    pub generation: i64,
    pub expires_at: Timestamp,
}

/// Why there is no token, or no answer by means of one.
#[derive(Debug, thiserror::Error)]
pub enum TokenUnavailable {
    #[error("the connection needs to be made anew: {reason}")]
    NeedsReconnect { reason: String },
    #[error("the account is not connected")]
    Disconnected,
    #[error("there is no token right now: {what}")]
    Temporarily { what: String, retry_after: Option<Duration> },
    #[error("the app's settings are wrong: {reason}")]
    Misconfigured { reason: String },
    #[error("a sealed token cannot be opened")]
    Sealed(#[source] connector_vault::OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Connections {
    /// The one way to get a token: the stored one where it is good for some minutes more, else a new one.
    pub async fn token(&self, id: ConnectionId) -> Result<Token, TokenUnavailable> {
        let grant = self.usable_grant(id).await?;
        if self.now().plus(self.timings().margin) < grant.access_expires_at {
            return self.open(&grant);
        }
        self.refresh_after(id, grant.generation).await
    }

    /// A token newer than `seen`: for callers whose token was refused. Where somebody has refreshed meanwhile,
    /// nothing is exchanged.
    pub async fn refresh_after(&self, id: ConnectionId, seen: i64) -> Result<Token, TokenUnavailable> {
        let this = self.clone();
        // Detached: a caller that goes away must not lose Atlassian's answer.
        match tokio::spawn(async move { this.refresh(id, seen).await }.in_current_span()).await {
            Ok(result) => result,
            Err(error) => Err(TokenUnavailable::Temporarily {
                what: format!("the exchange did not come to its end ({error})"),
                retry_after: None,
            }),
        }
    }

    /// A new token, however good the stored one is.
    pub async fn refresh_now(&self, id: ConnectionId) -> Result<Token, TokenUnavailable> {
        let grant = self.usable_grant(id).await?;
        self.refresh_after(id, grant.generation).await
    }

    /// Calls Atlassian with a token, and once more with a newer one where it is refused.
    ///
    /// # Errors
    /// Besides the lack of a token, [`TokenUnavailable::Api`] with the call's own failure.
    pub async fn call<T, F>(
        &self,
        id: ConnectionId,
        call: impl Fn(AccessToken) -> F,
    ) -> Result<T, TokenUnavailable>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let token = self.token(id).await?;
        match call(token.access_token).await {
            Err(ApiError::TokenExpired) => {}
            // The gateway has answered 403 and 404 for expired tokens too.
            Err(ApiError::NotVisible { .. }) if self.now() >= token.expires_at => {}
            result => return Ok(result?),
        }
        let newer = self.refresh_after(id, token.generation).await?;
        Ok(call(newer.access_token).await?)
    }

    /// Refreshes what will end before `before`; says how many were refreshed. For the background.
    pub async fn refresh_expiring(&self, before: Timestamp, limit: u64) -> Result<usize, StoreError> {
        let mut refreshed = 0;
        for id in self.inner.store.list_expiring(before, limit).await? {
            let Some(grant) = self.inner.store.find_grant(id).await? else { continue };
            match self.refresh_after(id, grant.generation).await {
                Ok(_) => refreshed += 1,
                Err(error) => {
                    tracing::warn!(connection.id = %id, %error, "the token could not be refreshed ahead of time");
                }
            }
        }
        Ok(refreshed)
    }

    fn timings(&self) -> &Timings {
        &self.inner.settings.timings
    }

    async fn usable_grant(&self, id: ConnectionId) -> Result<Grant, TokenUnavailable> {
        let store = &self.inner.store;
        let connection = store.find_connection(id).await?.ok_or(TokenUnavailable::Disconnected)?;
        match connection.status {
            ConnectionStatus::Active => {}
            ConnectionStatus::Disconnected => return Err(TokenUnavailable::Disconnected),
            ConnectionStatus::NeedsReconnect => {
                let reason = connection.status_reason.unwrap_or_default();
                return Err(TokenUnavailable::NeedsReconnect { reason });
            }
        }
        store.find_grant(id).await?.ok_or(TokenUnavailable::Disconnected)
    }

    fn open(&self, grant: &Grant) -> Result<Token, TokenUnavailable> {
        let row = grant.connection_id.to_string();
        let opened = self
            .inner
            .keys
            .open_text(&place::access_token(&row, grant.generation), &grant.sealed_access_token)
            .map_err(TokenUnavailable::Sealed)?;
        Ok(Token {
            access_token: AccessToken::new(opened.expose()),
            generation: grant.generation,
            expires_at: grant.access_expires_at,
        })
    }

    async fn refresh(&self, id: ConnectionId, seen: i64) -> Result<Token, TokenUnavailable> {
        let deadline = self.now().plus(self.timings().busy_wait);
        loop {
            let grant = self.usable_grant(id).await?;
            if grant.generation > seen {
                return self.open(&grant);
            }
            if let Some(lock) = self.inner.store.lock_grant(id).await? {
                if lock.grant().generation > seen {
                    return self.open(lock.grant());
                }
                return self.exchange(lock).await;
            }
            // Another process exchanges this token: busy is not failed.
            if self.now() >= deadline {
                return Err(TokenUnavailable::Temporarily {
                    what: "another process is refreshing it".to_owned(),
                    retry_after: Some(Duration::from_secs(5)),
                });
            }
            self.inner.pause.wait(self.timings().busy_poll).await;
        }
    }

    async fn exchange(&self, lock: GrantLock) -> Result<Token, TokenUnavailable> {
        let inner = &*self.inner;
        let grant = lock.grant();
        let id = grant.connection_id;
        if let Some(refused_at) = grant.refused_at
            && inner.clock.now().since(refused_at) < self.timings().refusals_apart
        {
            return Err(self.refused_once(inner.clock.now().since(refused_at)));
        }
        reach(Failpoint::RefreshLocked).await;
        let (app, refresh_token) = self.refresh_request(grant).await?;
        let first_sent = lock.record_intent(inner.clock.now()).await?;
        let answer = self.send(app, &refresh_token, first_sent).await;
        match answer {
            Ok(mut answer) => {
                // Where Atlassian gives no new one, the old one stays good.
                answer.refresh_token.get_or_insert(refresh_token);
                let now = inner.clock.now();
                let next = lock.grant().generation + 1;
                let pair = self.seal_pair(id, next, &answer, now);
                reach(Failpoint::RefreshSealed).await;
                let expires_at = pair.access_expires_at;
                if !lock.commit(pair, now).await? {
                    return Err(TokenUnavailable::Disconnected);
                }
                reach(Failpoint::RefreshCommitted).await;
                tracing::info!(connection.id = %id, generation = next, "refreshed the token");
                Ok(Token { access_token: answer.access_token, generation: next, expires_at })
            }
            Err(TokenError::Refused { error, .. }) => self.refused(lock, &error).await,
            Err(TokenError::InvalidCode { .. } | TokenError::Misconfigured { .. }) => {
                let reason = "Atlassian refuses the app's client id or client secret".to_owned();
                tracing::error!(connection.id = %id, "{reason}: check ATLASSIAN_CLIENT_ID and ATLASSIAN_CLIENT_SECRET");
                Err(TokenUnavailable::Misconfigured { reason })
            }
            Err(TokenError::RateLimited { retry_after }) => Err(TokenUnavailable::Temporarily {
                what: "Atlassian asks for fewer token requests".to_owned(),
                retry_after,
            }),
            Err(TokenError::Unavailable { retry_after, .. }) => Err(TokenUnavailable::Temporarily {
                what: "Atlassian's token endpoint is not available".to_owned(),
                retry_after,
            }),
        }
    }

    async fn refresh_request(&self, grant: &Grant) -> Result<(&App, RefreshToken), TokenUnavailable> {
        let inner = &*self.inner;
        let id = grant.connection_id;
        let connection = inner.store.find_connection(id).await?.ok_or(TokenUnavailable::Disconnected)?;
        let app = inner.settings.app_of_client(&connection.client_id).ok_or_else(|| {
            TokenUnavailable::Misconfigured {
                reason: format!(
                    "the app `{}` of this connection is not configured any more",
                    connection.client_id
                ),
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

    /// Sends the token, and where the answer is lost the same token again, as long as its leeway lasts.
    async fn send(
        &self,
        app: &App,
        refresh_token: &RefreshToken,
        first_sent: Duration,
    ) -> Result<TokenGrant, TokenError> {
        let mut pauses = self.timings().pauses.into_iter();
        loop {
            reach(Failpoint::RefreshBeforeSend).await;
            let result = self.inner.atlassian.refresh(app, refresh_token).await;
            if result.is_ok() {
                reach(Failpoint::RefreshAnswerReceived).await;
            }
            let may_repeat =
                matches!(result, Err(TokenError::Unavailable { .. })) && first_sent < self.timings().leeway;
            match pauses.next() {
                Some(pause) if may_repeat => self.inner.pause.wait(pause).await,
                _ => return result,
            }
        }
    }

    /// Atlassian refuses the refresh token. The first time this is only noted: it has been seen to do so by mistake.
    async fn refused(&self, lock: GrantLock, error: &str) -> Result<Token, TokenUnavailable> {
        let (id, epoch) = (lock.grant().connection_id, lock.grant().epoch);
        let now = self.now();
        reach(Failpoint::RefreshRefused).await;
        let since_first = lock.record_refusal(now).await?;
        reach(Failpoint::RefreshRefusalStored).await;
        if since_first < self.timings().refusals_apart {
            tracing::warn!(connection.id = %id, error, "Atlassian refuses the refresh token; it will be asked again");
            return Err(self.refused_once(since_first));
        }
        let reason = "Atlassian has ended the grant: it was revoked, or not used for too long";
        let mut tx = self.inner.store.begin_write(Durability::Full).await?;
        let audit = self.audit(Actor::System).because(reason);
        let marked = tx.mark_needs_reconnect(id, epoch, &audit).await?;
        tx.commit().await?;
        reach(Failpoint::RefreshEnded).await;
        if !marked {
            return Err(TokenUnavailable::Temporarily {
                what: "the connection was made anew meanwhile".to_owned(),
                retry_after: None,
            });
        }
        tracing::warn!(connection.id = %id, error, "the connection needs to be made anew: {reason}");
        Err(TokenUnavailable::NeedsReconnect { reason: reason.to_owned() })
    }

    fn refused_once(&self, since_first: Duration) -> TokenUnavailable {
        TokenUnavailable::Temporarily {
            what: "Atlassian refuses the refresh token; it will be asked again to be sure".to_owned(),
            retry_after: Some(self.timings().refusals_apart.saturating_sub(since_first)),
        }
    }
}
