//! Comments on pages. Those below a page and those beside a passage of it are two kinds; replies to a comment hang
//! under it and are in neither list.

use axum::{
    extract::{Path, State},
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
    document::comment as composed,
    gateway::{Caller, View},
    params::Params,
    world::{
        activity::{PageComment, owner_of, page_comments},
        dice::Dice,
        pages::{Page, PageStatus},
        people::uuid,
        vocabulary::SENTENCES,
    },
};

const SORTS: [&str; 2] = ["created-date", "modified-date"];

/// `GET /pages/{id}/footer-comments`
pub async fn footer(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let page = path.id()?;
    list(&sandbox, &caller, &params, page, &format!("pages/{page}/footer-comments"), |comment| {
        comment.parent.is_none() && !comment.inline
    })
}

/// `GET /pages/{id}/inline-comments`
pub async fn inline(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let page = path.id()?;
    let states = params.list("resolution-status");
    list(&sandbox, &caller, &params, page, &format!("pages/{page}/inline-comments"), |comment| {
        comment.parent.is_none()
            && comment.inline
            && (states.is_empty() || states.contains(&resolution(comment)))
    })
}

/// `GET /footer-comments/{id}/children` and `GET /inline-comments/{id}/children`
pub async fn replies(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let parent = path.id()?;
    let page = owner_of(parent);
    let known = {
        let world = sandbox.world();
        let view = caller.view(&world);
        view.page(page).and_then(|page| {
            page_comments(view.site.seed, page).into_iter().find(|comment| comment.id == parent)
        })
    };
    let kind = if known.ok_or_else(ConfluenceError::not_found)?.inline { "inline" } else { "footer" };
    list(&sandbox, &caller, &params, page, &format!("{kind}-comments/{parent}/children"), |comment| {
        comment.parent == Some(parent)
    })
}

fn list(
    sandbox: &Sandbox,
    caller: &Caller,
    params: &Params,
    page: u64,
    link: &str,
    wanted: impl Fn(&PageComment) -> bool,
) -> Result<Response, ConfluenceError> {
    let request = ListRequest::read(format!("/api/v2/{link}"), params, 25, &SORTS)?;
    let format = BodyFormat::read(params, false)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let page = view.page(page).filter(|page| page.status != PageStatus::Trashed);
    let page = page.ok_or_else(ConfluenceError::not_found)?;
    let comments =
        page_comments(view.site.seed, page).into_iter().filter(|comment| wanted(comment)).collect();
    let key = |comment: &PageComment| (SortValue::Number(comment.created), comment.id);
    Ok(request.answer(caller, comments, key, |comment| row(view, page, comment, format)))
}

fn resolution(comment: &PageComment) -> &'static str {
    if comment.resolved { "resolved" } else { "open" }
}

fn row(view: View<'_>, page: &Page, comment: &PageComment, format: Option<BodyFormat>) -> Value {
    let mut row = json!({
        "id": comment.id.to_string(),
        "status": "current",
        "title": format!("Re: {}", page.title),
        "version": {
            "number": 1,
            "message": "",
            "minorEdit": false,
            "authorId": view.world.people[comment.author].account_id,
            "createdAt": timestamp(comment.created),
        },
        "_links": { "webui": format!("{}?focusedCommentId={}", webui(view, page), comment.id) },
    });
    match comment.parent {
        Some(parent) => row["parentCommentId"] = json!(parent.to_string()),
        None => row["pageId"] = json!(page.id.to_string()),
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
        let document = composed(view.site.seed, comment.id, &view.world.people);
        row["body"] = format.body(&document, document.storage());
    }
    row
}
