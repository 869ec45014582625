use axum::Json;
use axum::extract::State;
use connector_connections::TokenUnavailable;
use connector_domain::{Connection, Site};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::http::access::{Access, Session};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Problems};

/// An answer in the seed's envelope.
#[derive(Serialize, ToSchema)]
pub(crate) struct Success<T> {
    #[schema(example = "success")]
    status: &'static str,
    message: &'static str,
    data: T,
}

impl<T> Success<T> {
    fn new(message: &'static str, data: T) -> Json<Self> {
        Json(Self { status: "success", message, data })
    }
}

/// What is known of the new token. Never the token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenState {
    /// Seconds until the access token ends.
    #[schema(example = 3600)]
    expires_in: u64,
    #[schema(example = "offline_access read:jira-work read:me")]
    scope: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
}

/// Exchange the refresh token of the session's connection for a new pair.
#[utoipa::path(post, path = "/api/oauth/atlassian/refresh", tag = "OAuth", responses(
    (status = 200, description = "There is a new access token.", body = Success<TokenState>),
    Problems,
))]
pub(crate) async fn refresh_token(
    State(app): State<App>,
    caller: Access<Session>,
) -> Result<Json<Success<TokenState>>, Problem> {
    let connection = connection(&app, &caller).await?;
    let token = app.connections().refresh_now(connection.id).await?;
    let state = TokenState {
        expires_in: token.expires_at.since(app.now()).as_secs(),
        scope: connection.scopes.to_string(),
        token_type: "Bearer",
    };
    Ok(Success::new("access token refreshed", state))
}

/// A site that the connection reaches, in Atlassian's own words.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resource {
    /// The cloud id.
    id: String,
    url: String,
    name: String,
    /// What the grant covers on this site, over all its products.
    scopes: Vec<String>,
    avatar_url: Option<String>,
}

impl From<Site> for Resource {
    fn from(site: Site) -> Self {
        Self {
            id: site.cloud_id.to_string(),
            scopes: site.scopes.iter().map(str::to_owned).collect(),
            url: site.url,
            name: site.name,
            avatar_url: site.avatar_url,
        }
    }
}

/// Ask Atlassian which sites the session's connection reaches.
#[utoipa::path(get, path = "/api/atlassian/resources", tag = "OAuth", responses(
    (status = 200, description = "The sites, each once.", body = Success<Vec<Resource>>),
    Problems,
))]
pub(crate) async fn list_resources(
    State(app): State<App>,
    caller: Access<Session>,
) -> Result<Json<Success<Vec<Resource>>>, Problem> {
    let connection = connection(&app, &caller).await?;
    let sites = app.connections().refresh_sites(connection.id).await?;
    Ok(Success::new("accessible resources", sites.into_iter().map(Into::into).collect()))
}

/// The connection that the session was begun with, else the person's current one.
async fn connection(app: &App, caller: &Caller) -> Result<Connection, Problem> {
    let session = caller.session()?;
    // It may be another person's by now.
    if let Some(id) = session.connection_id
        && let Some(connection) = app.store().find_connection_of(Some(session.user_id), id).await?
    {
        return Ok(connection);
    }
    let current = app.connections().current(session.user_id).await?;
    current.ok_or_else(|| TokenUnavailable::Disconnected.into())
}
