//! Whether an app may ask for tokens at all right now.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use connector_domain::Timestamp;
use connector_store::StoreError;

use crate::{Connections, TokenUnavailable};

const REFUSED: &str = "Atlassian refuses the app's client id or client secret";

/// The apps that Atlassian does not accept, with the time of the next try, as this process knows them: another one may
/// have other settings.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<HashMap<String, Timestamp>>);

impl Gates {
    /// Nothing is asked for until then, and one request after. Answers whether the gate was open.
    pub(crate) fn close(&self, client_id: &str, until: Timestamp) -> bool {
        self.all().insert(client_id.to_owned(), until).is_none()
    }

    pub(crate) fn open(&self, client_id: &str) {
        if self.all().remove(client_id).is_some() {
            tracing::info!(client_id, "Atlassian accepts the app again");
        }
    }

    pub(crate) fn closed_until(&self, client_id: &str) -> Option<Timestamp> {
        self.all().get(client_id).copied()
    }

    /// The apps that are not to be asked for now.
    pub(crate) fn closed(&self, now: Timestamp) -> Vec<String> {
        let all = self.all();
        all.iter().filter(|(_, until)| now < **until).map(|(client_id, _)| client_id.clone()).collect()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<String, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    /// Whether a token may be asked for: Atlassian accepts the app, and has not asked for fewer requests.
    pub(crate) async fn may_ask(&self, client_id: &str) -> Result<(), TokenUnavailable> {
        let now = self.now();
        if self.inner.gates.closed_until(client_id).is_some_and(|until| now < until) {
            return Err(TokenUnavailable::Misconfigured { reason: REFUSED.to_owned() });
        }
        match self.inner.exchanging.token_pause(client_id).await? {
            Some(until) if now < until => Err(TokenUnavailable::Paused { retry_after: until.since(now) }),
            _ => Ok(()),
        }
    }

    /// Atlassian does not accept the app. One line in the log for all its grants.
    pub(crate) fn client_refused(&self, client_id: &str, now: Timestamp) -> TokenUnavailable {
        if self.inner.gates.close(client_id, now.plus(self.timings().client_retry)) {
            tracing::error!(
                client_id,
                "{REFUSED}: check ATLASSIAN_CLIENT_ID and ATLASSIAN_CLIENT_SECRET; connections stay as they are"
            );
        }
        TokenUnavailable::Misconfigured { reason: REFUSED.to_owned() }
    }

    /// The apps whose grants are to be left alone now, all of them.
    pub(crate) async fn resting_apps(&self) -> Result<Vec<String>, StoreError> {
        let now = self.now();
        let mut apps = self.inner.gates.closed(now);
        apps.extend(self.inner.store.list_paused_apps(now).await?);
        Ok(apps)
    }

    /// Atlassian asks for fewer requests: no process asks for tokens of this app until then.
    pub(crate) async fn pause_client(&self, client_id: &str, until: Timestamp) {
        tracing::warn!(client_id, %until, "Atlassian asks for fewer token requests");
        if let Err(error) = self.inner.exchanging.pause_tokens(client_id, until).await {
            tracing::warn!(%error, "other processes could not be told to ask for fewer tokens");
        }
    }
}
