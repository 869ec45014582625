use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use connector_domain::{ConnectionStatus, Product, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rows::{Project, WikiPage};
use super::users::CreateUser;
use super::{confluence_pages, jira_projects};
use crate::App;
use crate::http::access::{Access, Read, Write};
use crate::http::caller::Caller;
use crate::http::extract::{OptionalJson, Query};
use crate::http::policy::Need;
use crate::http::problem::{Problem, Problems};

/// The state of a product, and where to start connecting it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectBody {
    #[schema(example = "jira")]
    provider: &'static str,
    /// Address of the connected site; empty while none is known.
    #[schema(example = "https://acme.atlassian.net")]
    base_url: String,
    /// Whether there is an active connection.
    connected: bool,
    /// Where the person's browser is to go.
    #[schema(example = "/auth/jira/login")]
    redirect_url: &'static str,
}

/// Jira's state, and where to start connecting it.
///
/// A body with an e-mail address creates that user, or finds it; else it is about the session's person, or the first
/// user.
#[utoipa::path(post, path = "/integrations/jira/connect", tag = "Integrations",
    request_body = Option<CreateUser>,
    responses((status = 200, description = "The state.", body = ConnectBody), Problems)
)]
pub(crate) async fn connect_jira(
    State(app): State<App>,
    caller: Access<Write>,
    OptionalJson(body): OptionalJson<CreateUser>,
) -> Result<Json<ConnectBody>, Problem> {
    connect(&app, &caller, Product::Jira, body).await.map(Json)
}

/// Confluence's state, and where to start connecting it.
#[utoipa::path(post, path = "/integrations/confluence/connect", tag = "Integrations",
    request_body = Option<CreateUser>,
    responses((status = 200, description = "The state.", body = ConnectBody), Problems)
)]
pub(crate) async fn connect_confluence(
    State(app): State<App>,
    caller: Access<Write>,
    OptionalJson(body): OptionalJson<CreateUser>,
) -> Result<Json<ConnectBody>, Problem> {
    connect(&app, &caller, Product::Confluence, body).await.map(Json)
}

async fn connect(
    app: &App,
    caller: &Caller,
    product: Product,
    body: Option<CreateUser>,
) -> Result<ConnectBody, Problem> {
    let owner = match body {
        Some(body) => {
            caller.may(app, Need::Manage)?;
            let (new, tokens) = body.check()?;
            Some(app.connections().create_user(&new, tokens).await?.0.id)
        }
        None => caller.owner(app, None).await?,
    };
    let site = match owner {
        Some(owner) => connected_site(app, owner, product).await?,
        None => None,
    };
    let connected = site.is_some();
    let base = site.or_else(|| app.settings().cloud_base_url.clone());
    let base = base.as_deref().map(|base| base.trim_end_matches('/'));
    Ok(ConnectBody {
        provider: product.as_str(),
        base_url: match (base, product) {
            (None, _) => String::new(),
            (Some(base), Product::Jira) => base.to_owned(),
            (Some(base), Product::Confluence) => format!("{base}/wiki"),
        },
        connected,
        redirect_url: match product {
            Product::Jira => "/auth/jira/login",
            Product::Confluence => "/auth/confluence/login",
        },
    })
}

/// The address of a site that an active connection of this person reaches for the product.
async fn connected_site(app: &App, owner: UserId, product: Product) -> Result<Option<String>, Problem> {
    let connections = app.store().list_connections(Some(owner)).await?;
    Ok(connections
        .into_iter()
        .filter(|connection| connection.status == ConnectionStatus::Active)
        .flat_map(|connection| connection.sites)
        .filter(|known| known.gone_at.is_none())
        .find(|known| known.site.scopes.covers(product))
        .map(|known| known.site.url))
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct OwnerQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
}

/// What was fetched from Jira.
#[derive(Serialize, ToSchema)]
pub(crate) struct FetchedProjects {
    #[schema(example = "jira")]
    provider: &'static str,
    items: Vec<Project>,
}

/// What was fetched from Confluence.
#[derive(Serialize, ToSchema)]
pub(crate) struct FetchedPages {
    #[schema(example = "confluence")]
    provider: &'static str,
    items: Vec<WikiPage>,
}

/// The Jira projects that are stored for a user: those of the last sync, and those put in by hand.
#[utoipa::path(get, path = "/integrations/jira/projects/fetch", tag = "Integrations", params(OwnerQuery), responses(
    (status = 200, description = "The projects, by key.", body = FetchedProjects),
    Problems,
))]
pub(crate) async fn fetch_jira_projects(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<OwnerQuery>,
) -> Result<Response, Problem> {
    let write = |items| serde_json::to_vec(&FetchedProjects { provider: "jira", items });
    match caller.owner(&app, query.owner_id).await? {
        Some(owner) => jira_projects::all_projects(&app, owner, "fetch", write).await,
        None => Ok(nothing(write(Vec::new()))),
    }
}

/// The Confluence pages that are stored for a user: those of the last sync, and those put in by hand.
#[utoipa::path(get, path = "/integrations/confluence/pages/fetch", tag = "Integrations", params(OwnerQuery),
    responses((status = 200, description = "The pages, by title.", body = FetchedPages), Problems)
)]
pub(crate) async fn fetch_confluence_pages(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<OwnerQuery>,
) -> Result<Response, Problem> {
    let write = |items| serde_json::to_vec(&FetchedPages { provider: "confluence", items });
    match caller.owner(&app, query.owner_id).await? {
        Some(owner) => confluence_pages::all_pages(&app, owner, "fetch", write).await,
        None => Ok(nothing(write(Vec::new()))),
    }
}

/// The answer while there is no user.
fn nothing(body: serde_json::Result<Vec<u8>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.unwrap_or_default()).into_response()
}
