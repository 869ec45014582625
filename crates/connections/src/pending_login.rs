//! Consents whose connection cannot be stored yet, because the database or Atlassian's other services do not answer. The
//! code is used up, so their tokens are kept in the spool until it is known whose they are.

use connector_atlassian::{TokenError, TokenGrant};
use connector_domain::failpoint::{Failpoint, reach};
use connector_domain::{ConnectionId, Timestamp, User};

use crate::consent::DEFAULT_LIFE;
use crate::spool_record::{LoginRecord, RecordOf, TokensRecord};
use crate::{Connections, LoginError};

/// How a consent that waits goes on.
enum Progress {
    Done,
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
        login: LoginRecord,
        mut answer: TokenGrant,
        mut received_at: Timestamp,
    ) {
        let this = self.clone();
        tokio::spawn(async move {
            let timings = this.timings();
            let mut pause = timings.retry_first;
            let mut refused_at = None;
            loop {
                this.inner.pause.wait(pause).await;
                pause = (pause * 2).min(timings.retry_longest);
                match this.go_on(&name, &login, answer, received_at, &mut refused_at).await {
                    Progress::Done => return this.unspool_login(&name).await,
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
                        tracing::warn!("a consent has ended before it could be stored");
                        return Progress::Done;
                    }
                    return Progress::Waits(answer, received_at);
                }
                Err(_) => return Progress::Waits(answer, received_at),
            }
        }
        match self.connect(login, &answer, received_at).await {
            Ok(_) => Progress::Done,
            Err(error) if error.may_pass() => Progress::Waits(answer, received_at),
            Err(error) => {
                tracing::warn!(%error, "a consent that waited cannot become a connection");
                Progress::Done
            }
        }
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
