//! Webhooks: which there are, what was sent, and how reliably.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    app::Sandbox,
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

/// `POST /__sandbox/webhooks`
pub async fn set(State(sandbox): State<Sandbox>, Json(request): Json<Reliability>) -> StatusCode {
    sandbox.set_webhook_mode(request.mode);
    StatusCode::NO_CONTENT
}
