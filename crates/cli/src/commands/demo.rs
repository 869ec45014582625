use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum as _;
use connector_atlassian::{App, Endpoints};
use connector_connections::{OAuthApp, Settings};
use connector_domain::{ClientSecret, SeededEntropy};
use connector_sandbox::{CLIENT_ID, CLIENT_SECRET, Dataset, SandboxOptions};
use connector_store::DatabaseUrl;
use connector_sync::SyncSettings;
use connector_vault::KeyRing;
use connector_web::{AuthMode, ConnectionLimits, CorsOrigins, EdgeSettings, WebSettings};
use url::Url;

use super::print;
use super::serve::{bind, serve, stop_signal};
use crate::config::{Config, DEFAULT_SCOPES, Env};
use crate::telemetry::{self, LogFormat, LogLevel};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address of the service
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3001")]
    listen: SocketAddr,
    /// Address of the Atlassian simulator
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4001")]
    sandbox_listen: SocketAddr,
    /// Database to use [default: a SQLite file that goes away with the demo]
    #[arg(long, value_name = "URL")]
    db: Option<DatabaseUrl>,
    /// How much data the simulated sites have
    #[arg(long, value_enum, default_value = "small")]
    dataset: Dataset,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut env = Env::load()?;
    let log_level = env.parsed::<LogLevel>("LOG_LEVEL", "info");
    let log_format = env
        .text("LOG_FORMAT")
        .and_then(|text| text.parse::<LogFormat>().map_err(|error| env.fault("LOG_FORMAT", error)).ok());
    env.finish()?;
    let log_level = log_level.context("LOG_LEVEL cannot be used")?;
    telemetry::init(log_level, log_format);

    let (service, sandbox) = (
        bind(arguments.listen, "--listen").await?,
        bind(arguments.sandbox_listen, "--sandbox-listen").await?,
    );
    let port = service.local_addr()?.port();
    let sandbox_url = Url::parse(&format!("http://{}", sandbox.local_addr()?))?;
    let folder = tempfile::Builder::new().prefix("connector-demo-").tempdir()?;
    let config = config(&arguments, folder.path(), port, &sandbox_url, log_level, log_format)?;

    let stop = stop_signal();
    let options = SandboxOptions {
        dataset: arguments.dataset,
        control: true,
        redirect_uri: ["localhost", "127.0.0.1"].map(|host| callback(host, port)).to_vec(),
        ..SandboxOptions::default()
    };
    let simulator = tokio::spawn(connector_sandbox::serve(sandbox, options, stop.clone().cancelled_owned()));
    print(&format!(
        "\n  Connector demo\n\n  Open        {}\n  Then        click Connect, accept, and see projects and pages\n  \
         Simulator   {sandbox_url} (plays Atlassian; dataset {})\n  Database    {}\n  Stop        Ctrl-C\n",
        config.web.public_url,
        arguments.dataset.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned()),
        config.database,
    ));
    serve(config, service, stop).await?;
    simulator.await?.context("the simulator failed")
}

fn callback(host: &str, port: u16) -> String {
    format!("http://{host}:{port}/api/oauth/callback/atlassian")
}

/// The service's configuration for the simulator. The environment has no say in it: a demo is the same everywhere.
fn config(
    arguments: &Arguments,
    folder: &Path,
    port: u16,
    sandbox: &Url,
    log_level: LogLevel,
    log_format: Option<LogFormat>,
) -> anyhow::Result<Config> {
    let public_url = Url::parse(&format!("http://localhost:{port}"))?;
    let database = match &arguments.db {
        Some(url) => url.clone(),
        None => DatabaseUrl::Sqlite(folder.join("demo.db")),
    };
    let keys = match &database {
        DatabaseUrl::Sqlite(_) => None,
        // The same for every demo, so that one can go on where another stopped. It guards nothing: the tokens are the
        // simulator's.
        DatabaseUrl::Postgres(_) => {
            let entry = KeyRing::generate(&SeededEntropy::new(1), "demo")?;
            Some(Arc::new(KeyRing::parse(entry.expose())?))
        }
    };
    let app = App { client_id: CLIENT_ID.to_owned(), client_secret: Some(ClientSecret::new(CLIENT_SECRET)) };
    Ok(Config {
        listen: arguments.listen,
        database,
        session_url: None,
        keys,
        endpoints: Endpoints { auth_url: sandbox.clone(), api_url: sandbox.clone() },
        connections: Settings {
            atlassian: Some(OAuthApp { app, redirect_uri: callback("localhost", port) }),
            scopes: DEFAULT_SCOPES.split(' ').collect(),
            any_loopback_host: true,
            first_user_stands_in: true,
            ..Settings::default()
        },
        web: WebSettings {
            public_url,
            frontend_url: "/connected".to_owned(),
            return_origins: Vec::new(),
            cors_origins: CorsOrigins::Any,
            auth: AuthMode::Public,
            cloud_base_url: None,
            edge: EdgeSettings {
                by_address: !arguments.listen.ip().is_loopback(),
                ..EdgeSettings::default()
            },
        },
        limits: ConnectionLimits::default(),
        syncs: SyncSettings::default(),
        audit_kept: Duration::from_hours(30 * 24),
        log_level,
        log_format,
        warnings: Vec::new(),
    })
}
