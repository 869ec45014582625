use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector_domain::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::api_keys::ApiKeyBody;
use super::users::UserBody;
use crate::App;
use crate::http::access::{Access, Anyone, Read};
use crate::http::caller::{Caller, SessionCookie};
use crate::http::problem::{Problem, Problems};
use crate::http::{browser, cookies};

/// Who the caller is.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallerBody {
    /// `anonymous`, `person` or `server`.
    #[schema(example = "person")]
    kind: &'static str,
    user: Option<UserBody>,
    /// The connection that the session was begun with.
    connection_id: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    session_expires_at: Option<Timestamp>,
    /// The key that a program has shown.
    api_key: Option<ApiKeyBody>,
}

/// Who the caller is.
#[utoipa::path(get, path = "/api/me", tag = "OAuth", responses(
    (status = 200, description = "The caller.", body = CallerBody),
    Problems,
))]
pub(crate) async fn show_caller(
    State(app): State<App>,
    caller: Access<Read>,
) -> Result<Json<CallerBody>, Problem> {
    let nobody = CallerBody {
        kind: "anonymous",
        user: None,
        connection_id: None,
        session_expires_at: None,
        api_key: None,
    };
    Ok(Json(match &*caller {
        Caller::Anonymous => nobody,
        Caller::Person(session) => CallerBody {
            kind: "person",
            user: app.store().find_user(session.user_id).await?.map(Into::into),
            connection_id: session.connection_id.map(|id| id.to_string()),
            session_expires_at: Some(session.expires_at),
            ..nobody
        },
        Caller::Server(key) => CallerBody { kind: "server", api_key: Some(key.clone().into()), ..nobody },
    }))
}

/// End the session.
#[utoipa::path(post, path = "/api/logout", tag = "OAuth", responses(
    (status = 204, description = "There is no session any more."),
    (status = 303, description = "A browser is led back to the console."),
    Problems,
))]
pub(crate) async fn log_out(
    State(app): State<App>,
    _: Anyone,
    headers: HeaderMap,
    SessionCookie(token): SessionCookie,
) -> Result<Response, Problem> {
    if let Some(token) = token {
        app.connections().end_session(&token).await?;
    }
    let clear = [(header::SET_COOKIE, cookies::clear_session(app.settings()))];
    if browser::wants_page(&headers) {
        return Ok((StatusCode::SEE_OTHER, clear, [(header::LOCATION, "/console")]).into_response());
    }
    Ok((StatusCode::NO_CONTENT, clear).into_response())
}
