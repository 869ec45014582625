//! Attachments of pages: metadata only.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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
        LAST_DAY,
        activity::{Attachment, attachments, owner_of},
        dice::Dice,
        pages::{Page, PageStatus},
        people::uuid,
    },
};

/// Lists of attachments are longer than other lists.
const DEFAULT_LIMIT: usize = 50;

/// `GET /pages/{id}/attachments`
pub async fn list(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let page = path.find(view)?;
    let link = format!("/api/v2/pages/{}/attachments", page.id);
    let request = ListRequest::read(link, &params, DEFAULT_LIMIT, &["modified-date", "created-date"])?;
    let (media_type, name) = (params.get("mediaType"), params.get("filename"));
    let wanted = |file: &Attachment| {
        media_type.is_none_or(|media_type| media_type == file.media_type)
            && name.is_none_or(|name| name == file.name)
    };
    let files = attachments_of(view, page).into_iter().filter(wanted).collect();
    let key = |file: &Attachment| (SortValue::Number(file.created), file.id);
    Ok(request.answer(&caller, files, key, |file| row(view, page, file)))
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
    let page = id.and_then(|id| view.page(owner_of(id))).filter(|page| page.status != PageStatus::Trashed);
    let found = page.and_then(|page| {
        let file = attachments_of(view, page).into_iter().find(|file| Some(file.id) == id)?;
        Some(row(view, page, &file))
    });
    let mut body = found.ok_or_else(ConfluenceError::not_found)?;
    body["_links"]["base"] = json!(format!("{}/wiki", caller.site_url));
    Ok(Json(body))
}

fn attachments_of(view: View<'_>, page: &Page) -> Vec<Attachment> {
    if !page.original {
        return Vec::new();
    }
    attachments(view.site.seed, page.id, page.created, LAST_DAY)
}

fn row(view: View<'_>, page: &Page, file: &Attachment) -> Value {
    let mut dice = Dice::new(view.site.seed, "file", file.id);
    let name = utf8_percent_encode(file.name, NON_ALPHANUMERIC).to_string();
    // Relative to `/wiki`.
    let download = format!(
        "/download/attachments/{}/{name}?version=1&modificationDate={}&cacheVersion=1&api=v2",
        page.id, file.created
    );
    let webui = format!(
        "/pages/viewpageattachments.action?pageId={0}&preview=%2F{0}%2F{1}%2F{name}",
        page.id, file.id
    );
    json!({
        "id": format!("att{}", file.id),
        "status": "current",
        "title": file.name,
        "createdAt": timestamp(file.created),
        "pageId": page.id.to_string(),
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
