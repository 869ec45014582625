//! Confluence spaces.

use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::ConfluenceError,
    paging::{ListRequest, SortValue},
    time::timestamp,
};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    world::spaces::Space,
};

const DEFAULT_LIMIT: usize = 25;
const SORTS: [&str; 3] = ["id", "key", "name"];

/// `GET /spaces`: current and archived ones, unless a status is asked for.
pub async fn list(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let request = ListRequest::read("/api/v2/spaces", &params, DEFAULT_LIMIT, &SORTS)?;
    let description = DescriptionFormat::read(&params)?;
    let ids = numbers(&params, "ids")?;
    let (keys, kind, status) = (params.list("keys"), params.get("type"), params.get("status"));
    let fits = |space: &&Space| {
        (ids.is_empty() || ids.contains(&space.id))
            && (keys.is_empty() || keys.contains(&space.key.as_str()))
            && kind.is_none_or(|kind| kind == space.kind)
            && status.is_none_or(|status| status == space_status(space))
    };
    let world = sandbox.world();
    let view = caller.view(&world);
    let key = |space: &&Space| {
        let value = match request.sort_field() {
            "key" => SortValue::Text(space.key.clone()),
            "name" => SortValue::Text(space.name.to_lowercase()),
            _ => SortValue::Number(0),
        };
        (value, space.id)
    };
    let row = |space: &&Space| space_row(view, space, description, params.flag("include-icon"));
    Ok(request.answer(&caller, view.spaces().filter(fits).collect(), key, row))
}

#[derive(Deserialize)]
pub struct SpacePath {
    id: String,
}

impl SpacePath {
    /// Spaces are found by their number; a key in this place is an error.
    pub fn id(&self) -> Result<u64, ConfluenceError> {
        self.id.parse().map_err(|_| ConfluenceError::wrong_type(&self.id, "id", "long"))
    }
}

/// `GET /spaces/{id}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SpacePath>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, ConfluenceError> {
    let description = DescriptionFormat::read(&params)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let space = view.space(path.id()?).ok_or_else(ConfluenceError::not_found)?;
    let mut body = space_row(view, space, description, params.flag("include-icon"));
    body["_links"]["base"] = json!(format!("{}/wiki", caller.site_url));
    for part in ["labels", "properties", "operations", "permissions"] {
        if params.flag(&format!("include-{part}")) {
            let results = if part == "operations" {
                json!([{ "operation": "read", "targetType": "space" }])
            } else {
                json!([])
            };
            let own = format!("/api/v2/spaces/{}/{part}", space.id);
            body[part] =
                json!({ "results": results, "meta": { "hasMore": false }, "_links": { "self": own } });
        }
    }
    Ok(Json(body))
}

/// The format in which descriptions are asked for; without one they are null.
#[derive(Clone, Copy)]
pub enum DescriptionFormat {
    None,
    Named(&'static str),
}

impl DescriptionFormat {
    fn read(params: &Params) -> Result<Self, ConfluenceError> {
        match params.get("description-format") {
            None => Ok(Self::None),
            Some("plain") => Ok(Self::Named("plain")),
            Some("view") => Ok(Self::Named("view")),
            Some(other) => Err(ConfluenceError::invalid(format!(
                "Provided value {{{other}}} for 'description-format' is not supported"
            ))),
        }
    }
}

pub fn space_row(view: View<'_>, space: &Space, description: DescriptionFormat, icon: bool) -> Value {
    let author = &view.world.people[space.author].account_id;
    let description = match description {
        DescriptionFormat::None => Value::Null,
        DescriptionFormat::Named(name) => {
            json!({ name: { "representation": name, "value": space.description } })
        }
    };
    let icon = if icon {
        json!({
            "path": format!("/wiki/download/attachments/{}/{}-default?version=1", space.id, space.key),
            "apiDownloadLink": format!("/wiki/rest/api/content/{}/child/attachment/att{}/download", space.id, space.id + 1),
        })
    } else {
        Value::Null
    };
    json!({
        "id": space.id.to_string(),
        "key": space.key,
        "name": space.name,
        "type": space.kind,
        "status": space_status(space),
        "authorId": author,
        "spaceOwnerId": author,
        "createdAt": timestamp(space.created),
        "homepageId": space.homepage.map(|id| id.to_string()),
        "description": description,
        "icon": icon,
        "currentActiveAlias": space.key,
        "_links": { "webui": format!("/spaces/{}", space.key) },
    })
}

fn space_status(space: &Space) -> &'static str {
    if space.archived { "archived" } else { "current" }
}

/// A list of numeric ids.
pub fn numbers(params: &Params, name: &str) -> Result<Vec<u64>, ConfluenceError> {
    let number = |text: &str| text.parse().map_err(|_| ConfluenceError::wrong_type(text, name, "long"));
    params.list(name).into_iter().map(number).collect()
}
