//! The mirror: what Atlassian has, as rows of a person. One mechanism writes all kinds of them.

mod absent;
mod adopt;
mod bodies;
mod confluence;
mod erase;
mod issue_keys;
mod jira;
mod kind;
mod lists;
mod remote;
mod statistics;
mod upsert;
mod view;

pub use absent::{AbsenceReason, MirroredId, UnknownReason};
pub use bodies::ContentBody;
pub use confluence::{
    RemoteAttachment, RemoteBlogPost, RemoteContentComment, RemoteLabel, RemotePage, RemoteSpace,
};
pub use erase::Feeder;
pub use jira::{
    RemoteChangelog, RemoteField, RemoteIssue, RemoteIssueComment, RemoteIssueType, RemoteProject,
    RemoteStatus, RemoteUser, RemoteWorklog,
};
pub use kind::{MirrorKind, UnknownKind};
pub use lists::{BodyFormat, ContentFilter, IssueFilter};
pub use remote::{Remote, RemoteColumn, RemoteDigest};
pub use upsert::Written;
pub(super) use upsert::id_list;
pub use view::{Deleted, Listed, RowReader, View, ViewColumn, ViewValue};
