//! Spaces.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use super::{SitePath, ThingPath, refusal};
use crate::{
    app::Sandbox,
    world::{
        edit::{Refusal, SpaceEdit},
        site::Site,
    },
};

/// `POST /__sandbox/sites/{site}/spaces`
pub async fn create(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    Json(edit): Json<SpaceEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = site.create_space(edit, now)?;
        Ok((StatusCode::CREATED, Json(handle(site, id)?)))
    })
}

/// `PATCH /__sandbox/sites/{site}/spaces/{id or key}`
pub async fn edit(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<SpaceEdit>,
) -> Response {
    let hidden_from = match sandbox.accounts(edit.hidden_from.as_deref()) {
        Ok(people) => people,
        Err(nobody) => return refusal(StatusCode::NOT_FOUND, &nobody),
    };
    sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        site.edit_space(id, edit, hidden_from)?;
        Ok(Json(handle(site, id)?))
    })
}

/// `DELETE /__sandbox/sites/{site}/spaces/{id or key}`
pub async fn delete(State(sandbox): State<Sandbox>, Path(path): Path<ThingPath>) -> Response {
    sandbox.change(&path.site, |site| {
        let id = find(site, &path.id)?;
        site.delete_space(id)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn find(site: &Site, id_or_key: &str) -> Result<u64, Refusal> {
    let by_id = id_or_key.parse().ok().and_then(|id| site.space(id));
    by_id.or_else(|| site.space_by_key(id_or_key)).map(|space| space.id).ok_or(Refusal::Missing("space"))
}

fn handle(site: &Site, id: u64) -> Result<Value, Refusal> {
    let space = site.space(id).ok_or(Refusal::Missing("space"))?;
    Ok(json!({ "id": id.to_string(), "key": space.key }))
}
