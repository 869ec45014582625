//! Projects.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use super::{Purge, SitePath, ThingPath, refusal};
use crate::{
    app::Sandbox,
    world::{
        edit::{ProjectEdit, Refusal},
        site::Site,
    },
};

/// `POST /__sandbox/sites/{site}/projects`
pub async fn create(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    Json(edit): Json<ProjectEdit>,
) -> Response {
    sandbox.change(&path.site, |site| {
        let id = site.create_project(edit)?;
        Ok((StatusCode::CREATED, Json(handle(site, id)?)))
    })
}

/// `PATCH /__sandbox/sites/{site}/projects/{id or key}`
pub async fn edit(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<ProjectEdit>,
) -> Response {
    let now = sandbox.now_millis();
    let hidden_from = match sandbox.accounts(edit.hidden_from.as_deref()) {
        Ok(people) => people,
        Err(nobody) => return refusal(StatusCode::NOT_FOUND, &nobody),
    };
    sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        site.edit_project(id, edit, hidden_from, now)?;
        Ok(Json(handle(site, id)?))
    })
}

/// `DELETE /__sandbox/sites/{site}/projects/{id or key}`
pub async fn delete(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Query(query): Query<Purge>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        site.delete_project(id, query.purge, now)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn find(site: &Site, id_or_key: &str) -> Result<u64, Refusal> {
    site.project_by_id_or_key(id_or_key).map(|project| project.id).ok_or(Refusal::Missing("project"))
}

fn handle(site: &Site, id: u64) -> Result<Value, Refusal> {
    let project = site.project(id).ok_or(Refusal::Missing("project"))?;
    Ok(json!({ "id": id.to_string(), "key": project.key }))
}
