//! Spaces in the form of version 1, at sites only.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{content::missing, paging::Part};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    world::spaces::Space,
};

#[derive(Deserialize)]
pub struct SpacePath {
    key: String,
}

/// `GET /space`
pub async fn list(State(sandbox): State<Sandbox>, caller: Caller, params: Params) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    let (keys, status) = (params.list("spaceKey"), params.get("status"));
    let wanted = |space: &&Space| {
        (keys.is_empty() || keys.contains(&space.key.as_str()))
            && status.is_none_or(|status| (status == "archived") == space.archived)
            && params.get("type").is_none_or(|kind| kind == space.kind)
    };
    let found: Vec<&Space> = view.spaces().filter(wanted).collect();
    let expand = params.list("expand");
    Part::read(&params, 25, 1000).answer(&caller, "space", &params, &found, |space| row(view, space, &expand))
}

/// `GET /space/{key}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SpacePath>,
    caller: Caller,
    params: Params,
) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    match view.spaces().find(|space| space.key == path.key) {
        Some(space) => Json(row(view, space, &params.list("expand"))).into_response(),
        None => missing(&path.key),
    }
}

pub fn row(view: View<'_>, space: &Space, expand: &[&str]) -> Value {
    let mut row = json!({
        "id": space.id,
        "key": space.key,
        "name": space.name,
        "type": space.kind,
        "status": if space.archived { "archived" } else { "current" },
        "_expandable": { "homepage": format!("/rest/api/content/{}", space.homepage.unwrap_or_default()) },
        "_links": {
            "webui": format!("/spaces/{}", space.key),
            "self": format!("{}/wiki/rest/api/space/{}", view.caller.site_url, space.key),
        },
    });
    if expand.iter().any(|name| name.starts_with("description")) {
        row["description"] = json!({ "plain": { "value": space.description, "representation": "plain" } });
    }
    if let (true, Some(home)) = (expand.contains(&"homepage"), space.homepage) {
        row["homepage"] = json!({ "id": home.to_string(), "type": "page", "status": "current" });
    }
    row
}
