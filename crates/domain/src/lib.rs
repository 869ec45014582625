//! What every part of Connector names: ids, times, secrets, people, connections and sync runs.
//!
//! Plain values only: no database, no HTTP, no Atlassian.

mod api_key;
mod audit;
mod clock;
mod connection;
mod entropy;
pub mod failpoint;
mod ids;
mod json;
mod mirror;
mod secret;
mod sync_run;
mod user;

pub use api_key::{ApiKey, KeyScope, KeyScopes};
pub use audit::{Actor, Audit, AuditEvent, AuditRecord, DataFate};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use connection::{Connection, ConnectionSite, ConnectionStatus, Scopes, Site};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use ids::{
    AccountId, ApiKeyId, AuditId, CloudId, ConnectLinkId, ConnectionId, JobId, RotationId, SessionId,
    SyncRunId, UserId,
};
pub use json::{InvalidJson, Json};
pub use mirror::{ConfluencePage, ConfluenceSpace, JiraProject, Product};
pub use secret::{AccessToken, AuthorizationCode, ClientSecret, CodeVerifier, RefreshToken, Secret};
pub use sync_run::{StreamProgress, SyncMode, SyncRun, SyncStatus, Waiting};
pub use user::{Email, InvalidEmail, User};
