//! What is left of version 1: search and the current user. Everything else answers 410 since August 2026.

pub mod content;
mod paging;
pub mod search;
pub mod space;
pub mod user;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A removed operation.
pub async fn gone() -> Response {
    let message = "com.atlassian.confluence.api.service.exceptions.GoneException: This deprecated endpoint has been removed.";
    error(StatusCode::GONE, true, message)
}

/// An error with the body of version 1.
pub fn error(status: StatusCode, successful: bool, message: &str) -> Response {
    let data = json!({ "authorized": successful, "valid": true, "errors": [], "successful": successful });
    (status, Json(json!({ "statusCode": status.as_u16(), "data": data, "message": message }))).into_response()
}
