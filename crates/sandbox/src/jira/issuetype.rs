//! Issue types.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::{ApiVersion, urls::Urls};
use crate::{
    app::Sandbox,
    gateway::Caller,
    world::workflow::{ISSUE_TYPES, IssueType},
};

/// `GET /issuetype`: a bare array.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
) -> Json<Vec<Value>> {
    let world = sandbox.world();
    let urls = Urls::new(caller.view(&world), version);
    Json(ISSUE_TYPES.iter().map(|kind| issue_type(urls, kind)).collect())
}

/// An issue type as projects and issues have it.
pub fn issue_type(urls: Urls<'_>, kind: &IssueType) -> Value {
    let id = kind.id.to_string();
    let avatar = format!("universal_avatar/view/type/issuetype/avatar/{}?size=medium", kind.avatar);
    json!({
        "self": urls.resource(&format!("issuetype/{id}")),
        "id": id,
        "description": kind.description,
        "iconUrl": urls.resource(&avatar),
        "name": kind.name,
        "subtask": kind.level < 0,
        "avatarId": kind.avatar,
        "hierarchyLevel": kind.level,
    })
}
