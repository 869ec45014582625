use connector_domain::{AccessToken, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::comments::ByIds;
use super::list::{Offsets, read_array};
use super::{Jira, User};
use crate::http::Answer;
use crate::page::{Listing, Page};
use crate::{ApiError, AtlassianTime};

/// Time that somebody has worked on an issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Worklog {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub issue_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub author: Option<User>,
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub update_author: Option<User>,
    /// Atlassian Document Format, as it came.
    #[serde(default)]
    pub comment: Option<Value>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub started: Option<Timestamp>,
    #[serde(default)]
    pub time_spent_seconds: Option<u64>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created: Option<Timestamp>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub updated: Option<Timestamp>,
    #[serde(default)]
    pub visibility: Option<Visibility>,
}

/// Whom a comment or a worklog is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Visibility {
    /// `group` or `role`.
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::text")]
    pub kind: Option<String>,
    /// The group's id.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub identifier: Option<String>,
    /// Name of the group or role.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub value: Option<String>,
}

/// That a worklog was changed, or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorklogChange {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub worklog_id: String,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub updated_time: Option<Timestamp>,
}

impl<'a> Jira<'a> {
    /// All worklogs of an issue (`GET /rest/api/3/issue/{issueIdOrKey}/worklog`). Needs `read:jira-work`. An issue's
    /// own field `worklog` has the first 20 only.
    pub fn worklogs(&self, issue: &str) -> Offsets<'a, Worklog> {
        let url = self.url(&["issue", issue, "worklog"]);
        Offsets::new(*self, "/rest/api/3/issue/{issueIdOrKey}/worklog", url, "worklogs", 1000)
    }

    /// These worklogs, at most [`super::MOST_BY_ID`] (`POST /rest/api/3/worklog/list`). Needs `read:jira-work`.
    /// Those that do not exist or are not for the person are left out.
    pub async fn worklogs_by_id(
        &self,
        token: &AccessToken,
        ids: &[u64],
    ) -> Result<Page<Worklog, u64>, ApiError> {
        let url = self.url(&["worklog", "list"]);
        let call = self.ask("/rest/api/3/worklog/list", url, &ByIds { ids }).objects(ids.len() as u64);
        self.client.call(call, token, read_array).await
    }

    /// Which worklogs were made or changed from `since` on (`GET /rest/api/3/worklog/updated`), over the whole site,
    /// 1,000 a page. The last minute is left out. Needs `read:jira-work`.
    pub fn worklogs_updated(&self, since: Timestamp) -> WorklogChanges<'a> {
        let url = self.url(&["worklog", "updated"]);
        WorklogChanges { jira: *self, route: "/rest/api/3/worklog/updated", url, since }
    }

    /// Which worklogs were deleted from `since` on (`GET /rest/api/3/worklog/deleted`), like the above.
    pub fn worklogs_deleted(&self, since: Timestamp) -> WorklogChanges<'a> {
        let url = self.url(&["worklog", "deleted"]);
        WorklogChanges { jira: *self, route: "/rest/api/3/worklog/deleted", url, since }
    }
}

/// The lists of [`Jira::worklogs_updated`] and [`Jira::worklogs_deleted`]. A page begins at a moment.
#[derive(Debug, Clone)]
pub struct WorklogChanges<'a> {
    jira: Jira<'a>,
    route: &'static str,
    url: url::Url,
    since: Timestamp,
}

impl Listing for WorklogChanges<'_> {
    type Item = WorklogChange;
    type Position = Timestamp;

    async fn fetch(
        &self,
        token: &AccessToken,
        position: Option<&Timestamp>,
    ) -> Result<Page<WorklogChange, Timestamp>, ApiError> {
        let since = position.copied().unwrap_or(self.since);
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("since", &since.as_millis().to_string());
        let call = self.jira.get(self.route, url).objects(1000);
        self.jira.client.call(call, token, |answer| read_changes(answer, since)).await
    }
}

fn read_changes(answer: &Answer, since: Timestamp) -> Result<Page<WorklogChange, Timestamp>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        #[serde(borrow)]
        values: Vec<&'a RawValue>,
        #[serde(default)]
        until: Option<AtlassianTime>,
        last_page: bool,
    }

    let body: Body<'_> = answer.json()?;
    let next = match body.until {
        _ if body.last_page => None,
        Some(AtlassianTime(until)) if until > since => Some(until),
        _ => return Err(ApiError::lost_place("its next page does not begin later")),
    };
    Ok(Page::read(answer, &body.values, next))
}
