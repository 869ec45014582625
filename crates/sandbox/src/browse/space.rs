//! Spaces, pages and folders.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;

use super::{Links, Sheet, SitePath, visit};
use crate::{
    app::Sandbox,
    confluence::{document, timestamp, webui},
    gateway::View,
    params::Params,
    world::{
        pages::{ContentKind, Page, PageStatus, Parent},
        spaces::Space,
    },
};

#[derive(Deserialize)]
pub struct SpacePath {
    site: String,
    key: String,
}

#[derive(Deserialize)]
pub struct PagePath {
    site: String,
    key: String,
    id: u64,
}

#[derive(Deserialize)]
pub struct TinyPath {
    site: String,
    tiny: String,
}

/// `/wiki`: all spaces.
pub async fn index(State(sandbox): State<Sandbox>, Path(path): Path<SitePath>) -> Response {
    visit(&sandbox, &path.site, |view| {
        let spaces = view.spaces().map(|space| (space.name.clone(), space_url(view, space)));
        view.site.confluence.then(|| Sheet {
            kind: String::from("Confluence"),
            title: view.site.title.clone().into_owned(),
            lists: vec![Links::new("Spaces", spaces)],
            ..Sheet::default()
        })
    })
}

/// `/wiki/spaces/{key}/overview`: the space with its home page.
pub async fn overview(State(sandbox): State<Sandbox>, Path(path): Path<SpacePath>) -> Response {
    visit(&sandbox, &path.site, |view| {
        let space = view.spaces().find(|space| space.key == path.key)?;
        let home = space.homepage.and_then(|id| view.page(id));
        let pages = view.pages().filter(|page| page.space == space.id && page.status == PageStatus::Current);
        Some(Sheet {
            kind: format!("Confluence space on {}", view.site.title),
            title: space.name.clone(),
            facts: vec![
                ("Key", space.key.clone()),
                ("Status", String::from(if space.archived { "archived" } else { "current" })),
                ("About", space.description.clone()),
            ],
            body: home.map(|page| document(view, page).html()).unwrap_or_default(),
            lists: vec![Links::new("Pages", pages.map(|page| link(view, page)))],
        })
    })
}

/// `/wiki/spaces/{key}/pages/{id}`
pub async fn page(State(sandbox): State<Sandbox>, Path(path): Path<PagePath>) -> Response {
    visit(&sandbox, &path.site, |view| page_sheet(view, path.id, Some(&path.key)))
}

/// `/wiki/spaces/{key}/pages/{id}/{title}`: whatever the title is.
pub async fn titled_page(state: State<Sandbox>, path: Path<PagePath>) -> Response {
    page(state, path).await
}

/// `/wiki/pages/viewpage.action?pageId={id}`
pub async fn page_by_query(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    params: Params,
) -> Response {
    let id = params.get("pageId").and_then(|id| id.parse().ok()).unwrap_or_default();
    visit(&sandbox, &path.site, |view| page_sheet(view, id, None))
}

/// `/wiki/x/{tiny}`: short links.
pub async fn tiny(State(sandbox): State<Sandbox>, Path(path): Path<TinyPath>) -> Response {
    let id = u64::from_str_radix(&path.tiny, 16).unwrap_or_default();
    visit(&sandbox, &path.site, |view| page_sheet(view, id, None))
}

/// `/wiki/spaces/{key}/folder/{id}`
pub async fn folder(State(sandbox): State<Sandbox>, Path(path): Path<PagePath>) -> Response {
    visit(&sandbox, &path.site, |view| {
        let folder = view.site.folder(path.id)?;
        let space = view.space(folder.space)?;
        let own = Some(Parent::Folder(folder.id));
        let above = (space.name.clone(), space_url(view, space));
        Some(Sheet {
            kind: format!("Folder in {}", space.name),
            title: folder.title.clone(),
            lists: vec![
                Links::new("Belongs to", [above].into_iter()),
                Links::new("Pages in it", children(view, own)),
            ],
            ..Sheet::default()
        })
    })
}

fn page_sheet(view: View<'_>, id: u64, key: Option<&str>) -> Option<Sheet> {
    let page = view.page(id).or_else(|| view.any_content(id))?;
    let space = view.space(page.space).filter(|space| key.is_none_or(|key| key == space.key))?;
    let parent = page.parent.and_then(|parent| match parent {
        Parent::Page(id) => view.page(id).map(|page| link(view, page)),
        Parent::Folder(id) => view.site.folder(id).map(|folder| {
            let href = format!("{}/wiki/spaces/{}/folder/{id}", view.caller.site_url, space.key);
            (folder.title.clone(), href)
        }),
    });
    let above = (space.name.clone(), space_url(view, space));
    Some(Sheet {
        kind: match page.kind {
            ContentKind::Page => format!("Page in {}", space.name),
            ContentKind::BlogPost => format!("Blog post in {}", space.name),
        },
        title: page.title.clone(),
        facts: vec![
            ("Status", String::from(page.status.name())),
            ("Version", page.version.to_string()),
            ("Author", view.world.people[page.author].name.to_string()),
            ("Changed", timestamp(page.modified)),
        ],
        body: document(view, page).html(),
        lists: vec![
            Links::new("Belongs to", [above].into_iter().chain(parent)),
            Links::new("Below it", children(view, Some(Parent::Page(id)))),
        ],
    })
}

fn children(view: View<'_>, parent: Option<Parent>) -> impl Iterator<Item = (String, String)> {
    let below = view.pages().filter(move |page| page.parent == parent && page.status == PageStatus::Current);
    below.map(move |page| link(view, page))
}

fn link(view: View<'_>, page: &Page) -> (String, String) {
    (page.title.clone(), format!("{}/wiki{}", view.caller.site_url, webui(view, page)))
}

fn space_url(view: View<'_>, space: &Space) -> String {
    format!("{}/wiki/spaces/{}/overview", view.caller.site_url, space.key)
}
