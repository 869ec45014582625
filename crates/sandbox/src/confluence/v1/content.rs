//! Content in the form of version 1. At the gateway it is gone; sites still answer it to API tokens.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{error, paging::Part, search::matching};
use crate::{
    app::Sandbox,
    confluence::{
        attachment::{attachments_of, download_link},
        body::{BodyFormat, body},
        label::labels_of,
        page::webui,
        time::timestamp,
    },
    document::comment as composed,
    gateway::{Caller, View},
    params::Params,
    query::SyntaxError,
    world::{
        activity::{Attachment, PageComment, page_comments},
        pages::{ContentKind, Page, PageStatus, Parent},
    },
};

const BODIES: [(&str, BodyFormat); 4] = [
    ("storage", BodyFormat::Storage),
    ("atlas_doc_format", BodyFormat::AtlasDocFormat),
    ("view", BodyFormat::Rendered("view")),
    ("export_view", BodyFormat::Rendered("export_view")),
];

#[derive(Deserialize)]
pub struct ContentPath {
    id: String,
}

#[derive(Deserialize)]
pub struct ChildPath {
    id: String,
    kind: String,
}

/// `GET /content`
pub async fn list(State(sandbox): State<Sandbox>, caller: Caller, params: Params) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    let kind = if params.get("type") == Some("blogpost") { ContentKind::BlogPost } else { ContentKind::Page };
    let status = params.get("status").unwrap_or("current");
    let (space, title) = (params.get("spaceKey"), params.get("title"));
    let wanted = |page: &&Page| {
        (status == "any" || page.status.name() == status)
            && title.is_none_or(|title| title == page.title)
            && space.is_none_or(|key| view.space(page.space).is_some_and(|space| space.key == key))
    };
    let found: Vec<&Page> = view.contents(kind).filter(wanted).collect();
    let expand = params.list("expand");
    Part::read(&params, 25, 250).answer(&caller, "content", &params, &found, |page| row(view, page, &expand))
}

/// `GET /content/search?cql=`
pub async fn search(State(sandbox): State<Sandbox>, caller: Caller, params: Params) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    match matching(view, sandbox.now(), params.get("cql").unwrap_or_default(), false) {
        Ok(found) => {
            let expand = params.list("expand");
            let part = Part::read(&params, 25, 250);
            part.answer(&caller, "content/search", &params, &found, |page| row(view, page, &expand))
        }
        Err(SyntaxError(message)) => error(StatusCode::BAD_REQUEST, false, &message),
    }
}

/// `GET /content/{id}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ContentPath>,
    caller: Caller,
    params: Params,
) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    let Some(page) = find(view, &path.id) else { return missing(&path.id) };
    Json(row(view, page, &params.list("expand"))).into_response()
}

/// `GET /content/{id}/child/{page|attachment|comment}`
pub async fn children(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ChildPath>,
    caller: Caller,
    params: Params,
) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    let Some(page) = find(view, &path.id) else { return missing(&path.id) };
    let part = Part::read(&params, 25, 250);
    let link = format!("content/{}/child/{}", page.id, path.kind);
    let expand = params.list("expand");
    match path.kind.as_str() {
        "page" => {
            let own = Some(Parent::Page(page.id));
            let below = view.pages().filter(|page| page.parent == own && page.status == PageStatus::Current);
            let below: Vec<&Page> = below.collect();
            part.answer(&caller, &link, &params, &below, |page| row(view, page, &expand))
        }
        "attachment" => {
            let files = attachments_of(view, page);
            part.answer(&caller, &link, &params, &files, |file| attachment(view, page, file))
        }
        "comment" => {
            let comments = page_comments(view.site.seed, page);
            part.answer(&caller, &link, &params, &comments, |one| comment(view, page, one, &expand))
        }
        _ => missing(&path.kind),
    }
}

/// `GET /content/{id}/label`
pub async fn labels(
    State(sandbox): State<Sandbox>,
    Path(path): Path<ContentPath>,
    caller: Caller,
    params: Params,
) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    let Some(page) = find(view, &path.id) else { return missing(&path.id) };
    let link = format!("content/{}/label", page.id);
    Part::read(&params, 200, 200).answer(&caller, &link, &params, &labels_of(view, page), label)
}

fn find<'a>(view: View<'a>, id: &str) -> Option<&'a Page> {
    view.any_content(id.parse().ok()?)
}

pub fn missing(what: &str) -> Response {
    let message = format!(
        "com.atlassian.confluence.api.service.exceptions.NotFoundException: No content found with id: {what}"
    );
    error(StatusCode::NOT_FOUND, true, &message)
}

fn label(label: &Value) -> Value {
    json!({ "prefix": "global", "name": label["name"], "id": label["id"], "label": label["name"] })
}

/// Content with what was expanded.
fn row(view: View<'_>, page: &Page, expand: &[&str]) -> Value {
    let has = |name: &str| expand.iter().any(|one| *one == name || one.starts_with(&format!("{name}.")));
    let id = page.id.to_string();
    let mut row = json!({
        "id": id,
        "type": page.kind.name(),
        "status": page.status.name(),
        "title": page.title,
        "extensions": { "position": page.position },
        "_expandable": {},
        "_links": {
            "webui": webui(view, page),
            "tinyui": format!("/x/{:x}", page.id),
            "self": format!("{}/wiki/rest/api/content/{id}", view.caller.site_url),
            "base": format!("{}/wiki", view.caller.site_url),
            "context": "/wiki",
        },
    });
    if let (true, Some(space)) = (has("space"), view.space(page.space)) {
        row["space"] = super::space::row(view, space, &[]);
    }
    if has("version") {
        row["version"] = json!({
            "by": person(view, page.editor),
            "when": timestamp(page.modified),
            "number": page.version,
            "message": page.message,
            "minorEdit": false,
        });
    }
    if has("history") {
        row["history"] = json!({
            "latest": true,
            "createdBy": person(view, page.author),
            "createdDate": timestamp(page.created),
            "lastUpdated": { "by": person(view, page.editor), "when": timestamp(page.modified), "number": page.version },
        });
    }
    if has("ancestors") {
        row["ancestors"] = ancestors(view, page).into();
    }
    if has("metadata") {
        let labels: Vec<Value> = labels_of(view, page).iter().map(label).collect();
        let size = labels.len();
        row["metadata"] = json!({ "labels": { "results": labels, "start": 0, "limit": 200, "size": size } });
    }
    for (name, format) in BODIES {
        if expand.contains(&format!("body.{name}").as_str()) {
            row["body"][name] = body(view, page, Some(format))[name].clone();
        }
    }
    row
}

/// From the top down; folders have no form in version 1.
fn ancestors(view: View<'_>, page: &Page) -> Vec<Value> {
    let mut above = Vec::new();
    let mut next = page.parent;
    while let Some(parent) = next {
        next = match parent {
            Parent::Folder(id) => view.site.folder(id).and_then(|folder| folder.parent),
            Parent::Page(id) => {
                let page = view.site.page(id);
                above.extend(page.map(|page| row(view, page, &[])));
                page.and_then(|page| page.parent)
            }
        };
    }
    above.reverse();
    above
}

fn attachment(view: View<'_>, page: &Page, file: &Attachment) -> Value {
    let base = format!("/download/attachments/{}/{}", page.id, file.id);
    json!({
        "id": format!("att{}", file.id),
        "type": "attachment",
        "status": "current",
        "title": file.name,
        "metadata": { "mediaType": file.media_type, "comment": "" },
        "extensions": { "mediaType": file.media_type, "fileSize": file.size, "comment": "" },
        "version": { "by": person(view, file.author), "when": timestamp(file.created), "number": 1 },
        "_links": { "webui": base, "download": download_link(page, file) },
    })
}

fn comment(view: View<'_>, page: &Page, comment: &PageComment, expand: &[&str]) -> Value {
    let mut row = json!({
        "id": comment.id.to_string(),
        "type": "comment",
        "status": "current",
        "title": format!("Re: {}", page.title),
        "version": { "by": person(view, comment.author), "when": timestamp(comment.created), "number": 1 },
        "extensions": { "location": if comment.inline { "inline" } else { "footer" } },
        "_links": { "webui": format!("{}?focusedCommentId={}", webui(view, page), comment.id) },
    });
    let document = composed(view.site.seed, comment.id, &view.world.people);
    for (name, format) in BODIES {
        if expand.contains(&format!("body.{name}").as_str()) {
            row["body"][name] = format.body(&document, document.storage())[name].clone();
        }
    }
    row
}

fn person(view: View<'_>, person: usize) -> Value {
    let person = &view.world.people[person];
    json!({
        "type": "known",
        "accountId": person.account_id,
        "accountType": person.account_type,
        "email": person.email.as_deref().unwrap_or_default(),
        "publicName": person.name,
        "displayName": person.name,
    })
}
