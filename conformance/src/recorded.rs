//! The product's own client at work, with every request written down: a login, syncs, and all that it can ask besides.

mod confluence;
mod jira;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use connector_atlassian::confluence::{BodyFormat, PageQuery, PageSort, PageStatus, SpaceQuery, SpaceStatus};
use connector_atlassian::jira::{ProjectQuery, ProjectStatus};
use connector_atlassian::{App, Atlassian, Endpoints, Listing, Pager};
use connector_connections::{Callback, Connections, OAuthApp, Settings, StartLogin};
use connector_domain::{
    AccessToken, AuthorizationCode, ClientSecret, CloudId, ConnectionId, Entropy, Secret, SeededEntropy,
    SyncMode, SyncStatus, SystemClock,
};
use connector_jobs::{Jobs, Runner};
use connector_sandbox::{CLIENT_ID, CLIENT_SECRET, DEFAULT_CLOUD_ID, SandboxOptions};
use connector_store::{Engine, LoginFlow, Store};
use connector_sync::Syncs;
use connector_testkit::{Browser, TestDatabase, parameter, within};
use connector_vault::KeyRing;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::walk::consent::CALLBACK;
use crate::walk::edits;

/// A request as it came to the sandbox.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
    /// Of the answer.
    pub status: u16,
    /// What a refusal says.
    pub refusal: String,
}

type Log = Arc<Mutex<Vec<Recorded>>>;

/// Sizes at which every list that the client reads has more than one page.
fn options() -> SandboxOptions {
    SandboxOptions {
        projects: Some(130),
        issues: Some(400),
        spaces: Some(260),
        pages: Some(600),
        control: true,
        redirect_uri: vec![CALLBACK.to_owned()],
        ..SandboxOptions::default()
    }
}

/// The service without its web server: what a login and a sync need.
struct Service {
    store: Store,
    atlassian: Atlassian,
    connections: Connections,
    syncs: Syncs,
    jobs: Jobs,
}

/// Logs in with these scopes, syncs, syncs again and takes a census after things have gone and moved, and asks for
/// everything else that the client can ask for.
pub async fn requests(scopes: &str) -> anyhow::Result<Vec<Recorded>> {
    let (log, stop) = (Log::default(), CancellationToken::new());
    let url = serve(&log, stop.clone()).await?;
    let browser = Browser::new(url.as_str());
    let database = TestDatabase::create(Engine::Sqlite).await.context("no database")?;
    let service = Service::new(&database, url, scopes)?;
    let connection = service.log_in(&browser).await?;
    let runner = Runner::new(service.jobs.clone(), vec![service.syncs.handler()], 2);
    let running = tokio::spawn(runner.run(stop.clone()));
    service.sync(connection, SyncMode::Full).await?;
    edits::make_outdated(&browser, "acme").await?;
    for mode in [SyncMode::Incremental, SyncMode::Census] {
        service.sync(connection, mode).await?;
    }
    service.connections.refresh_sites(connection).await?;
    let token = service.connections.refresh_now(connection).await?.access_token;
    everything_else(&service.atlassian, &token).await?;
    stop.cancel();
    within("the end of the jobs", running).await?;
    let requests = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(requests)
}

async fn serve(log: &Log, stop: CancellationToken) -> anyhow::Result<Url> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = connector_sandbox::Sandbox::new(options(), url.clone())
        .router()
        .layer(middleware::from_fn_with_state(Arc::clone(log), record));
    tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).into_future());
    Ok(Url::parse(&url)?)
}

async fn record(State(log): State<Log>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/__sandbox") {
        // Ours, not the client's.
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut recorded = Recorded {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: body.to_vec(),
        status: 0,
        refusal: String::new(),
    };
    let mut response = next.run(Request::from_parts(parts, Body::from(body))).await;
    recorded.status = response.status().as_u16();
    if response.status().is_client_error() {
        let (head, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        recorded.refusal = String::from_utf8_lossy(&body).into_owned();
        response = Response::from_parts(head, Body::from(body));
    }
    log.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
    response
}

impl Service {
    fn new(database: &TestDatabase, url: Url, scopes: &str) -> anyhow::Result<Self> {
        let store = database.store().clone();
        let (clock, entropy): (Arc<SystemClock>, Arc<dyn Entropy>) =
            (Arc::new(SystemClock), Arc::new(SeededEntropy::new(1)));
        let keys = KeyRing::parse(KeyRing::generate(&*entropy, "only")?.expose())?;
        let atlassian =
            Atlassian::new(Atlassian::http_client()?, Endpoints { auth_url: url.clone(), api_url: url });
        let app =
            App { client_id: CLIENT_ID.to_owned(), client_secret: Some(ClientSecret::new(CLIENT_SECRET)) };
        let settings = Settings {
            atlassian: Some(OAuthApp { app, redirect_uri: CALLBACK.to_owned() }),
            scopes: scopes.split_whitespace().collect(),
            spool_folder: database.spool_folder(),
            ..Settings::default()
        };
        let connections = Connections::new(
            store.clone(),
            atlassian.clone(),
            Arc::new(keys),
            settings,
            clock.clone(),
            Arc::clone(&entropy),
        );
        let jobs = Jobs::new(store.clone(), clock.clone(), Arc::clone(&entropy));
        let syncs = Syncs::new(store.clone(), connections.clone(), jobs.clone(), clock, entropy);
        Ok(Self { store, atlassian, connections, syncs, jobs })
    }

    async fn log_in(&self, browser: &Browser) -> anyhow::Result<ConnectionId> {
        let start = StartLogin {
            flow: LoginFlow::Atlassian,
            app_state: None,
            scope: None,
            user_id: None,
            link: None,
            host: None,
        };
        let started = self.connections.start_login(start).await?;
        let form = browser.consent_form(&started.authorize_url).await;
        let back = browser.decide(&form, "accept").await;
        let callback = Callback {
            code: parameter(&back, "code").map(AuthorizationCode::new),
            state: parameter(&back, "state").map(Secret::new),
            error: parameter(&back, "error"),
            issuer: parameter(&back, "iss"),
            cookies: vec![(started.cookie_suffix, started.cookie_value)],
            user_id: None,
        };
        match self.connections.finish_login(callback).await {
            Ok(finished) => Ok(finished.connection_id),
            Err(failed) => bail!("the login failed: {}", failed.error),
        }
    }

    async fn sync(&self, connection: ConnectionId, mode: SyncMode) -> anyhow::Result<()> {
        let run = self.syncs.request(connection, mode, &[]).await?;
        let ended = async {
            loop {
                let run = self.store.find_sync_run(run.id).await?.context("the run is gone")?;
                if run.finished_at.is_some() {
                    return anyhow::Ok(run);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let run = within("the end of a sync", ended).await?;
        ensure!(run.status == SyncStatus::Succeeded, "the sync ended as {:?}: {:?}", run.status, run.error);
        Ok(())
    }
}

/// What no sync asks for today.
async fn everything_else(atlassian: &Atlassian, token: &AccessToken) -> anyhow::Result<()> {
    let cloud_id: CloudId = CloudId::new(DEFAULT_CLOUD_ID);
    atlassian.me(token).await?;
    let jira = atlassian.jira(&cloud_id);
    jira::everything(jira, token).await?;
    jira.myself(token).await?;
    jira.server_info(token).await?;
    let status = vec![ProjectStatus::Live, ProjectStatus::Archived, ProjectStatus::Deleted];
    read(jira.all_projects(ProjectQuery { status, max_results: 50, ..ProjectQuery::default() }), token)
        .await?;
    let confluence = atlassian.confluence(&cloud_id);
    confluence::everything(confluence, token).await?;
    for status in [None, Some(SpaceStatus::Current), Some(SpaceStatus::Archived)] {
        let keys = vec!["ENG".to_owned(), "~personal".to_owned()];
        read(confluence.all_spaces(SpaceQuery { status, keys, ..SpaceQuery::default() }), token).await?;
    }
    let all = [PageStatus::Current, PageStatus::Archived, PageStatus::Deleted, PageStatus::Trashed];
    for (body_format, sort) in [
        (None, PageSort::Id),
        (Some(BodyFormat::Storage), PageSort::LastModifiedFirst),
        (Some(BodyFormat::AtlasDocFormat), PageSort::Title),
        (None, PageSort::NewestFirst),
        (None, PageSort::OldestFirst),
        (None, PageSort::LastModifiedLast),
    ] {
        let query = PageQuery { body_format, sort: Some(sort), status: all.to_vec(), ..PageQuery::default() };
        read(confluence.all_pages(query), token).await?;
    }
    Ok(())
}

async fn read<L: Listing>(mut pages: Pager<L>, token: &AccessToken) -> anyhow::Result<()> {
    while pages.next(token).await?.is_some() {}
    Ok(())
}
