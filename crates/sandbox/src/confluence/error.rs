//! Error answers of Confluence v2.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An error with the body of version 2.
#[derive(Debug)]
pub struct ConfluenceError {
    status: StatusCode,
    code: &'static str,
    title: String,
}

impl ConfluenceError {
    /// The answer for what does not exist and for what the caller may not see: they look alike.
    pub fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "NOT_FOUND", title: String::from("Not Found") }
    }

    pub fn invalid(title: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "INVALID_REQUEST_PARAMETER", title: title.into() }
    }

    /// A parameter whose value has the wrong form.
    pub fn wrong_type(value: &str, name: &str, expected: &str) -> Self {
        let title = format!(
            "Provided value {{{value}}} for '{name}' is not the correct type. Expected type is {expected}"
        );
        Self::invalid(title)
    }
}

impl IntoResponse for ConfluenceError {
    fn into_response(self) -> Response {
        let status = self.status.as_u16();
        let error = json!({ "status": status, "code": self.code, "title": self.title, "detail": null });
        (self.status, Json(json!({ "errors": [error] }))).into_response()
    }
}

pub async fn unknown_route() -> ConfluenceError {
    ConfluenceError::not_found()
}
