//! Pages.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use super::{Purge, SitePath, ThingPath};
use crate::{
    app::Sandbox,
    world::{
        edit::{PageEdit, Refusal},
        pages::ContentKind,
        site::Site,
    },
};

/// `POST /__sandbox/sites/{site}/pages`
pub async fn create(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    Json(edit): Json<PageEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = site.create_content(ContentKind::Page, edit, now)?;
        Ok((StatusCode::CREATED, Json(handle(site, id)?)))
    })
}

/// `PATCH /__sandbox/sites/{site}/pages/{id}`
pub async fn edit(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<PageEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = find(&path.id)?;
        site.edit_page(id, edit, now)?;
        Ok(Json(handle(site, id)?))
    })
}

/// `DELETE /__sandbox/sites/{site}/pages/{id}`: into the trash, or with `?purge=true` for good.
pub async fn delete(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Query(query): Query<Purge>,
) -> Response {
    sandbox.change(&path.site, |site| {
        site.delete_page(find(&path.id)?, query.purge)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `POST /__sandbox/sites/{site}/blogposts`
pub async fn create_post(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    Json(edit): Json<PageEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = site.create_content(ContentKind::BlogPost, edit, now)?;
        Ok((StatusCode::CREATED, Json(handle(site, id)?)))
    })
}

/// `PATCH /__sandbox/sites/{site}/blogposts/{id}`
pub async fn edit_post(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Json(edit): Json<PageEdit>,
) -> Response {
    let now = sandbox.now_millis();
    sandbox.change(&path.site, |site| {
        let id = find(&path.id)?;
        site.edit_post(id, edit, now)?;
        Ok(Json(handle(site, id)?))
    })
}

/// `DELETE /__sandbox/sites/{site}/blogposts/{id}`: into the trash, or with `?purge=true` for good.
pub async fn delete_post(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ThingPath>,
    Query(query): Query<Purge>,
) -> Response {
    sandbox.change(&path.site, |site| {
        site.delete_post(find(&path.id)?, query.purge)?;
        Ok(StatusCode::NO_CONTENT)
    })
}

fn find(id: &str) -> Result<u64, Refusal> {
    id.parse().map_err(|_| Refusal::Missing("page"))
}

/// Pages have no key; the answer has the space's, so that all answers look alike.
fn handle(site: &Site, id: u64) -> Result<Value, Refusal> {
    let page = site.page(id).or_else(|| site.post(id)).ok_or(Refusal::Missing("page"))?;
    let space = site.space(page.space).ok_or(Refusal::Missing("space"))?;
    Ok(json!({ "id": id.to_string(), "key": space.key }))
}
