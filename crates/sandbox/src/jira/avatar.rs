//! Pictures of projects and issue types.

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::browse::{Shape, svg};

#[derive(Deserialize)]
pub struct AvatarPath {
    kind: String,
    id: u32,
}

/// `GET /universal_avatar/view/type/{type}/avatar/{id}`, in whatever size: the drawing fits all of them.
pub async fn show(Path(path): Path<AvatarPath>) -> Response {
    match path.kind.as_str() {
        "project" | "issuetype" => svg(&format!("{} {}", path.kind, path.id), Shape::Square),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
