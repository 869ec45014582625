use connector_domain::{AccessToken, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::list::Offsets;
use super::{Jira, User};
use crate::ApiError;
use crate::http::Answer;
use crate::page::{Listing, Page};

const BULK_ROUTE: &str = "/rest/api/3/changelog/bulkfetch";
/// The histories of so many issues can be fetched at once.
pub const MOST_HISTORIES: usize = 1000;

/// What somebody changed at an issue at one time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Change {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// `None` for changes that Jira made by itself, and of closed accounts.
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub author: Option<User>,
    #[serde(default, deserialize_with = "moment")]
    pub created: Option<Timestamp>,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub items: Vec<ChangedField>,
}

/// One field that was changed. Any part may be missing: links between issues have no field id, for one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedField {
    /// Its name: `status`, `Link`, `Story Points`.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub field: String,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub field_id: Option<String>,
    /// `jira` or `custom`.
    #[serde(default, rename = "fieldtype", deserialize_with = "crate::lenient::text")]
    pub field_type: Option<String>,
    /// The old value's id, or the value itself.
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub from: Option<String>,
    /// The old value for people.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub from_string: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub to: Option<String>,
    #[serde(default, rename = "toString", deserialize_with = "crate::lenient::text")]
    pub to_text: Option<String>,
}

/// Changes of one issue. An issue with many may stand in several pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueHistory {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub issue_id: String,
    #[serde(default, rename = "changeHistories", deserialize_with = "crate::lenient::or_default")]
    pub changes: Vec<Change>,
}

/// A moment as text, or as a number since the epoch: milliseconds, or seconds as in Atlassian's own example.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    /// In milliseconds this is a day of 1973, when no issue was changed; in seconds it is far in the future.
    const LEAST_MILLIS: i64 = 100_000_000_000;

    let time = crate::lenient::time(deserializer)?;
    Ok(time.map(|time| match time.as_millis() {
        seconds @ 1..LEAST_MILLIS => Timestamp::from_millis(seconds * 1000),
        _ => time,
    }))
}

impl<'a> Jira<'a> {
    /// All changes of an issue (`GET /rest/api/3/issue/{issueIdOrKey}/changelog`), the oldest first. Needs
    /// `read:jira-work`.
    pub fn changelog(&self, issue: &str) -> Offsets<'a, Change> {
        let url = self.url(&["issue", issue, "changelog"]);
        Offsets::new(*self, "/rest/api/3/issue/{issueIdOrKey}/changelog", url, "values", 100)
    }

    /// All changes of these issues, at most [`MOST_HISTORIES`], the oldest first
    /// (`POST /rest/api/3/changelog/bulkfetch`). `field_ids`, ten at most, leaves out changes of other fields; empty
    /// for all. Needs `read:jira-work`.
    pub fn changelogs(&self, issues: Vec<String>, field_ids: Vec<String>) -> Changelogs<'a> {
        Changelogs { jira: *self, issues, field_ids }
    }
}

/// The list of [`Jira::changelogs`].
#[derive(Debug, Clone)]
pub struct Changelogs<'a> {
    jira: Jira<'a>,
    issues: Vec<String>,
    field_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    issue_ids_or_keys: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    field_ids: &'a [String],
    max_results: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a String>,
}

impl Listing for Changelogs<'_> {
    type Item = IssueHistory;
    type Position = String;

    async fn fetch(
        &self,
        token: &AccessToken,
        position: Option<&String>,
    ) -> Result<Page<IssueHistory>, ApiError> {
        const MAX_RESULTS: u32 = 1000;
        let body = Asked {
            issue_ids_or_keys: &self.issues,
            field_ids: &self.field_ids,
            max_results: MAX_RESULTS,
            next_page_token: position,
        };
        let url = self.jira.url(&["changelog", "bulkfetch"]);
        let call = self.jira.ask(BULK_ROUTE, url, &body).objects(MAX_RESULTS.into());
        let page = self.jira.client.call(call, token, read_page).await;
        if position.is_some() { page.map_err(ApiError::of_continuation) } else { page }
    }
}

fn read_page(answer: &Answer) -> Result<Page<IssueHistory>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        #[serde(borrow)]
        issue_change_logs: Vec<&'a RawValue>,
        #[serde(default, deserialize_with = "crate::lenient::text")]
        next_page_token: Option<String>,
    }

    let body: Body<'_> = answer.json()?;
    let page: Page<IssueHistory> = Page::read(answer, &body.issue_change_logs, body.next_page_token);
    answer.objects.set(page.items.iter().map(|history| history.changes.len() as u64).sum());
    Ok(page)
}
