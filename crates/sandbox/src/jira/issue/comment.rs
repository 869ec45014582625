//! Comments.

use axum::{
    Extension, Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{IssuePath, fields::Selection, row::Renderer};
use crate::{
    app::Sandbox,
    document::{Document, comment as composed},
    gateway::{Caller, Counted},
    jira::{ApiVersion, error::JiraError, paging::Part},
    params::Params,
    world::{
        activity::{Comment, comments, owner_of},
        issues::Issue,
    },
};

const DEFAULT_PAGE: usize = 100;
const LARGEST_PAGE: usize = 5000;
/// How many ids may be asked for at once.
const MOST_IDS: usize = 1000;

/// `GET /issue/{issueIdOrKey}/comment`: no `isLast`, and the rows are called `comments`.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<IssuePath>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let part = Part::read(&params, DEFAULT_PAGE, LARGEST_PAGE)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let issue = path.find(view)?;
    let mut all = comments(view.site, issue);
    match params.get("orderBy") {
        None | Some("created" | "+created" | " created") => {}
        Some("-created") => all.reverse(),
        Some(order) => {
            return Err(JiraError::bad_request(format!("Comments cannot be ordered by '{order}'.")));
        }
    }
    let selection = Selection::read(&[], "id");
    let renderer = Renderer::new(view, version, &selection, &[]);
    let rows: Vec<Value> = part.of(&all).iter().map(|comment| row(&renderer, issue, comment)).collect();
    let count = rows.len();
    Ok(Counted(part.named("comments", all.len(), rows), count))
}

#[derive(Deserialize)]
pub struct CommentPath {
    id: String,
    comment: String,
}

/// `GET /issue/{issueIdOrKey}/comment/{id}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<CommentPath>,
    caller: Caller,
) -> Result<Json<Value>, JiraError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let issue = IssuePath { id: path.id }.find(view)?;
    let all = comments(view.site, issue);
    let comment = all.iter().find(|comment| comment.id.to_string() == path.comment);
    let comment = comment.ok_or_else(|| {
        JiraError::not_found(format!("Can not find a comment for the id: {}.", path.comment))
    })?;
    let selection = Selection::read(&[], "id");
    Ok(Json(row(&Renderer::new(view, version, &selection, &[]), issue, comment)))
}

#[derive(Deserialize)]
pub struct ListRequest {
    ids: Vec<u64>,
}

/// `POST /comment/list`: comments of any issues by their ids; what is not found is left out.
pub async fn list_by_ids(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    request: Result<Json<ListRequest>, JsonRejection>,
) -> Result<Counted, JiraError> {
    let Json(ListRequest { mut ids }) = request.map_err(JiraError::from_body)?;
    if ids.len() > MOST_IDS {
        return Err(JiraError::bad_request("The number of comment ids must not exceed 1000."));
    }
    ids.sort_unstable();
    ids.dedup();
    let world = sandbox.world();
    let view = caller.view(&world);
    let selection = Selection::read(&[], "id");
    let renderer = Renderer::new(view, version, &selection, &[]);
    let find = |id: &u64| {
        let issue = view.issue(&owner_of(*id).to_string())?;
        let comment = comments(view.site, issue).into_iter().find(|comment| comment.id == *id)?;
        Some(row(&renderer, issue, &comment))
    };
    let rows: Vec<Value> = ids.iter().filter_map(find).collect();
    let count = rows.len();
    let body =
        json!({ "startAt": 0, "maxResults": MOST_IDS, "total": count, "isLast": true, "values": rows });
    Ok(Counted(body, count))
}

/// The field `comment` of an issue: a page of its own kind.
pub fn comments_of(renderer: &Renderer<'_>, issue: &Issue) -> Value {
    let all = comments(renderer.view.site, issue);
    let part = Part { start: 0, limit: 20 };
    let rows: Vec<Value> = part.of(&all).iter().map(|comment| row(renderer, issue, comment)).collect();
    json!({
        "comments": rows,
        "self": renderer.urls.resource(&format!("issue/{}/comment", issue.id)),
        "maxResults": rows.len(),
        "total": all.len(),
        "startAt": 0,
    })
}

/// A comment as lists have it.
pub fn row(renderer: &Renderer<'_>, issue: &Issue, comment: &Comment) -> Value {
    let document = match &comment.text {
        Some(text) => Document::from_text(text),
        None => composed(renderer.view.site.seed, comment.id, &renderer.view.world.people),
    };
    let mut row = json!({
        "self": renderer.urls.resource(&format!("issue/{}/comment/{}", issue.id, comment.id)),
        "id": comment.id.to_string(),
        "body": renderer.rich(&document),
        "created": renderer.time(comment.created),
        "updated": renderer.time(comment.updated),
        "jsdPublic": true,
    });
    if let Some(author) = comment.author {
        row["author"] = renderer.person(author);
        row["updateAuthor"] = renderer.person(author);
    }
    row
}
