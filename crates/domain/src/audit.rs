use std::collections::BTreeMap;

use serde::Serialize;

use crate::{AuditId, CloudId, ConnectLinkId, ConnectionId, Entropy, Scopes, Timestamp, UserId};

/// Who changed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person at a browser; `None` where nobody is signed in, as in public mode.
    Person(Option<UserId>),
    /// A program with an API key: the key's id.
    Server(String),
    /// The service by itself: a sync, a refresh, a job.
    System,
    /// Somebody at the command line.
    Operator,
}

impl Actor {
    /// What kind of actor: `person`, `server`, `system` or `operator`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Server(_) => "server",
            Self::System => "system",
            Self::Operator => "operator",
        }
    }

    /// Which one, where there are several.
    pub fn id(&self) -> Option<String> {
        match self {
            Self::Person(id) => id.map(|id| id.to_string()),
            Self::Server(id) => Some(id.clone()),
            Self::System | Self::Operator => None,
        }
    }
}

/// What happened, and what is worth knowing of it. No variant has a place for a secret.
///
/// As JSON: `{"event": name, "details": {…}}`. Names and members are read by other programs and stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", content = "details", rename_all = "snake_case")]
pub enum AuditEvent {
    /// The first consent of an account through an app.
    Connected { scopes: Vec<String> },
    /// Another consent: it replaces the scopes of the one before.
    Reconnected { scopes_before: Vec<String>, scopes_after: Vec<String> },
    /// A consent covers less than the one before.
    ScopesShrank { lost: Vec<String> },
    /// Atlassian has ended the grant.
    NeedsReconnect {},
    /// A grant that was believed to have ended works again.
    Revived {},
    /// The sealed pair of a grant that Atlassian ended long ago is destroyed.
    TokensDestroyed {},
    /// The tokens of this database are this deployment's from now on: its id.
    DatabaseAdopted { deployment_id: String },
    /// Ended here; the tokens are destroyed. Where the data is erased, [`DataErased`](Self::DataErased) follows.
    Disconnected { data: DataFate },
    /// The mirrored rows of a connection that was ended are deleted: how many, and how many of each table.
    DataErased { rows: u64, of: BTreeMap<String, u64> },
    /// Atlassian lists a site that it did not list before.
    SiteAppeared { cloud_id: CloudId },
    /// Atlassian lists a site no more.
    SiteDisappeared { cloud_id: CloudId },
    /// Somebody chose what is to be synchronized; null stands for all there are.
    SitesChosen { sites: Option<Vec<CloudId>> },
    /// Somebody chose what is to be synchronized; null stands for all there are.
    StreamsChosen { streams: Option<Vec<String>> },
    /// The refresh token was exchanged; `generation` counts the pairs that were stored.
    GrantRefreshed { generation: i64 },
    /// An API key was made.
    ApiKeyCreated { key_id: String, name: String, scopes: Vec<String> },
    /// An API key opens nothing any more.
    ApiKeyRevoked { key_id: String, name: String },
    /// An API key was used: noted once an hour at most, by each process.
    ApiKeyUsed { key_id: String, name: String },
    /// Somebody showed a key that opens nothing; `key_id` where there is such a key. `more` have come since the line
    /// before, of which none was written.
    ApiKeyRefused { key_id: Option<String>, more: u64 },
    /// A person signed in by a consent.
    LoggedIn { flow: &'static str, by_link: bool },
    /// A login did not come to its end; `why` is a name of the reason.
    LoginFailed { flow: Option<String>, why: &'static str, more: u64 },
    /// A consent that waited for its turn cannot become a connection any more: its tokens are destroyed. `why` is a name
    /// of the reason.
    ConsentDropped { why: &'static str },
    /// Sessions were ended: by whose session is the actor.
    LoggedOut { sessions: u64 },
    /// A link was made by which a person can connect.
    ConnectLinkCreated { link_id: ConnectLinkId, expires_at: Timestamp },
    /// A caller that is known asked for what it may not do; or, where `needs` is `own_origin`, a page of another site
    /// had somebody's browser ask. `more` have come since the line before, of which none was written.
    AccessDenied { needs: &'static str, method: String, route: String, more: u64 },
    /// The tokens of a connection were opened for use: noted once an hour at most, by each process.
    TokensRead {},
    /// A person and all that belonged to it was erased: how many rows of each table.
    UserErased { rows: u64, of: BTreeMap<String, u64> },
    /// Sealing everything anew with `key_id` has begun; `rows` are to be sealed.
    KeyRotationBegun { key_id: String, rows: u64 },
    /// Everything is sealed with `key_id`; `rows` were sealed anew.
    KeyRotationFinished { key_id: String, rows: u64 },
}

/// What became of the mirrored rows of a connection that was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataFate {
    Kept,
    Erased,
}

impl DataFate {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Erased => "erased",
        }
    }
}

impl AuditEvent {
    pub fn reconnected(before: &Scopes, after: &Scopes) -> Self {
        Self::Reconnected { scopes_before: words(before), scopes_after: words(after) }
    }

    pub fn connected(scopes: &Scopes) -> Self {
        Self::Connected { scopes: words(scopes) }
    }

    pub fn scopes_shrank(lost: &Scopes) -> Self {
        Self::ScopesShrank { lost: words(lost) }
    }
}

fn words(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(str::to_owned).collect()
}

/// Who changes something at which moment, and why. A change of a connection asks for it, and writes its records in its
/// own transaction.
#[derive(Debug, Clone)]
pub struct Audit<'a> {
    /// For the ids of the records.
    pub entropy: &'a dyn Entropy,
    pub at: Timestamp,
    pub actor: Actor,
    /// Why, for people, where the event does not say it.
    pub cause: Option<String>,
}

impl<'a> Audit<'a> {
    pub const fn new(entropy: &'a dyn Entropy, at: Timestamp, actor: Actor) -> Self {
        Self { entropy, at, actor, cause: None }
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The record of one event of this change.
    pub fn record(&self, event: AuditEvent) -> AuditRecord {
        AuditRecord {
            id: AuditId::generate(self.entropy, self.at),
            at: self.at,
            actor: self.actor.clone(),
            event,
            connection_id: None,
            user_id: None,
            cause: self.cause.clone(),
        }
    }
}

/// One line of the audit trail, to be written with the change that it tells of.
#[derive(Debug, Clone)]
pub struct AuditRecord {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor: Actor,
    pub event: AuditEvent,
    pub connection_id: Option<ConnectionId>,
    /// Whose rows it concerns.
    pub user_id: Option<UserId>,
    pub cause: Option<String>,
}

impl AuditRecord {
    /// The connection that it is about, and whose that is.
    #[must_use]
    pub fn of(mut self, connection: ConnectionId, user: UserId) -> Self {
        self.connection_id = Some(connection);
        self.user_id = Some(user);
        self
    }

    /// The person whom it concerns, where there is one.
    #[must_use]
    pub fn about(mut self, user: Option<UserId>) -> Self {
        self.user_id = user;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_a_name_and_details() {
        let json = |event: AuditEvent| serde_json::to_string(&event).unwrap();
        assert_eq!(
            json(AuditEvent::Disconnected { data: DataFate::Erased }),
            r#"{"event":"disconnected","details":{"data":"erased"}}"#
        );
        assert_eq!(json(AuditEvent::NeedsReconnect {}), r#"{"event":"needs_reconnect","details":{}}"#);
        assert_eq!(
            json(AuditEvent::SitesChosen { sites: None }),
            r#"{"event":"sites_chosen","details":{"sites":null}}"#
        );
    }
}
