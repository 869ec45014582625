//! The one way to get a token.

use std::sync::PoisonError;

use connector_atlassian::ApiError;
use connector_domain::{AccessToken, ConnectionId, ConnectionStatus, Timestamp};
use connector_store::{Grant, Store};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tracing::Instrument as _;

use crate::{Connections, Timings, TokenUnavailable, place};

/// An access token, and the generation of the grant that it belongs to.
#[derive(Debug, Clone)]
pub struct Token {
    pub access_token: AccessToken,
    pub generation: i64,
    pub expires_at: Timestamp,
}

/// An exchange that all callers of this process wait for together, and the generation that it is to replace.
pub(crate) type Flight = (i64, Shared<BoxFuture<'static, Result<Token, TokenUnavailable>>>);

impl Connections {
    /// The stored token where it is good for some minutes more, else a new one. Where there is none right now, the
    /// stored one as long as it lasts.
    pub async fn token(&self, id: ConnectionId) -> Result<Token, TokenUnavailable> {
        let grant = self.usable_grant(id).await?;
        self.note_use(&grant);
        if self.now().plus(self.timings().margin) < grant.access_expires_at {
            return self.open(&grant);
        }
        match self.refresh_after(id, grant.generation).await {
            Err(error) if error.may_pass() && self.now() < grant.access_expires_at => self.open(&grant),
            result => result,
        }
    }

    /// A token in place of one of the generation `seen` that Atlassian does not take any more: the stored one where
    /// somebody has refreshed meanwhile, else a new one. Ten minutes after an exchange Atlassian ends the older access
    /// token, so that this is an everyday matter and triggers nothing.
    async fn newer_than(&self, id: ConnectionId, seen: i64) -> Result<Token, TokenUnavailable> {
        let grant = self.usable_grant(id).await?;
        if grant.generation > seen && self.now() < grant.access_expires_at {
            return self.open(&grant);
        }
        self.refresh_after(id, grant.generation).await
    }

    /// A token newer than `seen`. Where somebody has refreshed meanwhile, nothing is exchanged.
    async fn refresh_after(&self, id: ConnectionId, seen: i64) -> Result<Token, TokenUnavailable> {
        let flight = {
            let mut flights = self.inner.flights.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(&id) {
                Some((of, flight)) if *of >= seen => flight.clone(),
                _ => {
                    let flight = self.take_off(id, seen);
                    flights.insert(id, (seen, flight.clone()));
                    flight
                }
            }
        };
        flight.await
    }

    /// In a task of its own: a caller that goes away must not lose Atlassian's answer.
    fn take_off(
        &self,
        id: ConnectionId,
        seen: i64,
    ) -> Shared<BoxFuture<'static, Result<Token, TokenUnavailable>>> {
        let this = self.clone();
        let task = async move {
            let result = this.refresh(id, seen).await;
            let mut flights = this.inner.flights.lock().unwrap_or_else(PoisonError::into_inner);
            if flights.get(&id).is_some_and(|(of, _)| *of == seen) {
                flights.remove(&id);
            }
            result
        };
        let (this, task) = (self.clone(), self.inner.exchanges.spawn(task.in_current_span()));
        let landed = async move {
            task.await.unwrap_or_else(|error| {
                this.inner.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                Err(TokenUnavailable::Temporarily {
                    what: format!("the exchange did not come to its end ({error})"),
                    retry_after: None,
                })
            })
        };
        landed.boxed().shared()
    }

    /// A new token, however good the stored one is.
    pub async fn refresh_now(&self, id: ConnectionId) -> Result<Token, TokenUnavailable> {
        let grant = self.usable_grant(id).await?;
        self.note_use(&grant);
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
        self.call_with(id, token, call).await
    }

    /// The same with a token that was asked for a moment ago.
    pub async fn call_with<T, F>(
        &self,
        id: ConnectionId,
        token: Token,
        call: impl Fn(AccessToken) -> F,
    ) -> Result<T, TokenUnavailable>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        match call(token.access_token).await {
            Err(ApiError::TokenExpired) => {}
            // The gateway has answered 403 and 404 for expired tokens too.
            Err(ApiError::NotVisible { .. }) if self.now() >= token.expires_at => {}
            result => return Ok(result?),
        }
        let newer = self.newer_than(id, token.generation).await?;
        Ok(call(newer.access_token).await?)
    }

    pub(crate) fn timings(&self) -> &Timings {
        &self.inner.settings.timings
    }

    pub(crate) async fn usable_grant(&self, id: ConnectionId) -> Result<Grant, TokenUnavailable> {
        usable_grant(&self.inner.store, id).await
    }

    pub(crate) fn open(&self, grant: &Grant) -> Result<Token, TokenUnavailable> {
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
}

pub(crate) async fn usable_grant(store: &Store, id: ConnectionId) -> Result<Grant, TokenUnavailable> {
    let held = store.find_held_grant(id).await?.ok_or(TokenUnavailable::Disconnected)?;
    match held.status {
        ConnectionStatus::Active => held.grant.ok_or(TokenUnavailable::Disconnected),
        ConnectionStatus::Disconnected => Err(TokenUnavailable::Disconnected),
        ConnectionStatus::NeedsReconnect => {
            Err(TokenUnavailable::NeedsReconnect { reason: held.status_reason.unwrap_or_default() })
        }
    }
}
