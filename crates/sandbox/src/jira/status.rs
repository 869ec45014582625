//! Statuses. Their icons lie at the site, whatever address was asked.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiVersion, error::JiraError, urls::Urls};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    world::workflow::{STATUSES, Status},
};

/// `GET /status`: a bare array.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
) -> Json<Vec<Value>> {
    let world = sandbox.world();
    let view = caller.view(&world);
    Json(STATUSES.iter().map(|row| status(view, Urls::new(view, version), row)).collect())
}

#[derive(Deserialize)]
pub struct StatusPath {
    id: String,
}

/// `GET /status/{idOrName}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<StatusPath>,
    caller: Caller,
) -> Result<Json<Value>, JiraError> {
    let fits =
        |status: &&Status| status.id.to_string() == path.id || status.name.eq_ignore_ascii_case(&path.id);
    let found = STATUSES.iter().find(fits);
    let found =
        found.ok_or_else(|| JiraError::not_found(format!("The status '{}' does not exist.", path.id)))?;
    let world = sandbox.world();
    let view = caller.view(&world);
    Ok(Json(status(view, Urls::new(view, version), found)))
}

/// A status as issues have it.
pub fn status(view: View<'_>, urls: Urls<'_>, status: &Status) -> Value {
    let id = status.id.to_string();
    let category = &status.category;
    json!({
        "self": urls.resource(&format!("status/{id}")),
        "description": "",
        "iconUrl": format!("{}/images/icons/statuses/generic.png", view.caller.site_url),
        "name": status.name,
        "id": id,
        "statusCategory": {
            "self": urls.resource(&format!("statuscategory/{}", category.id)),
            "id": category.id,
            "key": category.key,
            "colorName": category.color,
            "name": category.name,
        },
    })
}
