//! The tree of pages and folders.

use std::collections::HashMap;

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

    fn parent(&self) -> Option<Parent> {
        match self {
            Self::Page(page) => page.parent,
            Self::Folder(folder) => folder.parent,
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

/// How deep a request goes unless it says otherwise, and at most.
const DEPTHS: (u32, u32) = (5, 10);

/// `GET /pages/{id}/descendants`: level by level, folders among them.
pub async fn descendants_of_page(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let page = path.find(view)?;
    descendants(view, &params, &format!("/api/v2/pages/{}/descendants", page.id), Parent::Page(page.id))
}

/// `GET /folders/{id}/descendants`
pub async fn descendants_of_folder(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let folder = find_folder(view, &path)?;
    descendants(
        view,
        &params,
        &format!("/api/v2/folders/{}/descendants", folder.id),
        Parent::Folder(folder.id),
    )
}

fn descendants(
    view: View<'_>,
    params: &Params,
    link: &str,
    top: Parent,
) -> Result<Response, ConfluenceError> {
    let request = ListRequest::read(link, params, 25, &["depth"])?;
    let (usual, deepest) = DEPTHS;
    let depth = match params.get("depth") {
        None => usual,
        Some(text) => {
            let depth = text.parse().map_err(|_| ConfluenceError::wrong_type(text, "depth", "int"))?;
            if depth > deepest {
                return Err(ConfluenceError::invalid(format!("'depth' is more than {deepest}")));
            }
            depth
        }
    };
    let mut children: HashMap<u64, Vec<Child<'_>>> = HashMap::new();
    let pages = view.pages().filter(|page| page.status != PageStatus::Trashed).map(Child::Page);
    for child in view.site.folders.iter().map(Child::Folder).chain(pages) {
        if let Some(parent) = child.parent() {
            children.entry(parent.id()).or_default().push(child);
        }
    }
    let mut found = Vec::new();
    let mut level = vec![top.id()];
    for depth in 1..=depth {
        let below: Vec<(u64, Child<'_>)> = level
            .iter()
            .filter_map(|id| children.remove(id).map(|children| (*id, children)))
            .flat_map(|(id, children)| children.into_iter().map(move |child| (id, child)))
            .collect();
        level = below.iter().map(|(_, child)| child.id()).collect();
        found.extend(below.into_iter().map(|(parent, child)| (depth, parent, child)));
    }
    let key = |(depth, _, child): &(u32, u64, Child<'_>)| {
        (SortValue::Number((i64::from(*depth) << 32) + i64::from(child.position())), child.id())
    };
    let row = |(depth, parent, child): &(u32, u64, Child<'_>)| {
        let mut row = child.row();
        row["depth"] = json!(depth);
        row["parentId"] = json!(parent.to_string());
        if let Some(members) = row.as_object_mut() {
            members.remove("spaceId");
        }
        row
    };
    Ok(request.answer(view.caller, found, key, row))
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

fn find_folder<'a>(view: View<'a>, path: &PagePath) -> Result<&'a Folder, ConfluenceError> {
    let folder = view.site.folder(path.id()?).filter(|folder| view.space(folder.space).is_some());
    folder.ok_or_else(ConfluenceError::not_found)
}

/// `GET /folders/{id}`
pub async fn folder(
    State(sandbox): State<Sandbox>,
    Path(path): Path<PagePath>,
    caller: Caller,
) -> Result<Json<Value>, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let folder = find_folder(view, &path)?;
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
