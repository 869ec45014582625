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
    webhooks::Event,
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
    let mut created = None;
    let answer = sandbox.change(&path.site, |site| {
        let id = site.create_issue(edit, now)?;
        created = Some(id);
        Ok((StatusCode::CREATED, Json(handle(site, id)?)))
    });
    if let Some(id) = created {
        sandbox.deliver(sandbox.deliveries(&path.site, id, Event::IssueCreated));
    }
    answer
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
    let mut edited = None;
    let answer = sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        let before = site.issue(id).map_or(0, |issue| issue.changes.len());
        site.edit_issue(id, edit, assignee, now)?;
        edited = Some((id, before));
        Ok(Json(handle(site, id)?))
    });
    if let Some((id, before)) = edited {
        sandbox.deliver(sandbox.deliveries(&path.site, id, Event::IssueUpdated(before)));
    }
    answer
}

/// `DELETE /__sandbox/sites/{site}/issues/{id or key}`: Jira has no trash for issues.
pub async fn delete(State(sandbox): State<Sandbox>, Path(path): Path<ThingPath>) -> Response {
    let now = sandbox.now_millis();
    // An event carries what is gone when it arrives.
    let gone = {
        let world = sandbox.world();
        let site = world.site_by_name(&path.site).map(|index| &world.sites[index]);
        site.and_then(|site| find(site, &path.id).ok().map(|id| site.with_subtasks(id))).unwrap_or_default()
    };
    let last_words =
        gone.into_iter().flat_map(|id| sandbox.deliveries(&path.site, id, Event::IssueDeleted)).collect();
    let answer = sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        site.delete_issue(id, now)?;
        Ok(StatusCode::NO_CONTENT)
    });
    if answer.status().is_success() {
        sandbox.deliver(last_words);
    }
    answer
}

pub fn find(site: &Site, id_or_key: &str) -> Result<u64, Refusal> {
    site.issue_by_id_or_key(id_or_key).map(|issue| issue.id).ok_or(Refusal::Missing("issue"))
}

fn handle(site: &Site, id: u64) -> Result<Value, Refusal> {
    let issue = site.issue(id).ok_or(Refusal::Missing("issue"))?;
    Ok(json!({ "id": id.to_string(), "key": site.issue_key(issue) }))
}
