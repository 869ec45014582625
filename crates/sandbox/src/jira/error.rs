//! Jira's error answers.

use axum::{
    Json,
    extract::{OriginalUri, rejection::JsonRejection},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// An error with Jira's usual body: messages, and none about single fields.
#[derive(Debug)]
pub struct JiraError {
    status: StatusCode,
    messages: Vec<String>,
}

impl JiraError {
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, messages: vec![message.into()] }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, messages: vec![message.into()] }
    }

    pub fn gone(message: impl Into<String>) -> Self {
        Self { status: StatusCode::GONE, messages: vec![message.into()] }
    }

    /// A body that could not be read. A body of the wrong type, or none at all, is 415; everything else 400.
    pub fn from_body(rejection: JsonRejection) -> Self {
        let status = match rejection {
            JsonRejection::MissingJsonContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            messages: vec![String::from(
                "Invalid request payload. Refer to the REST API documentation and try again.",
            )],
        }
    }

    pub fn forbidden(message: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, messages: vec![String::from(message)] }
    }

    pub fn conflict(message: &str) -> Self {
        Self { status: StatusCode::CONFLICT, messages: vec![String::from(message)] }
    }

    /// What is wrong, in words.
    pub fn into_messages(self) -> Vec<String> {
        self.messages
    }

    pub fn unauthorized() -> Self {
        let message = "Client must be authenticated to access this resource.";
        Self { status: StatusCode::UNAUTHORIZED, messages: vec![String::from(message)] }
    }
}

impl IntoResponse for JiraError {
    fn into_response(self) -> Response {
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            let body = json!({ "type": "about:blank", "title": "Unsupported Media Type", "status": 415 });
            return problem(self.status, &body);
        }
        (self.status, Json(json!({ "errorMessages": self.messages, "errors": {} }))).into_response()
    }
}

/// A path that Jira does not have: a problem document, unlike every other error.
pub async fn unknown_route(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let path = uri.path();
    let path = path.find("/rest/").map_or(path, |start| &path[start..]);
    let body = json!({
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": format!("No endpoint {method} {path}."),
        "instance": path,
    });
    problem(StatusCode::NOT_FOUND, &body)
}

fn problem(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
