use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use connector_domain::{SessionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::rows::Page;
use crate::App;
use crate::http::access::{Access, Session};
use crate::http::cookies;
use crate::http::extract::Path;
use crate::http::problem::{Problem, Problems};

/// A session of the caller's own. Never what its cookie holds.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Noted at most once a minute.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// The end by itself, if it is used until then.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// List one's own sessions, the latest first.
#[utoipa::path(get, path = "/api/sessions", tag = "Sessions", responses(
    (status = 200, description = "The sessions.", body = Page<SessionBody>),
    Problems,
))]
pub(crate) async fn list_sessions(
    State(app): State<App>,
    caller: Access<Session>,
) -> Result<Json<Page<SessionBody>>, Problem> {
    let own = caller.session()?;
    let sessions = app.connections().list_sessions(own.user_id).await?;
    let body = |session: connector_store::Session| SessionBody {
        id: session.id.to_string(),
        current: session.id == own.id,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
    };
    Ok(Json(Page { items: sessions.into_iter().map(body).collect(), next_cursor: None }))
}

/// End all of one's own sessions, in every browser, also the one that asks. None opens anything from now on.
#[utoipa::path(delete, path = "/api/sessions", tag = "Sessions", responses(
    (status = 204, description = "There is no session of the caller's any more."),
    Problems,
))]
pub(crate) async fn end_all_sessions(
    State(app): State<App>,
    caller: Access<Session>,
) -> Result<impl IntoResponse, Problem> {
    app.connections().end_sessions(caller.session()?.user_id, None).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookies::clear_session(app.settings()))]))
}

/// End one of one's own sessions.
#[utoipa::path(delete, path = "/api/sessions/{id}", tag = "Sessions", params(("id" = String, Path)), responses(
    (status = 204, description = "It opens nothing any more."),
    Problems,
))]
pub(crate) async fn end_session(
    State(app): State<App>,
    caller: Access<Session>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found("There is no such session.");
    let id: SessionId = id.parse().map_err(|_| missing())?;
    match app.connections().end_sessions(caller.session()?.user_id, Some(id)).await? {
        0 => Err(missing()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
