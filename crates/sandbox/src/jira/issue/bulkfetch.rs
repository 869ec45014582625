//! Several issues at once.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{fields::Selection, row::Renderer};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted},
    jira::{ApiVersion, error::JiraError},
    world::issues::Issue,
};

const MOST_ISSUES: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BulkFetchRequest {
    issue_ids_or_keys: Vec<String>,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    expand: Vec<String>,
    #[serde(rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
    #[serde(default, rename = "properties")]
    _properties: Vec<String>,
}

/// `POST /issue/bulkfetch`: in the order of the ids; what is not found is left out without a word.
pub async fn fetch(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    request: Result<Json<BulkFetchRequest>, JsonRejection>,
) -> Result<Counted, JiraError> {
    let Json(request) = request.map_err(JiraError::from_body)?;
    if request.issue_ids_or_keys.is_empty() || request.issue_ids_or_keys.len() > MOST_ISSUES {
        return Err(JiraError::bad_request("Between 1 and 100 issue ids or keys can be provided."));
    }
    let world = sandbox.world();
    let view = caller.view(&world);
    let mut issues: Vec<&Issue> =
        request.issue_ids_or_keys.iter().filter_map(|name| view.issue(name)).collect();
    issues.sort_by_key(|issue| issue.id);
    issues.dedup_by_key(|issue| issue.id);
    let fields: Vec<&str> = request.fields.iter().map(String::as_str).collect();
    let expand: Vec<&str> = request.expand.iter().map(String::as_str).collect();
    let selection = Selection::read(&fields, "*navigable");
    let renderer = Renderer::new(view, version, &selection, &expand);
    let rows: Vec<Value> = issues.iter().map(|issue| renderer.row(issue)).collect();
    let count = rows.len();
    Ok(Counted(json!({ "issues": rows, "issueErrors": [] }), count))
}
