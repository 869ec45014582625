//! Entities, migrations and queries, on SQLite and on PostgreSQL through one query layer.
//!
//! The only crate with SQL. [`Store`] is opened from a [`DatabaseUrl`]; reads are methods of it, and what belongs
//! together is written in one [`WriteTx`]. Statements that differ between the engines are in [`engine`].

mod cache;
pub mod engine;
mod entities;
mod error;
mod group_commit;
mod migrations;
mod queries;
mod store;
mod url;

pub use cache::Dataset;
pub use engine::ServiceLock;
pub use error::StoreError;
pub use migrations::MigrationReport;
pub use queries::audit::{AuditFilter, AuditLine};
pub use queries::connect_links::ConnectLink;
pub use queries::connections::{Consent, NewConnection};
pub use queries::deployment::Deployment;
pub use queries::figures::{Figures, JobFigures, PauseFigures, ProofFigures};
pub use queries::grant_intents::{Intent, LeftIntent};
pub use queries::grant_lock::GrantLock;
pub use queries::grant_spares::Spare;
pub use queries::grants::{Grant, HeldGrant, SealedPair};
pub use queries::jobs::{Job, NewJob};
pub use queries::key_rotations::{KeyRotation, RotationStatus};
pub use queries::login_attempts::{LoginAttempt, LoginFlow};
pub use queries::mirror::{
    AbsenceReason, BodyFormat, ContentBody, ContentFilter, Deleted, Feeder, IssueFilter, Listed, MirrorKind,
    MirroredId, Remote, RemoteAttachment, RemoteBlogPost, RemoteChangelog, RemoteContentComment, RemoteField,
    RemoteIssue, RemoteIssueComment, RemoteIssueType, RemoteLabel, RemotePage, RemoteProject, RemoteSpace,
    RemoteStatus, RemoteUser, RemoteWorklog, RowReader, UnknownKind, UnknownReason, View, ViewColumn,
    ViewValue, Written,
};
pub use queries::pages::PageKey;
pub use queries::projects::ProjectKey;
pub use queries::sealed::{KeyColumn, SealedColumn, SealedRange, SealedRow};
pub use queries::sessions::Session;
pub use queries::sites::SiteChanges;
pub use queries::sync_state::{
    BadRecordRow, Checkpoint, CompletenessProof, PointsHour, ProofState, RatePause, StreamScope,
    SyncSchedule, UnknownProofState,
};
pub use queries::users::{NewUser, SealedUserToken};
pub use store::{Durability, Engine, Store, WriteTx};
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
