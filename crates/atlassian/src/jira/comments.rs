use connector_domain::{AccessToken, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::list::{Offsets, read_page};
use super::{Jira, User, Visibility};
use crate::{ApiError, Page};

/// So many comments, or worklogs, can be fetched by their ids at once.
pub const MOST_BY_ID: usize = 1000;

/// A comment on an issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub author: Option<User>,
    /// Who changed it last.
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub update_author: Option<User>,
    /// Atlassian Document Format, as it came.
    #[serde(default)]
    pub body: Option<Value>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created: Option<Timestamp>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub updated: Option<Timestamp>,
    /// Whom it is for; `None` for everybody who sees the issue.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// Of a service desk: whether customers see it.
    #[serde(default)]
    pub jsd_public: Option<bool>,
    /// `…/issue/{id}/comment/{id}`, the one place where a comment that was fetched by its id names its issue.
    #[serde(default, rename = "self", deserialize_with = "crate::lenient::text")]
    own_url: Option<String>,
}

impl Comment {
    /// The issue that it is on, by id or key, as far as Jira says so.
    pub fn issue_id(&self) -> Option<&str> {
        let (_, behind) = self.own_url.as_deref()?.split_once("/issue/")?;
        behind.split('/').next().filter(|id| !id.is_empty())
    }
}

impl<'a> Jira<'a> {
    /// All comments of an issue, the oldest first (`GET /rest/api/3/issue/{issueIdOrKey}/comment`). Needs
    /// `read:jira-work`. An issue's own field `comment` has the first few only.
    pub fn comments(&self, issue: &str) -> Offsets<'a, Comment> {
        let mut url = self.url(&["issue", issue, "comment"]);
        url.query_pairs_mut().append_pair("orderBy", "created");
        Offsets::new(*self, "/rest/api/3/issue/{issueIdOrKey}/comment", url, "comments", 100)
    }

    /// These comments, at most [`MOST_BY_ID`] (`POST /rest/api/3/comment/list`). Needs `read:jira-work`. Those that
    /// do not exist or are not for the person are left out.
    pub async fn comments_by_id(
        &self,
        token: &AccessToken,
        ids: &[u64],
    ) -> Result<Page<Comment, u64>, ApiError> {
        let url = self.url(&["comment", "list"]);
        let call = self.ask("/rest/api/3/comment/list", url, &ByIds { ids }).objects(ids.len() as u64);
        self.client.call(call, token, |answer| read_page(answer, "values", 0)).await
    }
}

#[derive(Serialize)]
pub(super) struct ByIds<'a> {
    pub ids: &'a [u64],
}
