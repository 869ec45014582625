use connector_domain::{AccessToken, Timestamp};
use serde::Deserialize;

use super::{IssueFields, Jira, User};
use crate::{ApiError, link};

/// An issue, as far as its fields were asked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Issue {
    /// What the issue is known by for ever.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// Changes when the issue moves to another project; the old key goes on leading to the issue.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub key: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub fields: IssueFields,
}

impl Issue {
    /// The issue's page for people, on the site at `site_url`.
    pub fn browse_url(&self, site_url: &str) -> String {
        link::browse(site_url, &self.key)
    }
}

/// A state of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueStatus {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub status_category: Option<StatusCategory>,
}

/// What a status means, which is the same for all workflows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StatusCategory {
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub id: Option<String>,
    /// `new`, `indeterminate` or `done`.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub key: String,
    /// In the language of the person: `To Do`, `In Progress`, `Done`.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
}

/// A kind of issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueType {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub description: Option<String>,
    #[serde(default)]
    pub subtask: Option<bool>,
    /// -1 for subtasks, 0 for the usual, 1 for epics, higher for what is above these.
    #[serde(default)]
    pub hierarchy_level: Option<i64>,
}

/// Something with a name: a priority, a resolution, a component, a version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
}

/// The project that an issue is in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IssueProject {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub key: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IssueParent {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub key: Option<String>,
}

/// A file at an issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub filename: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub mime_type: Option<String>,
    /// In bytes.
    #[serde(default)]
    pub size: Option<u64>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created: Option<Timestamp>,
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub author: Option<User>,
    /// Where the file is, as Jira says; it may be the site, which takes no OAuth token.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub content: Option<String>,
}

impl Jira<'_> {
    /// The issue that has this id or key now or had the key once (`GET /rest/api/3/issue/{issueIdOrKey}`), with all
    /// its fields. Needs `read:jira-work`. Of a moved issue the answer has the new key.
    pub async fn issue(&self, token: &AccessToken, id_or_key: &str) -> Result<Issue, ApiError> {
        let call = self.get("/rest/api/3/issue/{issueIdOrKey}", self.url(&["issue", id_or_key]));
        self.client.read(call, token).await
    }

    /// What is known of a file (`GET /rest/api/3/attachment/{id}`). Needs `read:jira-work`.
    pub async fn attachment(&self, token: &AccessToken, id: &str) -> Result<Attachment, ApiError> {
        let call = self.get("/rest/api/3/attachment/{id}", self.url(&["attachment", id]));
        self.client.read(call, token).await
    }
}
