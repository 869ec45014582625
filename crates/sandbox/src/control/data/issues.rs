//! Issues.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use super::{SitePath, ThingPath};
use crate::{
    app::Sandbox,
    world::{
        edit::{IssueEdit, Refusal},
        site::Site,
    },
};

/// `POST /__sandbox/sites/{site}/issues`
pub async fn create(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    Json(edit): Json<IssueEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = site.create_issue(edit, now)?;
        Ok((StatusCode::CREATED, Json(handle(site, id)?)))
    })
}

/// `PATCH /__sandbox/sites/{site}/issues/{id or key}`
pub async fn edit(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<IssueEdit>,
) -> Response {
    let now = sandbox.now_millis();
    let assignee = edit.assignee.as_deref().and_then(|account_id| {
        sandbox.world().people.iter().position(|person| person.account_id == account_id)
    });
    sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        site.edit_issue(id, edit, assignee, now)?;
        Ok(Json(handle(site, id)?))
    })
}

/// `DELETE /__sandbox/sites/{site}/issues/{id or key}`: Jira has no trash for issues.
pub async fn delete(State(sandbox): State<Sandbox>, Path(path): Path<ThingPath>) -> Response {
    sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        site.delete_issue(id)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn find(site: &Site, id_or_key: &str) -> Result<u64, Refusal> {
    site.issue_by_id_or_key(id_or_key).map(|issue| issue.id).ok_or(Refusal::Missing("issue"))
}

fn handle(site: &Site, id: u64) -> Result<Value, Refusal> {
    let issue = site.issue(id).ok_or(Refusal::Missing("issue"))?;
    Ok(json!({ "id": id.to_string(), "key": site.issue_key(issue) }))
}
