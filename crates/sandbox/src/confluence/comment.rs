//! Comments on pages. Those below a page and those beside a passage of it are two kinds; replies to a comment hang
//! under it and are in neither list.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::HeaderValue,
    response::Response,
};
use serde_json::{Value, json};

use super::{
    body::BodyFormat,
    error::ConfluenceError,
    page::{PagePath, webui},
    paging::{ListRequest, SortValue},
    time::timestamp,
};
use crate::{
    app::Sandbox,
    document::{Document, comment as composed},
    gateway::{Caller, View},
    params::Params,
    world::{
        activity::{PageComment, owner_of, page_comments},
        dice::Dice,
        pages::{ContentKind, Page, PageStatus},
        people::uuid,
        vocabulary::SENTENCES,
    },
};

const SORTS: [&str; 2] = ["created-date", "modified-date"];

/// Says, on the list of all inline comments, that it will go.
const DEPRECATION: &str = "<https://developer.atlassian.com/changelog/#CHANGE-1411>; rel=\"deprecation\"";

/// `GET /pages/{id}/footer-comments` and `GET /blogposts/{id}/footer-comments`
pub async fn footer(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let content = path.find_kind(view, kind)?;
    let link = format!("{}/{}/footer-comments", kind.folder(), content.id);
    list(view, &params, &link, [content].into_iter(), |comment| is_root(comment, false))
}

/// `GET /pages/{id}/inline-comments` and `GET /blogposts/{id}/inline-comments`
pub async fn inline(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let content = path.find_kind(view, kind)?;
    let states = params.list("resolution-status");
    let link = format!("{}/{}/inline-comments", kind.folder(), content.id);
    list(view, &params, &link, [content].into_iter(), |comment| {
        is_root(comment, true) && (states.is_empty() || states.contains(&resolution(comment)))
    })
}

/// `GET /footer-comments`: of all pages and blog posts.
pub async fn all_footer(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    list(view, &params, "footer-comments", everywhere(view), |comment| is_root(comment, false))
}

/// `GET /inline-comments`: of all pages and blog posts; deprecated.
pub async fn all_inline(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let inline = |comment: &PageComment| is_root(comment, true);
    let mut answer = list(view, &params, "inline-comments", everywhere(view), inline)?;
    let links = answer.headers().get("link").and_then(|links| links.to_str().ok()).unwrap_or_default();
    if let Ok(links) = HeaderValue::from_str(&format!("{DEPRECATION}, {links}")) {
        answer.headers_mut().insert("link", links);
    }
    Ok(answer)
}

/// `GET /footer-comments/{id}` and `GET /inline-comments/{id}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ConfluenceError> {
    let format = BodyFormat::read(&params, true)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let (content, comment) = find(view, path.id()?)?;
    let mut body = row(view, content, &comment, format);
    body["_links"]["base"] = json!(format!("{}/wiki", caller.site_url));
    Ok(Json(body))
}

/// `GET /footer-comments/{id}/children` and `GET /inline-comments/{id}/children`
pub async fn replies(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let (content, parent) = find(view, path.id()?)?;
    let kind = if parent.inline { "inline" } else { "footer" };
    let link = format!("{kind}-comments/{}/children", parent.id);
    list(view, &params, &link, [content].into_iter(), |comment| comment.parent == Some(parent.id))
}

fn find(view: View<'_>, id: u64) -> Result<(&Page, PageComment), ConfluenceError> {
    let content = view.any_content(owner_of(id)).ok_or_else(ConfluenceError::not_found)?;
    let comment = page_comments(view.site.seed, content).into_iter().find(|comment| comment.id == id);
    Ok((content, comment.ok_or_else(ConfluenceError::not_found)?))
}

fn everywhere(view: View<'_>) -> impl Iterator<Item = &Page> {
    let contents = view.pages().chain(view.contents(ContentKind::BlogPost));
    contents.filter(|content| content.status != PageStatus::Trashed)
}

fn list<'a>(
    view: View<'a>,
    params: &Params,
    link: &str,
    contents: impl Iterator<Item = &'a Page>,
    wanted: impl Fn(&PageComment) -> bool,
) -> Result<Response, ConfluenceError> {
    let request = ListRequest::read(format!("/api/v2/{link}"), params, 25, &SORTS)?;
    let format = BodyFormat::read(params, false)?;
    let comments = contents
        .flat_map(|content| page_comments(view.site.seed, content).into_iter().map(move |one| (content, one)))
        .filter(|(_, comment)| wanted(comment))
        .collect();
    let key = |(_, comment): &(&Page, PageComment)| (SortValue::Number(comment.created), comment.id);
    Ok(request.answer(view.caller, comments, key, |(content, comment)| row(view, content, comment, format)))
}

/// Whether a comment is in the list of its kind: replies are not.
fn is_root(comment: &PageComment, inline: bool) -> bool {
    comment.parent.is_none() && comment.inline == inline
}

fn resolution(comment: &PageComment) -> &'static str {
    if comment.resolved { "resolved" } else { "open" }
}

pub fn row(view: View<'_>, page: &Page, comment: &PageComment, format: Option<BodyFormat>) -> Value {
    let mut row = json!({
        "id": comment.id.to_string(),
        "status": "current",
        "title": format!("Re: {}", page.title),
        "version": {
            "number": comment.version,
            "message": "",
            "minorEdit": false,
            "authorId": view.world.people[comment.author].account_id,
            "createdAt": timestamp(comment.modified),
        },
        "_links": { "webui": format!("{}?focusedCommentId={}", webui(view, page), comment.id) },
    });
    match comment.parent {
        Some(parent) => row["parentCommentId"] = json!(parent.to_string()),
        None => row[page.kind.id_member()] = json!(page.id.to_string()),
    }
    if comment.inline {
        let mut dice = Dice::new(view.site.seed, "inline-comment", comment.id);
        let (marker, passage) = (uuid(dice.next(), dice.next()), dice.pick(&SENTENCES));
        row["resolutionStatus"] = json!(resolution(comment));
        // Both spellings are there.
        row["properties"] = json!({
            "inlineMarkerRef": marker,
            "inlineOriginalSelection": passage,
            "inline-marker-ref": marker,
            "inline-original-selection": passage,
        });
    }
    // Unlike pages, comments have no body at all unless a format is asked for.
    if let Some(format) = format {
        let document = match &comment.text {
            Some(storage) => Document::from_storage(storage),
            None => composed(view.site.seed, comment.id, &view.world.people),
        };
        let storage = comment.text.clone().unwrap_or_else(|| document.storage());
        row["body"] = format.body(&document, storage);
    }
    row
}
