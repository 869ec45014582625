//! The tree of pages and folders.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    error::ConfluenceError,
    page::PagePath,
    paging::{ListRequest, SortValue, answer},
    time::timestamp,
};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    world::pages::{Folder, Page, PageStatus, Parent},
};

const SORTS: [&str; 4] = ["child-position", "id", "created-date", "modified-date"];

/// Something that hangs under a page.
enum Child<'a> {
    Page(&'a Page),
    Folder(&'a Folder),
}

impl Child<'_> {
    fn id(&self) -> u64 {
        match self {
            Self::Page(page) => page.id,
            Self::Folder(folder) => folder.id,
        }
    }

    fn position(&self) -> u32 {
        match self {
            Self::Page(page) => page.position,
            Self::Folder(_) => 0,
        }
    }

    fn row(&self) -> Value {
        let (title, space, status, kind) = match self {
            Self::Page(page) => (&page.title, page.space, page.status.name(), "page"),
            Self::Folder(folder) => (&folder.title, folder.space, "current", "folder"),
        };
        json!({
            "id": self.id().to_string(),
            "status": status,
            "title": title,
            "type": kind,
            "spaceId": space.to_string(),
            "childPosition": self.position(),
        })
    }
}

/// `GET /pages/{id}/children`: pages only. Deprecated, and still the one that most programs use.
pub async fn children(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    list(&sandbox, &path, &caller, &params, "children", false)
}

/// `GET /pages/{id}/direct-children`: folders too.
pub async fn direct_children(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    list(&sandbox, &path, &caller, &params, "direct-children", true)
}

fn list(
    sandbox: &Sandbox,
    path: &PagePath,
    caller: &Caller,
    params: &Params,
    name: &str,
    with_folders: bool,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let parent = path.find(view)?;
    let request = ListRequest::read(format!("/api/v2/pages/{}/{name}", parent.id), params, 25, &SORTS)?;
    let own = Some(Parent::Page(parent.id));
    let pages =
        view.pages().filter(|page| page.parent == own && page.status != PageStatus::Trashed).map(Child::Page);
    let folders =
        view.site.folders.iter().filter(|folder| with_folders && folder.parent == own).map(Child::Folder);
    let key = |child: &Child<'_>| {
        let value = match (request.sort_field(), child) {
            ("created-date", Child::Page(page)) => page.created,
            ("modified-date", Child::Page(page)) => page.modified,
            ("created-date" | "modified-date", Child::Folder(folder)) => folder.created,
            ("child-position", _) => i64::from(child.position()),
            _ => 0,
        };
        (SortValue::Number(value), child.id())
    };
    let row = |child: &Child<'_>| {
        let mut row = child.row();
        if let (false, Some(members)) = (with_folders, row.as_object_mut()) {
            members.remove("type");
        }
        row
    };
    Ok(request.answer(caller, folders.chain(pages).collect(), key, row))
}

/// `GET /pages/{id}/ancestors`: from the top down, folders among them, with nothing but id and type.
pub async fn ancestors(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let mut above = Vec::new();
    let mut next = path.find(view)?.parent;
    while let Some(parent) = next {
        above.push(json!({ "id": parent.id().to_string(), "type": parent.kind() }));
        next = parent_of(view, parent);
    }
    above.reverse();
    Ok(answer(&caller, above, None))
}

fn parent_of(view: View<'_>, child: Parent) -> Option<Parent> {
    match child {
        Parent::Page(id) => view.site.page(id)?.parent,
        Parent::Folder(id) => view.site.folder(id)?.parent,
    }
}

/// `GET /folders/{id}`
pub async fn folder(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
) -> Result<Json<Value>, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let folder = view.site.folder(path.id()?).filter(|folder| view.space(folder.space).is_some());
    let folder = folder.ok_or_else(ConfluenceError::not_found)?;
    let author = &view.world.people[folder.author].account_id;
    let key = view.site.space(folder.space).map_or("", |space| space.key.as_str());
    Ok(Json(json!({
        "id": folder.id.to_string(),
        "type": "folder",
        "status": "current",
        "title": folder.title,
        "parentId": folder.parent.map(|parent| parent.id().to_string()),
        "parentType": folder.parent.map(Parent::kind),
        "position": 0,
        "authorId": author,
        "ownerId": author,
        "createdAt": timestamp(folder.created),
        "spaceId": folder.space.to_string(),
        "version": {
            "number": 1,
            "message": "",
            "minorEdit": false,
            "authorId": author,
            "createdAt": timestamp(folder.created),
        },
        "_links": {
            "webui": format!("/spaces/{key}/folder/{}", folder.id),
            "base": format!("{}/wiki", caller.site_url),
        },
    })))
}
