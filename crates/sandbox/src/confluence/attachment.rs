//! Attachments of pages and blog posts.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::ConfluenceError,
    page::PagePath,
    paging::{ListRequest, SortValue},
    time::timestamp,
};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    world::{
        activity::{Attachment, owner_of, page_attachments},
        dice::Dice,
        pages::{ContentKind, Page, PageStatus},
        people::uuid,
    },
};

/// Lists of attachments are longer than other lists.
const DEFAULT_LIMIT: usize = 50;

/// `GET /attachments`: of all pages and blog posts.
pub async fn list(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let contents = view.pages().chain(view.contents(ContentKind::BlogPost));
    let contents = contents.filter(|content| content.status != PageStatus::Trashed);
    answer(view, &params, "/api/v2/attachments", contents)
}

/// `GET /pages/{id}/attachments` and `GET /blogposts/{id}/attachments`
pub async fn list_of_content(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let content = path.find_kind(view, kind)?;
    let link = format!("/api/v2/{}/{}/attachments", kind.folder(), content.id);
    answer(view, &params, &link, [content].into_iter())
}

fn answer<'a>(
    view: View<'a>,
    params: &Params,
    link: &str,
    contents: impl Iterator<Item = &'a Page>,
) -> Result<Response, ConfluenceError> {
    let request = ListRequest::read(link, params, DEFAULT_LIMIT, &["modified-date", "created-date"])?;
    let statuses = params.list("status");
    let (media_type, name) = (params.get("mediaType"), params.get("filename"));
    let wanted = |(_, file): &(&Page, Attachment)| {
        (statuses.is_empty() || statuses.contains(&"current"))
            && media_type.is_none_or(|media_type| media_type == file.media_type)
            && name.is_none_or(|name| name == file.name)
    };
    let files = contents
        .flat_map(|content| attachments_of(view, content).into_iter().map(move |file| (content, file)))
        .filter(wanted)
        .collect();
    let key = |(_, file): &(&Page, Attachment)| (SortValue::Number(file.created), file.id);
    Ok(request.answer(view.caller, files, key, |(content, file)| row(view, content, file)))
}

#[derive(Deserialize)]
pub struct DownloadPath {
    id: u64,
    name: String,
}

/// `GET /download/attachments/{id}/{name}`: leads to the media host.
pub async fn download(
    State(sandbox): State<Sandbox>,
    Path(path): Path<DownloadPath>,
    caller: Caller,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let content = view.any_content(path.id).ok_or_else(ConfluenceError::not_found)?;
    let file = attachments_of(view, content).into_iter().find(|file| file.name == path.name);
    let file = file.ok_or_else(ConfluenceError::not_found)?;
    let location = file.media_url(sandbox.base_url());
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

/// `GET /attachments/{id}`: ids begin with `att`.
pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
) -> Result<Json<Value>, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let id: Option<u64> = path.id.strip_prefix("att").and_then(|id| id.parse().ok());
    let page = id.and_then(|id| view.any_content(owner_of(id)));
    let found = page.and_then(|page| {
        let file = attachments_of(view, page).into_iter().find(|file| Some(file.id) == id)?;
        Some(row(view, page, &file))
    });
    let mut body = found.ok_or_else(ConfluenceError::not_found)?;
    body["_links"]["base"] = json!(format!("{}/wiki", caller.site_url));
    Ok(Json(body))
}

pub fn attachments_of(view: View<'_>, page: &Page) -> Vec<Attachment> {
    page_attachments(view.site.seed, page)
}

/// Where a file can be had, relative to `/wiki`.
pub fn download_link(page: &Page, file: &Attachment) -> String {
    let name = utf8_percent_encode(&file.name, NON_ALPHANUMERIC);
    format!(
        "/download/attachments/{}/{name}?version=1&modificationDate={}&cacheVersion=1&api=v2",
        page.id, file.created
    )
}

pub fn row(view: View<'_>, page: &Page, file: &Attachment) -> Value {
    let mut dice = Dice::new(view.site.seed, "file", file.id);
    let name = utf8_percent_encode(&file.name, NON_ALPHANUMERIC).to_string();
    let download = download_link(page, file);
    let webui = format!(
        "/pages/viewpageattachments.action?pageId={0}&preview=%2F{0}%2F{1}%2F{name}",
        page.id, file.id
    );
    json!({
        "id": format!("att{}", file.id),
        "status": "current",
        "title": file.name,
        "createdAt": timestamp(file.created),
        page.kind.id_member(): page.id.to_string(),
        "mediaType": file.media_type,
        "mediaTypeDescription": null,
        "comment": "",
        "fileId": uuid(dice.next(), dice.next()),
        "fileSize": file.size,
        "webuiLink": webui,
        "downloadLink": download,
        "version": {
            "number": 1,
            "message": "",
            "minorEdit": false,
            "authorId": view.world.people[file.author].account_id,
            "createdAt": timestamp(file.created),
        },
        "_links": { "webui": webui, "download": download },
    })
}
