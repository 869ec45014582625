//! Attachments of issues: metadata, and a redirect to the content, which lies on another host.

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{fields::Selection, row::Renderer};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    jira::{ApiVersion, error::JiraError},
    params::Params,
    world::activity::{Attachment, issue_attachments, owner_of},
};

#[derive(Deserialize)]
pub struct AttachmentPath {
    id: String,
}

impl AttachmentPath {
    fn find(&self, view: View<'_>) -> Result<Attachment, JiraError> {
        let missing = || JiraError::not_found(format!("The attachment with id '{}' does not exist", self.id));
        let id: u64 = self.id.parse().map_err(|_| missing())?;
        let issue = view.issue(&owner_of(id).to_string()).ok_or_else(missing)?;
        let all = issue_attachments(view.site.seed, issue);
        all.into_iter().find(|attachment| attachment.id == id).ok_or_else(missing)
    }
}

/// `GET /attachment/{id}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<AttachmentPath>,
    caller: Caller,
) -> Result<Json<Value>, JiraError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let found = path.find(view)?;
    let selection = Selection::read(&[], "id");
    let mut body = attachment(&Renderer::new(view, version, &selection, &[]), &found);
    // Here, and only here, the id is a number.
    body["id"] = json!(found.id);
    Ok(Json(body))
}

/// `GET /attachment/content/{id}`: leads to the media host, or streams with `redirect=false`.
pub async fn content(
    State(sandbox): State<Sandbox>,
    Path(path): Path<AttachmentPath>,
    caller: Caller,
    params: Params,
) -> Result<Response, JiraError> {
    let world = sandbox.world();
    let found = path.find(caller.view(&world))?;
    if params.get("redirect") == Some("false") {
        return Ok(file(&found.media_type, found.size));
    }
    let location = found.media_url(sandbox.base_url());
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

#[derive(Deserialize)]
pub struct MediaPath {
    media_type: String,
    size: usize,
}

/// The media host. Its addresses are signed on the real thing, and it refuses a token that was not meant for it.
pub async fn media(Path(path): Path<MediaPath>, headers: axum::http::HeaderMap) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    file(&path.media_type.replacen('.', "/", 1), path.size.min(1 << 20))
}

fn file(media_type: &str, size: usize) -> Response {
    let content: Vec<u8> = b"Sandbox attachment. ".iter().copied().cycle().take(size).collect();
    let headers = [(header::CONTENT_TYPE, String::from(media_type))];
    (headers, Body::from(content)).into_response()
}

/// An attachment as issues have it.
pub fn attachment(renderer: &Renderer<'_>, file: &Attachment) -> Value {
    let mut row = json!({
        "self": renderer.urls.resource(&format!("attachment/{}", file.id)),
        "id": file.id.to_string(),
        "filename": file.name,
        "author": renderer.person(file.author),
        "created": renderer.time(file.created),
        "size": file.size,
        "mimeType": file.media_type,
        "content": renderer.urls.resource(&format!("attachment/content/{}", file.id)),
    });
    if file.media_type.starts_with("image/") {
        row["thumbnail"] = json!(renderer.urls.resource(&format!("attachment/thumbnail/{}", file.id)));
    }
    row
}
