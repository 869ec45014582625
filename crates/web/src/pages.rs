//! The console's routes: each gathers what a page shows and hands it to `console`.

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use connector_domain::{User, UserId};
use serde::Deserialize;

use crate::App;
use crate::console::{
    self, CONTENT_SECURITY_POLICY, ConnectionFacts, ConsoleData, Outcome, ProblemData, ROWS_SHOWN, Rows,
    asset,
};
use crate::http::caller::Caller;
use crate::http::extract::Query;
use crate::http::problem::Problem;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/console", get(show_console))
        .route("/connected", get(show_connected))
        // Where a legacy login ends when there is no frontend.
        .route("/connected/oauth/callback", get(show_connected))
        .route("/assets/{name}", get(send_asset))
}

async fn show_console(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let store = app.store();
    let user = signed_in(&app, &caller).await?;
    // Whoever may not see rows still gets the page, with its way to sign in.
    let owner = match caller.owner(&app, None).await {
        Ok(owner) => owner,
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => None,
        Err(problem) => return Err(problem),
    };
    let gathered = match owner {
        Some(owner) => Gathered::of(&app, owner).await?,
        None => Gathered::default(),
    };
    let last_sync = match owner {
        Some(owner) => store.list_sync_runs(Some(owner), None, None, 1).await?.into_iter().next(),
        None => None,
    };
    let facts: Vec<_> =
        gathered.connections.iter().map(|connection| ConnectionFacts::of(&app, connection)).collect();
    let data = ConsoleData {
        facts: &facts,
        user: user.as_ref(),
        wanted_scopes: &app.connections().settings().scopes,
        connections: &gathered.connections,
        last_sync: last_sync.as_ref(),
        proofs: &gathered.proofs,
        projects: Rows { first: &gathered.projects, total: gathered.project_count },
        spaces: gathered.spaces,
        pages: Rows { first: &gathered.pages, total: gathered.page_count },
    };
    Ok(page(StatusCode::OK, console::render_console(&data, app.now())))
}

#[derive(Default)]
struct Gathered {
    connections: Vec<connector_domain::Connection>,
    proofs: Vec<connector_store::CompletenessProof>,
    projects: Vec<connector_domain::JiraProject>,
    project_count: u64,
    spaces: u64,
    pages: Vec<connector_domain::ConfluencePage>,
    page_count: u64,
}

impl Gathered {
    async fn of(app: &App, owner: UserId) -> Result<Self, Problem> {
        let store = app.store();
        let shown = Some(ROWS_SHOWN as u64);
        let connections = store.list_connections(Some(owner)).await?;
        let mut proofs = Vec::new();
        for connection in &connections {
            proofs.extend(store.list_proofs(connection.id).await?);
        }
        Ok(Self {
            connections,
            proofs,
            projects: store.list_projects(owner, None, shown).await?,
            project_count: store.count_projects(owner).await?,
            spaces: store.count_spaces(owner).await?,
            pages: store.list_pages(owner, None, None, shown).await?,
            page_count: store.count_pages(owner).await?,
        })
    }
}

#[derive(Deserialize)]
struct ConnectedQuery {
    provider: Option<String>,
    status: Option<String>,
    reason: Option<String>,
    lost_scopes: Option<String>,
}

async fn show_connected(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ConnectedQuery>,
) -> Result<Response, Problem> {
    let user = signed_in(&app, &caller).await?;
    let outcome = Outcome {
        provider: query.provider.as_deref(),
        status: query.status.as_deref(),
        reason: query.reason.as_deref(),
        shrank: query.lost_scopes.is_some_and(|lost| !lost.is_empty()),
    };
    Ok(page(StatusCode::OK, console::render_connected(outcome, user.as_ref())))
}

async fn signed_in(app: &App, caller: &Caller) -> Result<Option<User>, Problem> {
    match caller.user_id() {
        Some(id) => Ok(app.store().find_user(id).await?),
        None => Ok(None),
    }
}

async fn send_asset(Path(name): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(asset) = asset(&name) else {
        return Problem::not_found("There is no such file.").into_response();
    };
    let version = query.as_deref().and_then(|query| query.strip_prefix("v="));
    let cache = [
        (header::CACHE_CONTROL, asset.cache_control(version).to_owned()),
        (header::ETAG, asset.etag.clone()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == asset.etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, asset.content_type)], asset.bytes).into_response()
}

/// The page that a browser gets in place of a problem document.
pub(crate) fn problem_page(problem: &Problem, request_id: &str) -> Response {
    let data = ProblemData {
        status: problem.status().as_u16(),
        title: problem.title(),
        detail: Some(problem.detail()),
        request_id: Some(request_id),
    };
    page(problem.status(), console::render_problem(&data, None))
}

fn page(status: StatusCode, rendered: askama::Result<String>) -> Response {
    match rendered {
        Ok(html) => {
            let mut response = (status, Html(html)).into_response();
            let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
