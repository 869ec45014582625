use axum::extract::{OriginalUri, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use connector_connections::{FailedLogin, ShownLink, StartLogin};
use connector_domain::Secret;
use connector_store::LoginFlow;
use serde::Deserialize;
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::oauth_callback::failed;
use crate::App;
use crate::http::access::{Access, Open};
use crate::http::caller::Caller;
use crate::http::extract::{Path, Query};
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;
use crate::http::{browser, cookies};

#[derive(Deserialize, IntoParams)]
pub(crate) struct LoginQuery {
    /// The caller's own state: given back at the end, used for nothing else.
    #[param(max_length = 2048)]
    state: Option<String>,
    /// Scopes with spaces between. They narrow what this service is set up for and never widen it.
    #[param(max_length = 4096)]
    scope: Option<String>,
    /// The secret of a connect link, which is in its path.
    #[serde(skip)]
    #[param(ignore)]
    link: Option<Secret>,
}

/// The legacy logins, one for each product.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    Jira,
    Confluence,
}

impl From<Provider> for LoginFlow {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Jira => Self::Jira,
            Provider::Confluence => Self::Confluence,
        }
    }
}

/// Begin connecting an Atlassian account: leads the browser to Atlassian's consent page.
#[utoipa::path(get, path = "/api/oauth/atlassian/login", tag = "OAuth", params(LoginQuery), responses(
    (status = 302, description = "To Atlassian, with `state` and a PKCE challenge (S256)."),
    Problems,
))]
pub(crate) async fn start_atlassian_login(
    State(app): State<App>,
    caller: Access<Open>,
    uri: OriginalUri,
    headers: HeaderMap,
    Query(query): Query<LoginQuery>,
) -> Result<Response, Problem> {
    start(&app, LoginFlow::Atlassian, &caller, &uri.0, &headers, query).await
}

/// Connect by a link that a server has made for one of its users.
///
/// Leads the browser to Atlassian's consent page, and ties the link to this browser. At the end the browser goes to the
/// link's `return_url`.
#[utoipa::path(get, path = "/connect/{token}", tag = "OAuth", params(("token" = String, Path)), responses(
    (status = 302, description = "To Atlassian."),
    Problems,
))]
pub(crate) async fn open_connect_link(
    State(app): State<App>,
    caller: Access<Open>,
    uri: OriginalUri,
    method: Method,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    // Whatever looks at links ahead of people must not be the browser that opens one.
    if method == Method::HEAD || headers.contains_key("sec-purpose") || headers.contains_key("purpose") {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let query = LoginQuery { state: None, scope: None, link: Some(Secret::new(token)) };
    start(&app, LoginFlow::Atlassian, &caller, &uri.0, &headers, query).await
}

/// Begin connecting by the legacy route of a product.
#[utoipa::path(get, path = "/auth/{provider}/login", tag = "OAuth",
    params(("provider" = Provider, Path), LoginQuery),
    responses((status = 302, description = "To Atlassian."), Problems)
)]
pub(crate) async fn start_legacy_login(
    State(app): State<App>,
    caller: Access<Open>,
    uri: OriginalUri,
    headers: HeaderMap,
    Path(provider): Path<Provider>,
    Query(query): Query<LoginQuery>,
) -> Result<Response, Problem> {
    start(&app, provider.into(), &caller, &uri.0, &headers, query).await
}

/// The same under `/api`.
#[utoipa::path(get, path = "/api/auth/{provider}/login", tag = "OAuth",
    params(("provider" = Provider, Path), LoginQuery),
    responses((status = 302, description = "To Atlassian."), Problems)
)]
pub(crate) async fn start_legacy_login_under_api(
    State(app): State<App>,
    caller: Access<Open>,
    uri: OriginalUri,
    headers: HeaderMap,
    Path(provider): Path<Provider>,
    Query(query): Query<LoginQuery>,
) -> Result<Response, Problem> {
    start(&app, provider.into(), &caller, &uri.0, &headers, query).await
}

async fn start(
    app: &App,
    flow: LoginFlow,
    caller: &Caller,
    uri: &Uri,
    headers: &HeaderMap,
    query: LoginQuery,
) -> Result<Response, Problem> {
    Checks::new()
        .optional("/query/state", query.state.as_deref(), 2048)
        .optional("/query/scope", query.scope.as_deref(), 4096)
        .finish()?;
    if let Some(address) = at_callback_host(app, flow, uri, headers) {
        return Ok(browser::found(&address));
    }
    let app_state = query.state;
    let link = query.link.map(|token| ShownLink { token, cookies: cookies::links(app.settings(), headers) });
    let return_url = match &link {
        Some(link) => app.connections().return_url_of_link(&link.token).await?,
        None => None,
    };
    let started = app.connections().start_login(StartLogin {
        flow,
        app_state: app_state.clone(),
        scope: query.scope.map(|scope| scope.split_whitespace().collect()),
        user_id: caller.user_id(),
        link,
        host: host(headers).map(|(host, _)| host.to_owned()),
    });
    match started.await {
        Ok(started) => {
            let cookie = cookies::set_login(
                app.settings(),
                &started.cookie_suffix,
                &started.cookie_value,
                started.lifetime,
            );
            let mut response = browser::found(started.authorize_url.as_str());
            response.headers_mut().append(header::SET_COOKIE, cookie);
            if let Some(tie) = &started.link_cookie {
                response.headers_mut().append(header::SET_COOKIE, cookies::set_link(app.settings(), tie));
            }
            Ok(response)
        }
        Err(error) => {
            let failed_login = FailedLogin { flow: Some(flow), app_state, return_url, error };
            failed(app, caller, headers, flow, failed_login)
        }
    }
}

/// Atlassian returns to the one registered address. A browser that knows this machine by another loopback name would
/// come back without the cookie that it is given now, so it is led to the registered name first.
fn at_callback_host(app: &App, flow: LoginFlow, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let settings = app.connections().settings();
    if settings.any_loopback_host {
        return None;
    }
    let callback = Url::parse(settings.redirect_uri(flow)?).ok()?;
    let (host, port) = host(headers)?;
    let is_loopback = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let registered = callback.host_str()?;
    if host == registered || !is_loopback(host) || !is_loopback(registered) || port != callback.port() {
        return None;
    }
    // The path alone: a request may name a whole address in its first line.
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Some(format!("{}{path}", callback.origin().ascii_serialization()))
}

/// The name and port by which the browser reached us.
fn host(headers: &HeaderMap) -> Option<(&str, Option<u16>)> {
    let authority = headers.get(header::HOST)?.to_str().ok()?;
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok())),
        _ => Some((authority, None)),
    }
}
