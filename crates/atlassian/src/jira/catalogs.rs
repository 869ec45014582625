//! What issues choose from: statuses, priorities, issue types, resolutions. Each is a whole list in one answer.

use connector_domain::AccessToken;
use serde::Deserialize;

use super::list::read_array;
use super::{IssueStatus, IssueType, Jira};
use crate::{ApiError, Page};

/// How urgent an issue is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Priority {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub description: Option<String>,
    /// As a web colour: `#d04437`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status_color: Option<String>,
    #[serde(default)]
    pub is_default: Option<bool>,
}

/// How an issue came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Resolution {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub description: Option<String>,
}

impl Jira<'_> {
    /// All statuses (`GET /rest/api/3/status`), also of projects with statuses of their own: names are not unique.
    /// Needs `read:jira-work`.
    pub async fn statuses(&self, token: &AccessToken) -> Result<Page<IssueStatus, u64>, ApiError> {
        let call = self.get("/rest/api/3/status", self.url(&["status"]));
        self.client.call(call, token, read_array).await
    }

    /// All priorities (`GET /rest/api/3/priority`), the most urgent first. Needs `read:jira-work`.
    pub async fn priorities(&self, token: &AccessToken) -> Result<Page<Priority, u64>, ApiError> {
        let call = self.get("/rest/api/3/priority", self.url(&["priority"]));
        self.client.call(call, token, read_array).await
    }

    /// All issue types (`GET /rest/api/3/issuetype`), also of projects with types of their own. Needs
    /// `read:jira-work`.
    pub async fn issue_types(&self, token: &AccessToken) -> Result<Page<IssueType, u64>, ApiError> {
        let call = self.get("/rest/api/3/issuetype", self.url(&["issuetype"]));
        self.client.call(call, token, read_array).await
    }

    /// All resolutions (`GET /rest/api/3/resolution`). Needs `read:jira-work`.
    pub async fn resolutions(&self, token: &AccessToken) -> Result<Page<Resolution, u64>, ApiError> {
        let call = self.get("/rest/api/3/resolution", self.url(&["resolution"]));
        self.client.call(call, token, read_array).await
    }
}
