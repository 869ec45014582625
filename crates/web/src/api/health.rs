use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use connector_connections::Custody;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::http::access::Anyone;
use crate::http::browser;
use crate::http::problem::{Problem, report};

#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceHealth {
    #[schema(example = "success")]
    status: &'static str,
    #[schema(example = "service healthy")]
    message: &'static str,
    data: ServiceHealthData,
}

#[derive(Serialize, ToSchema)]
struct ServiceHealthData {
    #[schema(example = "connector")]
    service: &'static str,
    #[schema(example = "healthy")]
    health: &'static str,
    version: &'static str,
}

/// Whether the service is up; a browser is led to the console.
#[utoipa::path(get, path = "/", tag = "Health", responses(
    (status = 200, description = "The service is up.", body = ServiceHealth),
    (status = 302, description = "A browser is led to /console."),
))]
pub(crate) async fn show_service(_app: State<App>, _: Anyone, headers: HeaderMap) -> Response {
    if browser::wants_page(&headers) {
        return browser::found("/console");
    }
    let data =
        ServiceHealthData { service: "connector", health: "healthy", version: env!("CARGO_PKG_VERSION") };
    Json(ServiceHealth { status: "success", message: "service healthy", data }).into_response()
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Status {
    #[schema(example = "ok")]
    status: &'static str,
    /// What the operator should know, though requests are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Whether the process is alive. Asks nothing else.
#[utoipa::path(get, path = "/healthz", tag = "Health", responses(
    (status = 200, description = "It is alive.", body = Status),
))]
pub(crate) async fn check_liveness(_app: State<App>, _: Anyone) -> Json<Status> {
    Json(Status { status: "ok", detail: None })
}

/// Whether requests can be served: the database answers and has this program's schema, and so does Redis, where the
/// sessions are there.
///
/// The encryption keys are checked at the start, which is refused without them.
#[utoipa::path(get, path = "/readyz", tag = "Health", responses(
    (status = 200, description = "Requests can be served.", body = Status),
    (status = 503, description = "Not now.", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn check_readiness(State(app): State<App>, _: Anyone) -> Result<Json<Status>, Problem> {
    match app.store().check_schema().await {
        Ok(()) => {
            if let Err(error) = app.connections().ping_sessions().await {
                tracing::error!(error = %report(&error), "not ready");
                let detail = "The place of the sessions does not answer.";
                return Err(Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, detail));
            }
            Ok(Json(Status { status: "ok", detail: warning(&app).await }))
        }
        Err(error) => {
            tracing::error!(error = %report(&error), "not ready");
            let detail = "The database does not answer, or does not have the schema of this program.";
            Err(Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, detail))
        }
    }
}

/// A copy of another service's data is served, but its tokens are not used.
async fn warning(app: &App) -> Option<String> {
    match app.connections().custody().await {
        Ok(Custody::Ours) => None,
        Ok(Custody::Foreign(why)) => Some(format!("no tokens are exchanged: {why}; run `connector adopt`")),
        Err(error) => {
            tracing::error!(error = %report(&error), "it cannot be said whose database this is");
            Some("no tokens are exchanged: it cannot be said whose database this is".to_owned())
        }
    }
}
