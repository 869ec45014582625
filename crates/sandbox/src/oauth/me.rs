//! The profile of the person who consented ("User identity API").

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::bearer::{Bearer, scope_does_not_match};
use crate::app::Sandbox;

/// `GET /me`
pub async fn show(State(sandbox): State<Sandbox>, bearer: Bearer) -> Response {
    if !bearer.scopes.contains("read:me") {
        return scope_does_not_match();
    }
    let world = sandbox.world();
    let person = &world.people[bearer.person];
    let nickname = person.name.split_whitespace().next().unwrap_or_default();
    Json(json!({
        "account_type": person.account_type,
        "account_id": person.account_id,
        "email": person.email,
        "name": person.name,
        "picture": format!("{}/avatars/{}/128", sandbox.base_url(), person.account_id),
        "account_status": "active",
        "nickname": nickname,
        "zoneinfo": person.zone.name(),
        "locale": person.locale.replace('_', "-"),
        "extended_profile": {
            "job_title": person.title,
            "organization": "Acme Logistics",
            "department": person.department,
            "location": person.zone.name().rsplit('/').next().unwrap_or_default().replace('_', " "),
        },
    }))
    .into_response()
}
