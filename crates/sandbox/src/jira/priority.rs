//! Priorities.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::{ApiVersion, error::JiraError, paging::Part, urls::Urls};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    world::workflow::PRIORITIES,
};

const COLOURS: [&str; 5] = ["#d04437", "#f15C75", "#f79232", "#707070", "#999999"];

/// `GET /priority`: a bare array.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
) -> Json<Vec<Value>> {
    let world = sandbox.world();
    let view = caller.view(&world);
    Json((0..PRIORITIES.len()).map(|index| described(view, Urls::new(view, version), index)).collect())
}

/// `GET /priority/search`
pub async fn search(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, JiraError> {
    let part = Part::read(&params, 50, 50)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let urls = Urls::new(view, version);
    let all: Vec<Value> = (0..PRIORITIES.len()).map(|index| described(view, urls, index)).collect();
    let total = all.len();
    Ok(Json(part.linked(urls, "priority/search", &params, total, part.of(&all).to_vec())))
}

/// A priority as issues have it, by its position.
pub fn priority(view: View<'_>, urls: Urls<'_>, index: usize) -> Value {
    let (id, name) = PRIORITIES[index];
    json!({
        "self": urls.resource(&format!("priority/{id}")),
        "iconUrl": format!("{}/images/icons/priorities/{}_new.svg", view.caller.site_url, name.to_lowercase()),
        "name": name,
        "id": id.to_string(),
    })
}

fn described(view: View<'_>, urls: Urls<'_>, index: usize) -> Value {
    let mut priority = priority(view, urls, index);
    priority["statusColor"] = json!(COLOURS[index]);
    priority["description"] = json!("");
    priority["isDefault"] = json!(index == 2);
    priority
}
