//! The sandbox's clock.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::Sandbox;

#[derive(Deserialize)]
pub struct Advance {
    advance_seconds: i64,
}

/// `POST /__sandbox/clock`
pub async fn advance(State(sandbox): State<Sandbox>, Json(request): Json<Advance>) -> Json<Value> {
    sandbox.clock().advance(request.advance_seconds);
    Json(json!({ "now": sandbox.now().to_rfc3339() }))
}
