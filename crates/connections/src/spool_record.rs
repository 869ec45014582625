//! What a file of the spool holds, once it is opened.

use std::time::Duration;

use connector_atlassian::TokenGrant;
use connector_domain::{AccessToken, ConnectionId, RefreshToken, Secret, Timestamp, UserId};
use serde::{Deserialize, Serialize, Serializer};

/// An answer of the token endpoint, and what it is an answer to.
#[derive(Serialize, Deserialize)]
pub(crate) struct SpoolRecord {
    /// Files of other deployments may lie in the same folder.
    pub(crate) deployment: String,
    #[serde(flatten)]
    pub(crate) of: RecordOf,
    #[serde(flatten)]
    pub(crate) tokens: TokensRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub(crate) enum RecordOf {
    Refresh { connection_id: ConnectionId, generation: i64, epoch: i64, attempt: u32 },
    Login(LoginRecord),
}

/// A consent of which it is not known yet whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LoginRecord {
    pub(crate) client_id: String,
    pub(crate) flow: String,
    /// What was asked for, where the answer does not say what was granted. The record is one flat object, in which
    /// the answer has its own `scopes`.
    #[serde(rename = "asked_scopes")]
    pub(crate) scopes: String,
    /// Who was signed in.
    pub(crate) signed_in: Option<UserId>,
    /// For whom the link was by which it began: the consent becomes this person's or nobody's.
    #[serde(default)]
    pub(crate) for_user: Option<UserId>,
    /// When Atlassian answered the code; files of older versions do not tell.
    #[serde(default)]
    pub(crate) consented_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct TokensRecord {
    #[serde(serialize_with = "exposed")]
    access_token: Secret,
    #[serde(serialize_with = "exposed_if_any")]
    refresh_token: Option<Secret>,
    expires_in_ms: Option<u64>,
    scopes: Option<String>,
    received_at: Timestamp,
}

impl TokensRecord {
    pub(crate) fn new(answer: &TokenGrant, received_at: Timestamp) -> Self {
        let millis = |life: Duration| u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
        Self {
            access_token: Secret::new(answer.access_token.expose()),
            refresh_token: answer.refresh_token.as_ref().map(|token| Secret::new(token.expose())),
            expires_in_ms: answer.expires_in.map(millis),
            scopes: answer.scopes.as_ref().map(ToString::to_string),
            received_at,
        }
    }

    pub(crate) fn answer(&self) -> (TokenGrant, Timestamp) {
        let answer = TokenGrant {
            access_token: AccessToken::new(self.access_token.expose()),
            refresh_token: self.refresh_token.as_ref().map(|token| RefreshToken::new(token.expose())),
            expires_in: self.expires_in_ms.map(Duration::from_millis),
            scopes: self.scopes.as_ref().map(|scopes| scopes.split_whitespace().collect()),
        };
        (answer, self.received_at)
    }
}

/// The one place where a secret is written down: what comes of it is sealed before it leaves the memory.
fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn exposed_if_any<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => exposed(secret, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use connector_domain::Timestamp;

    use super::*;

    #[test]
    fn the_answer_to_a_consent_can_be_read_again() {
        let answer = TokenGrant {
            access_token: AccessToken::new("access"),
            refresh_token: Some(RefreshToken::new("refresh")),
            expires_in: Some(Duration::from_hours(1)),
            scopes: Some(["read:me"].into_iter().collect()),
        };
        let login = LoginRecord {
            client_id: "client".to_owned(),
            flow: "atlassian".to_owned(),
            scopes: "read:me offline_access".to_owned(),
            signed_in: None,
            for_user: None,
            consented_at: Some(Timestamp::from_millis(7)),
        };
        let record = SpoolRecord {
            deployment: "here".to_owned(),
            of: RecordOf::Login(login),
            tokens: TokensRecord::new(&answer, Timestamp::from_millis(7)),
        };
        let read: SpoolRecord = serde_json::from_slice(&serde_json::to_vec(&record).unwrap()).unwrap();
        let RecordOf::Login(login) = read.of else { panic!("a consent became something else") };
        assert_eq!(login.scopes, "read:me offline_access");
        let (answer, received_at) = read.tokens.answer();
        assert_eq!(answer.scopes.unwrap().to_string(), "read:me");
        assert_eq!(received_at, Timestamp::from_millis(7));
    }
}
