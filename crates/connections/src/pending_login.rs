//! Consents whose connection cannot be stored yet, because the database or Atlassian's other services do not answer. The
//! code is used up, so their tokens are kept in the spool until it is known whose they are.

use std::time::Duration;

use connector_atlassian::{TokenError, TokenGrant};
use connector_domain::failpoint::{Failpoint, reach};
use connector_domain::{Actor, AuditEvent, ConnectionId, Timestamp, User};
use connector_store::StoreError;

use crate::consent::DEFAULT_LIFE;
use crate::spool_record::{LoginRecord, RecordOf, TokensRecord};
use crate::{Connections, LoginError};

/// That a person was deleted is known for so much longer than a consent may wait: processes have clocks of their own.
const ERASED_MARGIN: Duration = Duration::from_hours(24);

/// How a consent that waits goes on.
enum Progress {
    Done,
    /// It cannot become a connection: the name of the reason.
    Dropped(&'static str),
    /// With the pair that it has by now.
    Waits(TokenGrant, Timestamp),
}

impl Connections {
    /// Stores the connection of a consent whose tokens have just come.
    pub(crate) async fn establish(
        &self,
        name: String,
        login: LoginRecord,
        answer: TokenGrant,
        received_at: Timestamp,
    ) -> Result<(User, ConnectionId), LoginError> {
        // A code cannot be exchanged again: whatever happens next must find its answer.
        self.spool_login(&name, &login, &answer, received_at).await;
        reach(Failpoint::ExchangeSpooled).await;
        let result = self.connect(&login, &answer, received_at).await;
        match result {
            Err(error) if error.may_pass() => {
                tracing::warn!(%error, "a consent waits in the spool");
                self.finish_when_possible(name, login, answer, received_at);
                Err(LoginError::Pending(Box::new(error)))
            }
            result => {
                self.unspool_login(&name).await;
                result
            }
        }
    }

    /// Tries until the consent is a connection, or cannot become one.
    pub(crate) fn finish_when_possible(
        &self,
        name: String,
        mut login: LoginRecord,
        mut answer: TokenGrant,
        mut received_at: Timestamp,
    ) {
        // Later the answer may be a newer one, and the consent is as old as it is.
        let consented_at = *login.consented_at.get_or_insert(received_at);
        let this = self.clone();
        tokio::spawn(async move {
            let timings = this.timings();
            let mut pause = timings.retry_first;
            let mut refused_at = None;
            loop {
                this.inner.pause.wait(pause).await;
                pause = (pause * 2).min(timings.retry_longest);
                if this.now().since(consented_at) >= timings.consent_kept {
                    return this.drop_consent(&name, "waited_too_long").await;
                }
                match this.go_on(&name, &login, answer, received_at, &mut refused_at).await {
                    Progress::Done => return this.unspool_login(&name).await,
                    Progress::Dropped(why) => return this.drop_consent(&name, why).await,
                    Progress::Waits(by_now, at) => (answer, received_at) = (by_now, at),
                }
            }
        });
    }

    async fn go_on(
        &self,
        name: &str,
        login: &LoginRecord,
        mut answer: TokenGrant,
        mut received_at: Timestamp,
        refused_at: &mut Option<Timestamp>,
    ) -> Progress {
        let life = answer.expires_in.unwrap_or(DEFAULT_LIFE);
        if self.now() >= received_at.plus(life) {
            match self.renew(login, &answer).await {
                Ok(newer) => {
                    (answer, received_at) = (newer, self.now());
                    self.spool_login(name, login, &answer, received_at).await;
                }
                Err(TokenError::Refused { .. }) => {
                    let first = *refused_at.get_or_insert(self.now());
                    if self.now().since(first) >= self.timings().refusals_apart {
                        return Progress::Dropped("ended");
                    }
                    return Progress::Waits(answer, received_at);
                }
                Err(_) => return Progress::Waits(answer, received_at),
            }
        }
        match self.connect(login, &answer, received_at).await {
            Ok(_) => Progress::Done,
            Err(error) if error.may_pass() => Progress::Waits(answer, received_at),
            Err(error) => Progress::Dropped(error.name()),
        }
    }

    /// Forgets the accounts of people who were deleted so long ago that no consent from before can still wait; says
    /// how many rows went.
    pub async fn forget_erased(&self) -> Result<u64, StoreError> {
        let longest = self.timings().consent_kept + ERASED_MARGIN;
        self.inner.store.delete_erased_accounts(self.now().minus(longest)).await
    }

    /// Destroys the tokens of a consent that cannot become a connection any more, and says so in the trail.
    async fn drop_consent(&self, name: &str, why: &'static str) {
        tracing::warn!(why, "a consent that waited cannot become a connection");
        self.note(Actor::System, AuditEvent::ConsentDropped { why }, None).await;
        self.unspool_login(name).await;
    }

    async fn renew(&self, login: &LoginRecord, answer: &TokenGrant) -> Result<TokenGrant, TokenError> {
        let misconfigured = || TokenError::Misconfigured { reason: "the app is not configured".to_owned() };
        let app = self.inner.settings.app_of_client(&login.client_id).ok_or_else(misconfigured)?;
        if self.may_ask(&login.client_id).await.is_err() || self.check_custody().await.is_err() {
            return Err(TokenError::RateLimited { retry_after: None });
        }
        let Some(token) = &answer.refresh_token else { return Err(misconfigured()) };
        let mut newer = self.inner.atlassian.refresh(app, token).await?;
        newer.refresh_token.get_or_insert_with(|| token.clone());
        Ok(newer)
    }

    async fn spool_login(
        &self,
        name: &str,
        login: &LoginRecord,
        answer: &TokenGrant,
        received_at: Timestamp,
    ) {
        let tokens = TokensRecord::new(answer, received_at);
        self.put_record(name.to_owned(), RecordOf::Login(login.clone()), tokens).await;
    }

    async fn unspool_login(&self, name: &str) {
        if let Err(error) = self.inner.spool.remove(name.to_owned()).await {
            tracing::warn!(%error, "a spooled consent that is done with stays");
        }
    }
}
