//! Comments and worklogs of issues.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ThingPath, issues::find};
use crate::{
    app::Sandbox,
    webhooks::Event,
    world::edit::{CommentEdit, WorklogEdit},
};

/// A comment or worklog of an issue.
#[derive(Deserialize)]
pub struct EntryPath {
    site: String,
    id: String,
    entry: u64,
}

/// `POST /__sandbox/sites/{site}/issues/{id or key}/comments`
pub async fn create_comment(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<CommentEdit>,
) -> Response {
    let now = sandbox.now_millis();
    let mut written = None;
    let answer = sandbox.change(&path.site, |site| {
        let issue = find(site, &path.id)?;
        let id = site.create_comment(issue, edit, now)?;
        written = Some((issue, id));
        Ok(created(id))
    });
    if let Some((issue, id)) = written {
        sandbox.deliver(sandbox.deliveries(&path.site, issue, Event::CommentCreated(id)));
    }
    answer
}

/// `PATCH /__sandbox/sites/{site}/issues/{id or key}/comments/{comment}`
pub async fn edit_comment(
    State(sandbox): State<Sandbox>,
    Path(path): Path<EntryPath>,
    Json(edit): Json<CommentEdit>,
) -> Response {
    let now = sandbox.now_millis();
    let mut written = None;
    let answer = sandbox.change(&path.site, |site| {
        let issue = find(site, &path.id)?;
        site.edit_comment(issue, path.entry, edit, now)?;
        written = Some(issue);
        Ok(Json(handle(path.entry)))
    });
    if let Some(issue) = written {
        sandbox.deliver(sandbox.deliveries(&path.site, issue, Event::CommentUpdated(path.entry)));
    }
    answer
}

/// `DELETE /__sandbox/sites/{site}/issues/{id or key}/comments/{comment}`
pub async fn delete_comment(State(sandbox): State<Sandbox>, Path(path): Path<EntryPath>) -> Response {
    let now = sandbox.now_millis();
    let issue = {
        let world = sandbox.world();
        let site = world.site_by_name(&path.site).map(|index| &world.sites[index]);
        site.and_then(|site| find(site, &path.id).ok())
    };
    let last_words =
        issue.map(|issue| sandbox.deliveries(&path.site, issue, Event::CommentDeleted(path.entry)));
    let answer = sandbox.change(&path.site, |site| {
        let issue = find(site, &path.id)?;
        site.delete_comment(issue, path.entry, now)?;
        Ok(StatusCode::NO_CONTENT)
    });
    if answer.status().is_success() {
        sandbox.deliver(last_words.unwrap_or_default());
    }
    answer
}

/// `POST /__sandbox/sites/{site}/issues/{id or key}/worklogs`
pub async fn create_worklog(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<WorklogEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let issue = find(site, &path.id)?;
        Ok(created(site.create_worklog(issue, edit, now)?))
    })
}

/// `PATCH /__sandbox/sites/{site}/issues/{id or key}/worklogs/{worklog}`
pub async fn edit_worklog(
    State(sandbox): State<Sandbox>,
    Path(path): Path<EntryPath>,
    Json(edit): Json<WorklogEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let issue = find(site, &path.id)?;
        site.edit_worklog(issue, path.entry, edit, now)?;
        Ok(Json(handle(path.entry)))
    })
}

/// `DELETE /__sandbox/sites/{site}/issues/{id or key}/worklogs/{worklog}`
pub async fn delete_worklog(State(sandbox): State<Sandbox>, Path(path): Path<EntryPath>) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let issue = find(site, &path.id)?;
        site.delete_worklog(issue, path.entry, now)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn created(id: u64) -> impl IntoResponse {
    (StatusCode::CREATED, Json(handle(id)))
}

fn handle(id: u64) -> Value {
    json!({ "id": id.to_string() })
}
