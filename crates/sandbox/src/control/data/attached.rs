//! What hangs on things: comments of pages and blog posts, files of anything.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{ThingPath, issues};
use crate::{
    app::Sandbox,
    webhooks::Event,
    world::edit::{FileEdit, PageCommentEdit, Refusal},
};

/// Something that hangs on a thing.
#[derive(Deserialize)]
pub struct AttachedPath {
    site: String,
    id: String,
    entry: String,
}

impl AttachedPath {
    /// Ids of Confluence's files begin with `att`, as answers have them.
    fn entry(&self) -> Result<u64, Refusal> {
        let digits = self.entry.strip_prefix("att").unwrap_or(&self.entry);
        digits.parse().map_err(|_| Refusal::Missing("comment or file"))
    }
}

/// `POST /__sandbox/sites/{site}/pages/{id}/comments`, and of a blog post
pub async fn create_comment(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<PageCommentEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        Ok(created(&site.create_page_comment(number(&path.id)?, edit, now)?.to_string()))
    })
}

/// `PATCH /__sandbox/sites/{site}/pages/{id}/comments/{comment}`, and of a blog post
pub async fn edit_comment(
    State(sandbox): State<Sandbox>,
    Path(path): Path<AttachedPath>,
    Json(edit): Json<PageCommentEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        site.edit_page_comment(number(&path.id)?, path.entry()?, edit, now)?;
        Ok(Json(json!({ "id": path.entry })))
    })
}

/// `DELETE /__sandbox/sites/{site}/pages/{id}/comments/{comment}`, and of a blog post
pub async fn delete_comment(State(sandbox): State<Sandbox>, Path(path): Path<AttachedPath>) -> Response {
    sandbox.change(&path.site, |site| {
        site.delete_page_comment(number(&path.id)?, path.entry()?)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `POST /__sandbox/sites/{site}/pages/{id}/attachments`, and of a blog post
pub async fn create_page_file(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<FileEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = site.create_page_file(number(&path.id)?, edit, now)?;
        Ok(created(&format!("att{id}")))
    })
}

/// `DELETE /__sandbox/sites/{site}/pages/{id}/attachments/{file}`, and of a blog post
pub async fn delete_page_file(State(sandbox): State<Sandbox>, Path(path): Path<AttachedPath>) -> Response {
    sandbox.change(&path.site, |site| {
        site.delete_page_file(number(&path.id)?, path.entry()?)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `POST /__sandbox/sites/{site}/issues/{id or key}/attachments`
pub async fn create_issue_file(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<FileEdit>,
) -> Response {
    let now = sandbox.now_millis();
    let mut changed = None;
    let answer = sandbox.change(&path.site, |site| {
        let issue = issues::find(site, &path.id)?;
        let id = site.create_issue_file(issue, edit, now)?;
        changed = Some(issue);
        Ok(created(&id.to_string()))
    });
    sandbox.tell(&path.site, changed);
    answer
}

/// `DELETE /__sandbox/sites/{site}/issues/{id or key}/attachments/{file}`
pub async fn delete_issue_file(State(sandbox): State<Sandbox>, Path(path): Path<AttachedPath>) -> Response {
    let now = sandbox.now_millis();
    let mut changed = None;
    let answer = sandbox.change(&path.site, |site| {
        let issue = issues::find(site, &path.id)?;
        site.delete_issue_file(issue, path.entry()?, now)?;
        changed = Some(issue);
        Ok(StatusCode::NO_CONTENT)
    });
    sandbox.tell(&path.site, changed);
    answer
}

impl Sandbox {
    /// A file came or went: an update without changed fields.
    fn tell(&self, site: &str, issue: Option<u64>) {
        let Some(issue) = issue else { return };
        let changes = {
            let world = self.world();
            let found = world.site_by_name(site).and_then(|index| world.sites[index].issue(issue));
            found.map_or(0, |issue| issue.changes.len())
        };
        self.deliver(self.deliveries(site, issue, Event::IssueUpdated(changes)));
    }
}

fn created(id: &str) -> impl IntoResponse + use<> {
    (StatusCode::CREATED, Json(json!({ "id": id })))
}

fn number(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| Refusal::Missing("page"))
}
