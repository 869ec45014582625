//! Resolutions: how issues end. Here they all end the same way.

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::{ApiVersion, urls::Urls};
use crate::{app::Sandbox, gateway::Caller};

/// `GET /resolution`: a bare array.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
) -> Json<Vec<Value>> {
    let world = sandbox.world();
    Json(vec![done(Urls::new(caller.view(&world), version))])
}

/// The resolution as issues have it.
pub fn done(urls: Urls<'_>) -> Value {
    json!({
        "self": urls.resource("resolution/10000"),
        "id": "10000",
        "description": "Work has been completed on this issue.",
        "name": "Done",
    })
}
