//! Webhooks: which there are, what was sent, and how reliably.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::data::{SitePath, refusal};
use crate::{
    app::Sandbox,
    jira::EVENTS,
    webhooks::{Hook, Mode},
};

/// `GET /__sandbox/webhooks`
pub async fn show(State(sandbox): State<Sandbox>) -> Json<Value> {
    let hooks = sandbox.webhooks().all();
    Json(json!({
        "webhooks": hooks.iter().map(Hook::row).collect::<Vec<Value>>(),
        "attempts": sandbox.webhook_log(),
        "mode": sandbox.webhooks().mode(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reliability {
    mode: Mode,
}

/// Something that happens to a thing which the sandbox has not: a sprint, a version, a property of an issue.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happening {
    event: String,
    /// Id or key, for events of properties.
    issue: Option<String>,
    /// The members of the delivery that say what it is about, such as `{"sprint":{"id":1,"name":"One"}}`.
    about: Value,
}

/// `POST /__sandbox/sites/{site}/events`
pub async fn happen(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    Json(request): Json<Happening>,
) -> Response {
    let Some(event) = EVENTS.into_iter().find(|event| *event == request.event) else {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "there is no such event");
    };
    let found = {
        let world = sandbox.world();
        let Some(site) = world.site_by_name(&path.site) else {
            return refusal(StatusCode::NOT_FOUND, "there is no such site");
        };
        let issue = request.issue.as_deref().map(|issue| world.sites[site].issue_by_id_or_key(issue));
        match issue {
            Some(None) => return refusal(StatusCode::NOT_FOUND, "there is no such issue"),
            Some(Some(issue)) => (site, Some(issue.id)),
            None => (site, None),
        }
    };
    sandbox.deliver(sandbox.other_deliveries(found.0, event, &request.about, found.1));
    StatusCode::NO_CONTENT.into_response()
}

/// `POST /__sandbox/webhooks`
pub async fn set(State(sandbox): State<Sandbox>, Json(request): Json<Reliability>) -> StatusCode {
    sandbox.set_webhook_mode(request.mode);
    StatusCode::NO_CONTENT
}
