//! Everything that a site holds, to compare a copy with.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::data::{SitePath, refusal};
use crate::{
    app::Sandbox,
    confluence, jira,
    world::{
        pages::{Page, PageStatus},
        projects::ProjectState,
    },
};

/// `GET /__sandbox/sites/{site}/truth`. `projects`, `issues`, `spaces` and `pages` are what the default person finds
/// by listing; what is archived, deleted or in the trash stands apart.
pub async fn show(State(sandbox): State<Sandbox>, Path(path): Path<SitePath>) -> Response {
    let world = sandbox.world();
    let Some(site) = world.site_by_name(&path.site).map(|index| &world.sites[index]) else {
        return refusal(StatusCode::NOT_FOUND, "there is no such site");
    };
    let project = |live: bool| {
        let wanted =
            site.projects.iter().filter(move |project| (project.state == ProjectState::Live) == live);
        wanted
            .map(|project| {
                json!({
                    "id": project.id.to_string(),
                    "key": project.key,
                    "name": project.name,
                    "status": project.state.name(),
                })
            })
            .collect::<Vec<Value>>()
    };
    let live: Vec<u64> = site
        .projects
        .iter()
        .filter(|project| project.state == ProjectState::Live)
        .map(|project| project.id)
        .collect();
    let issues = site.issues.iter().filter(|issue| live.contains(&issue.project)).map(|issue| {
        json!({
            "id": issue.id.to_string(),
            "key": site.issue_key(issue),
            "title": issue.summary,
            "updated": jira::timestamp(issue.updated, site.zone),
        })
    });
    let spaces = site.spaces.iter().map(|space| {
        json!({
            "id": space.id.to_string(),
            "key": space.key,
            "name": space.name,
            "status": if space.archived { "archived" } else { "current" },
        })
    });
    let page = |page: &Page| {
        json!({
            "id": page.id.to_string(),
            "space_id": page.space.to_string(),
            "parent_id": page.parent.map(|parent| parent.id().to_string()),
            "title": page.title,
            "status": page.status.name(),
            "version": page.version,
            "updated": confluence::timestamp(page.modified),
        })
    };
    let (trashed, pages): (Vec<&Page>, Vec<&Page>) =
        site.pages.iter().partition(|page| page.status == PageStatus::Trashed);
    Json(json!({
        "projects": project(true),
        "retired_projects": project(false),
        "issues": issues.collect::<Vec<Value>>(),
        "spaces": spaces.collect::<Vec<Value>>(),
        "pages": pages.into_iter().map(page).collect::<Vec<Value>>(),
        "blog_posts": site.posts.iter().map(page).collect::<Vec<Value>>(),
        "trashed_pages": trashed.into_iter().map(page).collect::<Vec<Value>>(),
    }))
    .into_response()
}
