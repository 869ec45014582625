use serde::{Deserialize, Serialize};

use crate::{CloudId, Timestamp, UserId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    Jira,
    Confluence,
}

impl Product {
    pub const ALL: [Self; 2] = [Self::Jira, Self::Confluence];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jira => "jira",
            Self::Confluence => "confluence",
        }
    }

    /// The product that a scope belongs to: `read:jira-work`, `read:page:confluence`, `search:confluence`, ….
    /// `None` for those of the account (`read:me`) and of the grant (`offline_access`).
    pub fn of_scope(scope: &str) -> Option<Self> {
        if scope.contains("confluence") {
            Some(Self::Confluence)
        } else if scope.contains("jira") {
            Some(Self::Jira)
        } else {
            None
        }
    }
}

/// A Jira project, mirrored from Atlassian or put in by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JiraProject {
    pub id: i64,
    pub owner_id: UserId,
    pub key: String,
    pub name: String,
    /// The lead's display name.
    pub lead: Option<String>,
    /// Deep link for people.
    pub url: Option<String>,
    /// The site it comes from; `None` for a row put in by hand.
    pub cloud_id: Option<CloudId>,
    /// Jira's id, which survives a change of the key; `None` for a row put in by hand.
    pub remote_id: Option<String>,
    /// `software`, `service_desk`, `business`, ….
    pub project_type: Option<String>,
    pub description: Option<String>,
    pub synced_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfluenceSpace {
    pub id: i64,
    pub owner_id: UserId,
    pub cloud_id: CloudId,
    pub remote_id: String,
    pub key: String,
    pub name: String,
    /// `global`, `personal`, `collaboration`, ….
    pub space_type: Option<String>,
    /// `current` or `archived`.
    pub status: Option<String>,
    pub url: Option<String>,
    pub homepage_id: Option<String>,
    pub synced_at: Option<Timestamp>,
}

/// A Confluence page, mirrored from Atlassian or put in by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfluencePage {
    pub id: i64,
    pub owner_id: UserId,
    pub space_key: String,
    /// Confluence's id of the page.
    pub page_id: String,
    pub title: String,
    pub url: Option<String>,
    /// The site it comes from; `None` for a row put in by hand.
    pub cloud_id: Option<CloudId>,
    pub space_id: Option<String>,
    /// May name something that no list of pages has: a folder, a database, a whiteboard.
    pub parent_id: Option<String>,
    pub parent_type: Option<String>,
    pub status: Option<String>,
    pub version: Option<i64>,
    /// When the current version was made.
    pub modified_at: Option<Timestamp>,
    pub synced_at: Option<Timestamp>,
}
