use serde::{Deserialize, Serialize};

use crate::{ConnectionId, SyncRunId, Timestamp};

/// One run of a sync: what was to be done, how far it is, how it ended.
#[derive(Debug, Clone)]
pub struct SyncRun {
    pub id: SyncRunId,
    pub connection_id: ConnectionId,
    pub mode: SyncMode,
    pub status: SyncStatus,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// How often it was started; more than once where a process died over it.
    pub attempt: i32,
    pub streams: Vec<StreamProgress>,
    /// Set while the run stands still, and says until when and why.
    pub waiting: Option<Waiting>,
    /// For people: what went wrong and what mends it.
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum SyncMode {
    /// What has changed since the last run, and whatever was never read.
    #[default]
    Incremental,
    /// Everything anew, and then a census.
    Full,
    /// Ids only: what is not there any more, and whether the copy is complete.
    Census,
}

impl SyncMode {
    pub const ALL: [Self; 3] = [Self::Incremental, Self::Full, Self::Census];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Full => "full",
            Self::Census => "census",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncStatus {
    Queued,
    Running,
    Waiting,
    Succeeded,
    Failed,
    Cancelled,
}

impl SyncStatus {
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Waiting, Self::Succeeded, Self::Failed, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// How far one stream of a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct StreamProgress {
    pub name: String,
    /// Records read from Atlassian.
    pub fetched: u64,
    /// Rows that this changed here.
    pub written: u64,
    /// Rows removed here.
    pub deleted: u64,
    /// How many records Atlassian says there are, where it says so.
    pub total: Option<u64>,
    pub done: bool,
    /// Pages read: calls whose rows were written.
    #[serde(default)]
    pub pages: u64,
    /// Records read a minute, over the last one; while the run reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u64>,
    /// When it will be through at this rate, where it is known how many records there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Why it was left out: a scope that the consent lacks, or a permission that the account lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// What of it could not be read, and why; the rest was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was left as it is, and why: so much was missing at once that nothing was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub until: Timestamp,
    pub reason: String,
}
