//! The current user, in version 1's form.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::error;
use crate::{app::Sandbox, gateway::Caller};

/// `GET /user/current`
pub async fn current(State(sandbox): State<Sandbox>, caller: Caller) -> Response {
    let world = sandbox.world();
    let view = caller.view(&world);
    let Some(person) = view.person() else {
        return error(StatusCode::FORBIDDEN, false, "Current user not permitted to use Confluence");
    };
    Json(json!({
        "type": "known",
        "accountId": person.account_id,
        "accountType": person.account_type,
        "email": person.email.as_deref().unwrap_or_default(),
        "publicName": person.name,
        "displayName": person.name,
        "timeZone": person.zone.name(),
        "isExternalCollaborator": false,
        "profilePicture": {
            "path": format!("/wiki/aa-avatar/{}", person.account_id),
            "width": 48,
            "height": 48,
            "isDefault": false,
        },
        "_expandable": { "operations": "", "personalSpace": "" },
        "_links": {
            "self": format!("{}/wiki/rest/api/user?accountId={}", caller.site_url, person.account_id),
            "base": format!("{}/wiki", caller.site_url),
            "context": "/wiki",
        },
    }))
    .into_response()
}
