//! Confluence pages.

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::Response,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    body::{BodyFormat, body, body_of_version},
    error::ConfluenceError,
    label::labels_of,
    paging::{ListRequest, SortValue},
    space::{SpacePath, numbers},
    time::timestamp,
};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    world::pages::{ContentKind, Page, PageStatus, PageVersion, Parent},
};

const DEFAULT_LIMIT: usize = 25;
const SORTS: [&str; 4] = ["id", "created-date", "modified-date", "title"];
/// What titles keep when they stand in an address; spaces become `+`.
const TITLE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'+');

/// `GET /pages` and `GET /blogposts`
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let request = ListRequest::read(format!("/api/v2/{}", kind.folder()), &params, DEFAULT_LIMIT, &SORTS)?;
    let (ids, spaces) = (numbers(&params, "id")?, numbers(&params, "space-id")?);
    let live_docs = params.get("subtype") == Some("live");
    answer(&sandbox, &caller, &params, kind, &request, |page| {
        (ids.is_empty() || ids.contains(&page.id))
            && (spaces.is_empty() || spaces.contains(&page.space))
            && !live_docs
    })
}

/// `GET /spaces/{id}/pages` and `GET /spaces/{id}/blogposts`
pub async fn list_of_space(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<SpacePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let id = path.id()?;
    let link = format!("/api/v2/spaces/{id}/{}", kind.folder());
    let request = ListRequest::read(link, &params, DEFAULT_LIMIT, &SORTS)?;
    let root_only = match params.get("depth") {
        None | Some("all") => false,
        Some("root") => true,
        Some(depth) => {
            return Err(ConfluenceError::invalid(format!(
                "Provided value {{{depth}}} for 'depth' is not supported"
            )));
        }
    };
    let visible = caller.view(&sandbox.world()).space(id).is_some();
    if !visible {
        return Err(ConfluenceError::not_found());
    }
    answer(&sandbox, &caller, &params, kind, &request, |page| {
        page.space == id && (!root_only || page.parent.is_none())
    })
}

fn answer(
    sandbox: &Sandbox,
    caller: &Caller,
    params: &Params,
    kind: ContentKind,
    request: &ListRequest<'_>,
    fits: impl Fn(&Page) -> bool,
) -> Result<Response, ConfluenceError> {
    let format = BodyFormat::read(params, false)?;
    let statuses = statuses(params, &["current", "archived", "deleted", "trashed"])?;
    let title = params.get("title");
    let world = sandbox.world();
    let view = caller.view(&world);
    let wanted = |page: &&Page| {
        statuses.contains(&page.status.name()) && title.is_none_or(|title| title == page.title) && fits(page)
    };
    let key = |page: &&Page| {
        let value = match request.sort_field() {
            "created-date" => SortValue::Number(page.created),
            "modified-date" => SortValue::Number(page.modified),
            "title" => SortValue::Text(page.title.to_lowercase()),
            _ => SortValue::Number(0),
        };
        (value, page.id)
    };
    Ok(request
        .answer(caller, view.contents(kind).filter(wanted).collect(), key, |page| row(view, page, format)))
}

#[derive(Deserialize)]
pub struct PagePath {
    pub id: String,
}

impl PagePath {
    pub fn id(&self) -> Result<u64, ConfluenceError> {
        self.id.parse().map_err(|_| ConfluenceError::wrong_type(&self.id, "id", "long"))
    }

    /// The page, unless it is in the trash: then what hangs on it cannot be asked for either.
    pub fn find<'a>(&self, view: View<'a>) -> Result<&'a Page, ConfluenceError> {
        self.find_kind(view, ContentKind::Page)
    }

    /// A page or a blog post.
    pub fn find_kind<'a>(&self, view: View<'a>, kind: ContentKind) -> Result<&'a Page, ConfluenceError> {
        let found = view.content(kind, self.id()?).filter(|page| page.status != PageStatus::Trashed);
        found.ok_or_else(ConfluenceError::not_found)
    }
}

/// `GET /pages/{id}` and `GET /blogposts/{id}`: current and archived ones; one in the trash only when it is asked for
/// by status. With `version`, as it was then.
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ConfluenceError> {
    let format = BodyFormat::read(&params, true)?;
    let known = ["current", "archived", "trashed", "deleted", "historical", "draft"];
    let statuses = statuses(&params, &known)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let page = view.content(kind, path.id()?).filter(|page| statuses.contains(&page.status.name()));
    let page = page.ok_or_else(ConfluenceError::not_found)?;
    let mut body = row(view, page, format);
    if let Some(number) = params.get("version") {
        let number: u32 =
            number.parse().map_err(|_| ConfluenceError::wrong_type(number, "version", "int"))?;
        let found = page.versions(view.site.seed).into_iter().find(|version| version.number == number);
        let found = found.ok_or_else(ConfluenceError::not_found)?;
        if number != page.version {
            body["status"] = json!("historical");
            body["title"] = json!(found.title.as_ref().unwrap_or(&page.title));
            body["version"] = version(view, &found);
            body["body"] = body_of_version(view, page, &found, format);
        }
    }
    // Lists have it, a single page has not.
    if let Some(members) = body.as_object_mut() {
        members.remove("subtype");
    }
    body["_links"]["base"] = json!(format!("{}/wiki", caller.site_url));
    for part in ["labels", "properties", "operations", "likes", "versions"] {
        if params.flag(&format!("include-{part}")) {
            let results = match part {
                "operations" => json!([{ "operation": "read", "targetType": "page" }]),
                "versions" => {
                    page.versions(view.site.seed).iter().rev().map(|entry| version(view, entry)).collect()
                }
                "labels" => labels_of(view, page).into(),
                _ => json!([]),
            };
            let own = format!("/api/v2/{}/{}/{part}", kind.folder(), page.id);
            body[part] =
                json!({ "results": results, "meta": { "hasMore": false }, "_links": { "self": own } });
        }
    }
    if params.get("include-version") == Some("false")
        && let Some(members) = body.as_object_mut()
    {
        members.remove("version");
    }
    Ok(Json(body))
}

fn statuses<'a>(params: &'a Params, known: &[&str]) -> Result<Vec<&'a str>, ConfluenceError> {
    let statuses = params.list("status");
    if let Some(status) = statuses.iter().find(|status| !known.contains(status)) {
        return Err(ConfluenceError::invalid(format!(
            "Provided value {{{status}}} for 'status' is not supported"
        )));
    }
    Ok(if statuses.is_empty() { vec!["current", "archived"] } else { statuses })
}

/// A page as lists have it. There is no time of the last change but the current version's.
pub fn row(view: View<'_>, page: &Page, format: Option<BodyFormat>) -> Value {
    let account = |person: usize| view.world.people[person].account_id.as_str();
    if page.kind == ContentKind::BlogPost {
        return json!({
            "id": page.id.to_string(),
            "status": page.status.name(),
            "title": page.title,
            "spaceId": page.space.to_string(),
            "authorId": account(page.author),
            "createdAt": timestamp(page.created),
            "version": current_version(view, page),
            "body": body(view, page, format),
            "_links": links(view, page),
        });
    }
    json!({
        "id": page.id.to_string(),
        "status": page.status.name(),
        "title": page.title,
        "spaceId": page.space.to_string(),
        "parentId": page.parent.map(|parent| parent.id().to_string()),
        "parentType": page.parent.map(Parent::kind),
        "position": page.position,
        "authorId": account(page.author),
        "ownerId": account(page.author),
        "lastOwnerId": null,
        "subtype": null,
        "createdAt": timestamp(page.created),
        "version": current_version(view, page),
        "body": body(view, page, format),
        "_links": links(view, page),
    })
}

fn current_version(view: View<'_>, page: &Page) -> Value {
    version(view, &page.current_version())
}

/// A version as pages have it: with a number, without an id.
pub fn version(view: View<'_>, version: &PageVersion) -> Value {
    json!({
        "number": version.number,
        "message": version.message,
        "minorEdit": false,
        "authorId": view.world.people[version.by].account_id,
        "createdAt": timestamp(version.at),
        "ncsStepVersion": version.number.to_string(),
    })
}

/// Links into the site. They do not begin with `/wiki`; the list's base does.
fn links(view: View<'_>, page: &Page) -> Value {
    let key = view.site.space(page.space).map_or("", |space| space.key.as_str());
    let folder = if page.kind == ContentKind::BlogPost { "blog" } else { "pages" };
    json!({
        "webui": webui(view, page),
        "editui": format!("/pages/resumedraft.action?draftId={}", page.id),
        "edituiv2": format!("/spaces/{key}/{folder}/edit-v2/{}", page.id),
        "tinyui": format!("/x/{:x}", page.id),
    })
}

/// Where people read a page.
pub fn webui(view: View<'_>, page: &Page) -> String {
    let space = view.site.space(page.space);
    let key = space.map_or("", |space| space.key.as_str());
    let home = space.is_some_and(|space| space.homepage == Some(page.id));
    let title = page.title.replace('+', "%2B").replace(' ', "+");
    let title = utf8_percent_encode(&title, TITLE);
    if page.kind == ContentKind::BlogPost {
        let day = timestamp(page.created).get(..10).unwrap_or_default().replace('-', "/");
        return format!("/spaces/{key}/blog/{day}/{}/{title}", page.id);
    }
    match page.status {
        PageStatus::Current if home => format!("/spaces/{key}/overview"),
        PageStatus::Trashed => format!("/pages/viewpage.action?pageId={}", page.id),
        _ => format!("/spaces/{key}/pages/{}/{title}", page.id),
    }
}
