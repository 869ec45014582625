use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector_connections::{Callback, FailedLogin, FinishedLogin, LoginError};
use connector_domain::{Actor, AuditEvent, AuthorizationCode, Secret, SyncMode};
use connector_store::LoginFlow;
use serde::Deserialize;
use tracing::Instrument as _;
use utoipa::IntoParams;

use super::oauth_login::Provider;
use crate::App;
use crate::http::access::{Access, Open};
use crate::http::caller::{Caller, SessionCookie};
use crate::http::extract::{Path, Query};
use crate::http::problem::{Problem, Problems, report};
use crate::http::{browser, cookies};

/// What Atlassian sends the browser back with.
#[derive(Deserialize, IntoParams)]
pub(crate) struct CallbackQuery {
    #[param(value_type = Option<String>)]
    code: Option<AuthorizationCode>,
    #[param(value_type = Option<String>)]
    state: Option<Secret>,
    error: Option<String>,
    /// Who answers, where it says so (RFC 9207).
    iss: Option<String>,
}

/// Finish connecting: exchanges the code, keeps the tokens sealed, renews the session, and asks for a first sync.
#[utoipa::path(get, path = "/api/oauth/callback/atlassian", tag = "OAuth", params(CallbackQuery), responses(
    (status = 302, description = "To the frontend, with `provider`, `status` and, on failure, `message`; with \
        `lost_scopes` where the consent covers less than the one before."),
    Problems,
))]
pub(crate) async fn finish_atlassian_login(
    State(app): State<App>,
    caller: Access<Open>,
    cookie: SessionCookie,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, Problem> {
    finish(app, LoginFlow::Atlassian, &caller, cookie, headers, query).await
}

/// Finish connecting by the legacy route of a product.
#[utoipa::path(get, path = "/auth/{provider}/callback", tag = "OAuth",
    params(("provider" = Provider, Path), CallbackQuery),
    responses((status = 302, description = "To the frontend's `/oauth/callback`."), Problems)
)]
pub(crate) async fn finish_legacy_login(
    State(app): State<App>,
    caller: Access<Open>,
    cookie: SessionCookie,
    headers: HeaderMap,
    Path(provider): Path<Provider>,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, Problem> {
    finish(app, provider.into(), &caller, cookie, headers, query).await
}

/// The same under `/api`.
#[utoipa::path(get, path = "/api/auth/{provider}/callback", tag = "OAuth",
    params(("provider" = Provider, Path), CallbackQuery),
    responses((status = 302, description = "To the frontend's `/oauth/callback`."), Problems)
)]
pub(crate) async fn finish_legacy_login_under_api(
    State(app): State<App>,
    caller: Access<Open>,
    cookie: SessionCookie,
    headers: HeaderMap,
    Path(provider): Path<Provider>,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, Problem> {
    finish(app, provider.into(), &caller, cookie, headers, query).await
}

/// `route` is where the browser came back to. Where the login began decides where it ends, if it is known.
async fn finish(
    app: App,
    route: LoginFlow,
    caller: &Caller,
    SessionCookie(old_session): SessionCookie,
    headers: HeaderMap,
    query: CallbackQuery,
) -> Result<Response, Problem> {
    let callback = Callback {
        code: query.code,
        state: query.state,
        error: query.error,
        issuer: query.iss,
        cookies: cookies::logins(app.settings(), &headers),
        user_id: caller.user_id(),
    };
    // Detached: the code is good for one exchange, so a browser that goes away must not lose the answer.
    let task = {
        let app = app.clone();
        tokio::spawn(async move { complete(&app, callback, old_session).await }.in_current_span())
    };
    match task.await {
        Ok(Ok((login, session))) => {
            let lost = lost_scopes(&app, &login).await?;
            Ok(succeeded(&app, &login, &session, &lost))
        }
        Ok(Err(error)) => failed(&app, caller, &headers, route, error),
        Err(error) => {
            tracing::error!(%error, "a login did not come to its end");
            Err(Problem::internal())
        }
    }
}

async fn complete(
    app: &App,
    callback: Callback,
    old_session: Option<Secret>,
) -> Result<(FinishedLogin, Secret), FailedLogin> {
    let login = app.connections().finish_login(callback).await?;
    let session =
        app.connections().renew_session(login.user.id, login.connection_id, old_session.as_ref()).await;
    let session = session.map_err(LoginError::from)?;
    let event = AuditEvent::LoggedIn { flow: login.flow.as_str(), by_link: login.by_link };
    app.connections().note(Actor::Person(Some(login.user.id)), event, Some(login.user.id)).await;
    if let Err(error) = app.syncs().request(login.connection_id, SyncMode::Full, &[]).await {
        // The connection stands; a sync can be asked for again.
        tracing::error!(error = %report(&error), "the first sync could not be asked for");
    }
    Ok((login, session))
}

/// Where the browser lands, and what it is told there besides `status`. `return_url` is where a link leads.
fn landing(app: &App, flow: LoginFlow, return_url: Option<&str>, parameters: &[(&str, &str)]) -> String {
    let path = match flow {
        LoginFlow::Atlassian => "",
        LoginFlow::Jira | LoginFlow::Confluence => "/oauth/callback",
    };
    let mut all = vec![("provider", flow.as_str())];
    all.extend_from_slice(parameters);
    let settings = app.settings();
    // Looked at once more: the settings may have changed since the link was made.
    match return_url.and_then(|url| settings.return_url(url).ok()) {
        Some(url) => browser::frontend_address(url.as_str(), "", &all),
        None => browser::frontend_address(&settings.frontend_url, path, &all),
    }
}

/// What the consent before covered and this one does not.
async fn lost_scopes(app: &App, login: &FinishedLogin) -> Result<String, Problem> {
    let connection = app.store().find_connection(login.connection_id).await?;
    Ok(connection.map(|connection| connection.lost_scopes.to_string()).unwrap_or_default())
}

fn succeeded(app: &App, login: &FinishedLogin, session: &Secret, lost_scopes: &str) -> Response {
    let user_id = login.user.id.to_string();
    let mut parameters = vec![("status", "success")];
    if login.flow != LoginFlow::Atlassian {
        parameters.push(("user_id", &user_id));
    }
    if !lost_scopes.is_empty() {
        parameters.push(("lost_scopes", lost_scopes));
    }
    if let Some(state) = &login.app_state {
        parameters.push(("state", state));
    }
    let connection_id = login.connection_id.to_string();
    if login.by_link {
        parameters.extend([("user_id", user_id.as_str()), ("connection_id", connection_id.as_str())]);
    }
    let address = landing(app, login.flow, login.return_url.as_deref(), &parameters);
    let mut response = browser::found(&address);
    let settings = app.settings();
    for cookie in [
        cookies::set_session(settings, session, app.connections().settings().sessions.lifetime),
        cookies::clear_login(settings, &login.cookie_suffix),
    ] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A browser is led to the frontend with a sentence for people; a program gets a problem document. `route` is where it
/// failed, for a login that is not known.
pub(crate) fn failed(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    route: LoginFlow,
    login: FailedLogin,
) -> Result<Response, Problem> {
    let FailedLogin { flow, app_state, return_url, error } = login;
    if error.concerns_operator() {
        tracing::error!(error = %report(&error), "a login failed");
    } else {
        tracing::warn!(error = %report(&error), "a login failed");
    }
    app.connections().note_failed_login(caller.actor(), flow, &error);
    let message = error.to_string();
    if !browser::wants_page(headers) {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        return Err(Problem::new(status, message));
    }
    let mut parameters = vec![("status", "error"), ("message", message.as_str()), ("reason", error.name())];
    if let Some(state) = &app_state {
        parameters.push(("state", state));
    }
    let address = landing(app, flow.unwrap_or(route), return_url.as_deref(), &parameters);
    Ok(browser::found(&address).into_response())
}
