//! The ends of tokens and grants.

use axum::{extract::State, http::StatusCode};

use crate::app::Sandbox;

/// `POST /__sandbox/tokens/expire`: all access tokens end now.
pub async fn expire(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.grants().expire_access_tokens(sandbox.now_millis());
    StatusCode::NO_CONTENT
}

/// `POST /__sandbox/grants/revoke`: everybody takes their consent back.
pub async fn revoke(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.grants().revoke_all();
    StatusCode::NO_CONTENT
}
