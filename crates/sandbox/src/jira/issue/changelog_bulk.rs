//! The history of several issues at once.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{changelog::row, fields::Selection, row::Renderer};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted},
    jira::{ApiVersion, error::JiraError},
    world::{
        activity::{History, history},
        issues::Issue,
    },
};

const MOST_ISSUES: usize = 1000;
const MOST_FIELDS: usize = 10;
const DEFAULT_PAGE: usize = 1000;
const LARGEST_PAGE: usize = 10_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BulkChangelogRequest {
    issue_ids_or_keys: Vec<String>,
    #[serde(default)]
    field_ids: Vec<String>,
    max_results: Option<usize>,
    next_page_token: Option<String>,
}

/// `POST /changelog/bulkfetch`: in the order of the issues' ids, oldest entries first. A page counts entries, so an
/// issue may go on on the next one.
pub async fn fetch(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    request: Result<Json<BulkChangelogRequest>, JsonRejection>,
) -> Result<Counted, JiraError> {
    let Json(request) = request.map_err(JiraError::from_body)?;
    let limit = request.check()?;
    let start = request.next_page_token.as_deref().map_or(Ok(0), read_token)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let mut issues: Vec<&Issue> =
        request.issue_ids_or_keys.iter().filter_map(|name| view.issue(name)).collect();
    issues.sort_by_key(|issue| issue.id);
    issues.dedup_by_key(|issue| issue.id);
    let wanted = |entry: &History| {
        request.field_ids.is_empty() || request.field_ids.iter().any(|field| field == entry.field)
    };
    let entries = issues
        .into_iter()
        .flat_map(|issue| history(view.site, issue).into_iter().map(move |entry| (issue.id, entry)))
        .filter(|(_, entry)| wanted(entry));
    let mut rest: Vec<(u64, History)> = entries.skip(start).take(limit + 1).collect();
    let more = rest.len() > limit;
    rest.truncate(limit);

    let selection = Selection::read(&[], "id");
    let renderer = Renderer::new(view, version, &selection, &[]);
    let logs: Vec<Value> = rest
        .chunk_by(|(a, _), (b, _)| a == b)
        .map(|entries| {
            let histories: Vec<Value> = entries.iter().map(|(_, entry)| row(&renderer, entry)).collect();
            json!({ "issueId": entries[0].0.to_string(), "changeHistories": histories })
        })
        .collect();
    let mut body = json!({ "issueChangeLogs": logs });
    if more {
        body["nextPageToken"] = json!(URL_SAFE_NO_PAD.encode(format!("changelog:{}", start + limit)));
    }
    Ok(Counted(body, rest.len()))
}

impl BulkChangelogRequest {
    /// Answers the size of a page.
    fn check(&self) -> Result<usize, JiraError> {
        if self.issue_ids_or_keys.is_empty() || self.issue_ids_or_keys.len() > MOST_ISSUES {
            return Err(JiraError::bad_request("Between 1 and 1000 issue ids or keys can be provided."));
        }
        if self.field_ids.len() > MOST_FIELDS {
            return Err(JiraError::bad_request("Up to 10 field ids can be provided."));
        }
        let limit = self.max_results.unwrap_or(DEFAULT_PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(JiraError::bad_request("maxResults has to be between 1 and 10000."));
        }
        Ok(limit)
    }
}

fn read_token(token: &str) -> Result<usize, JiraError> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let position = text.as_deref().and_then(|text| text.strip_prefix("changelog:")?.parse().ok());
    position.ok_or_else(|| JiraError::bad_request("The next page token is invalid."))
}
