//! The history of issues.

use axum::{
    Extension,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{IssuePath, fields::Selection, row::Renderer};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted},
    jira::{ApiVersion, error::JiraError, paging::Part},
    params::Params,
    world::{
        activity::{History, history},
        issues::Issue,
    },
};

const PAGE: usize = 100;

/// `GET /issue/{issueIdOrKey}/changelog`: oldest first.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<IssuePath>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let part = Part::read(&params, PAGE, PAGE)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let issue = path.find(view)?;
    let all = history(view.site, issue);
    let selection = Selection::read(&[], "id");
    let renderer = Renderer::new(view, version, &selection, &[]);
    let rows: Vec<Value> = part.of(&all).iter().map(|entry| row(&renderer, entry)).collect();
    let count = rows.len();
    let link = format!("issue/{}/changelog", path.id);
    Ok(Counted(part.linked(renderer.urls, &link, &params, all.len(), rows), count))
}

/// The member `changelog` of an issue, where it was expanded: newest first.
pub fn changelog_of(renderer: &Renderer<'_>, issue: &Issue) -> Value {
    let all = history(renderer.view.site, issue);
    let rows: Vec<Value> = all.iter().rev().take(PAGE).map(|entry| row(renderer, entry)).collect();
    json!({ "startAt": 0, "maxResults": rows.len(), "total": all.len(), "histories": rows })
}

/// An entry of a history.
pub fn row(renderer: &Renderer<'_>, entry: &History) -> Value {
    json!({
        "id": entry.id.to_string(),
        "author": renderer.person(entry.by),
        "created": renderer.time(entry.at),
        "items": [item(entry)],
    })
}

/// What changed.
pub fn item(entry: &History) -> Value {
    let side = |value: &Option<(String, String)>| match value {
        None => (Value::Null, Value::Null),
        Some((id, name)) if id.is_empty() => (Value::Null, json!(name)),
        Some((id, name)) => (json!(id), json!(name)),
    };
    let ((from, from_string), (to, to_string)) = (side(&entry.from), side(&entry.to));
    let mut item = json!({
        "field": entry.field,
        "fieldtype": "jira",
        "from": from,
        "fromString": from_string,
        "to": to,
        "toString": to_string,
    });
    // What is no field of an issue, such as its key, has no field id.
    if !matches!(entry.field, "Key" | "IssueParentAssociation") {
        item["fieldId"] = json!(entry.field);
    }
    item
}
