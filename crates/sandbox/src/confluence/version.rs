//! Versions of pages.

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::{BodyFormat, body_of_version},
    error::ConfluenceError,
    page::{PagePath, version},
    paging::{ListRequest, SortValue},
};
use crate::{
    app::Sandbox,
    gateway::Caller,
    params::Params,
    world::pages::{ContentKind, PageVersion},
};

/// `GET /pages/{id}/versions` and `GET /blogposts/{id}/versions`: newest first.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let page = path.find_kind(view, kind)?;
    let link = format!("/api/v2/{}/{}/versions", kind.folder(), page.id);
    let format = BodyFormat::read(&params, false)?;
    let request = ListRequest::read(link, &params, 25, &["-modified-date", "modified-date"])?;
    let key = |entry: &PageVersion| (SortValue::Number(entry.at), u64::from(entry.number));
    let row = |entry: &PageVersion| {
        let mut row = version(view, entry);
        let title = entry.title.as_ref().unwrap_or(&page.title);
        row[kind.name()] = json!({ "id": page.id.to_string(), "title": title });
        if format.is_some() {
            row[kind.name()]["body"] = body_of_version(view, page, entry, format);
        }
        row
    };
    Ok(request.answer(&caller, page.versions(view.site.seed), key, row))
}

#[derive(Deserialize)]
pub struct VersionPath {
    id: String,
    number: String,
}

/// `GET /pages/{page-id}/versions/{version-number}` and the same of a blog post.
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<VersionPath>,
    caller: Caller,
) -> Result<Json<Value>, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let page = PagePath { id: path.id }.find_kind(view, kind)?;
    let number: u32 = path
        .number
        .parse()
        .map_err(|_| ConfluenceError::wrong_type(&path.number, "version-number", "int"))?;
    let versions = page.versions(view.site.seed);
    let found =
        versions.iter().find(|entry| entry.number == number).ok_or_else(ConfluenceError::not_found)?;
    let mut body = version(view, found);
    let account = |person: usize| view.world.people[person].account_id.as_str();
    let until = versions.iter().take_while(|entry| entry.number <= number);
    let mut collaborators: Vec<&str> = until.map(|entry| account(entry.by)).collect();
    collaborators.sort_unstable();
    collaborators.dedup();
    body["contentTypeModified"] = json!(false);
    body["collaborators"] = json!(collaborators);
    if number > 1 {
        body["prevVersion"] = json!(number - 1);
    }
    if number < page.version {
        body["nextVersion"] = json!(number + 1);
    }
    Ok(Json(body))
}
