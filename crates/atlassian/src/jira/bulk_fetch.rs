use std::collections::HashSet;

use connector_domain::{AccessToken, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Issue, Jira};
use crate::http::Answer;
use crate::{ApiError, BadRecord, RateLimits};

/// So many issues can be fetched at once.
pub const MOST_FETCHED: usize = 100;

/// What became of the issues that were fetched together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IssueBatch {
    /// By id, from low to high.
    pub issues: Vec<Issue>,
    /// Issues that could not be read.
    pub bad: Vec<BadRecord>,
    /// Issues that Jira could not give this time.
    pub errors: Vec<IssueError>,
    /// Ids that the answer says nothing of: deleted, or not for this person. An issue that was asked for by an old
    /// key stands here too, because the answer has the new one.
    pub absent: Vec<String>,
    /// When Atlassian answered first, by its own clock.
    pub date: Option<Timestamp>,
    /// What the last answer's headers say about limits.
    pub rate: RateLimits,
}

/// Why Jira did not give one issue of several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueError {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub error_message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    issue_ids_or_keys: &'a [String],
    fields: &'a [String],
}

impl Jira<'_> {
    /// These issues with these fields (`POST /rest/api/3/issue/bulkfetch`), at most [`MOST_FETCHED`]. Needs
    /// `read:jira-work`.
    ///
    /// Where the answer is too long, or was cut off, the issues are fetched in halves; a single one for which even
    /// that does not help is among the errors.
    pub async fn bulk_fetch(
        &self,
        token: &AccessToken,
        ids_or_keys: &[String],
        fields: &[String],
    ) -> Result<IssueBatch, ApiError> {
        let mut batch = IssueBatch::default();
        let mut parts = vec![ids_or_keys];
        while let Some(part) = parts.pop() {
            let fetched = match self.fetch_part(token, part, fields).await {
                Ok(fetched) => fetched,
                Err(ApiError::TooLarge { what }) => match part {
                    [] => continue,
                    [id] => {
                        batch.errors.push(IssueError { id: id.clone(), error_message: what });
                        continue;
                    }
                    _ => {
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([second, first]);
                        continue;
                    }
                },
                Err(error) => return Err(error),
            };
            batch.issues.extend(fetched.issues);
            batch.bad.extend(fetched.bad);
            batch.errors.extend(fetched.errors);
            batch.date = batch.date.or(fetched.date);
            batch.rate = fetched.rate;
        }
        batch.note_absent(ids_or_keys);
        Ok(batch)
    }

    async fn fetch_part(
        &self,
        token: &AccessToken,
        ids_or_keys: &[String],
        fields: &[String],
    ) -> Result<IssueBatch, ApiError> {
        if ids_or_keys.is_empty() {
            return Ok(IssueBatch::default());
        }
        let url = self.url(&["issue", "bulkfetch"]);
        let body = Asked { issue_ids_or_keys: ids_or_keys, fields };
        let call = self.ask("/rest/api/3/issue/bulkfetch", url, &body).objects(ids_or_keys.len() as u64);
        self.client.call(call, token, read).await
    }
}

impl IssueBatch {
    fn note_absent(&mut self, asked: &[String]) {
        let issues = self.issues.iter().flat_map(|issue| [&issue.id, &issue.key]);
        let errors = self.errors.iter().map(|error| &error.id);
        let bad = self.bad.iter().filter_map(|record| record.id.as_ref());
        let found: HashSet<_> = issues.chain(errors).chain(bad).map(|id| id.to_uppercase()).collect();
        self.absent = asked.iter().filter(|id| !found.contains(&id.to_uppercase())).cloned().collect();
    }
}

fn read(answer: &Answer) -> Result<IssueBatch, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        #[serde(borrow)]
        issues: Vec<&'a RawValue>,
        #[serde(default, deserialize_with = "crate::lenient::or_default")]
        issue_errors: Vec<IssueError>,
    }

    let body: Body<'_> = answer.json_in_full()?;
    let (issues, bad) = answer.records(&body.issues);
    let (errors, rate) = (body.issue_errors, RateLimits::of(answer));
    Ok(IssueBatch { issues, bad, errors, absent: Vec::new(), date: answer.date(), rate })
}
