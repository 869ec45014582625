//! What the operator has set: read once at the start, checked as a whole, then handed on as plain values.

mod edge;
mod env;
mod safety;
mod sessions;
mod spool;
mod syncs;
mod torture;
mod variables;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use connector_atlassian::{App, Endpoints};
use connector_connections::{OAuthApp, Settings};
use connector_domain::{ClientSecret, Scopes, Secret};
use connector_store::DatabaseUrl;
use connector_sync::{Stream, SyncSettings};
use connector_vault::KeyRing;
use connector_web::{AuthMode, ConnectionLimits, CorsOrigins, WebSettings};
use url::Url;

pub(crate) use env::Env;

use self::safety::{Insecure, is_loopback};
use crate::telemetry::{LogFormat, LogLevel};

const DEFAULT_AUDIT_DAYS: u16 = 365;
const DEFAULT_LISTEN: &str = "127.0.0.1:3001";
const DEFAULT_DATABASE: &str = "sqlite:///./integration.db";
/// What the default streams need with today's API, who the person is, and a refresh token. Confluence's v2 takes
/// granular scopes only.
pub(crate) const DEFAULT_SCOPES: &str =
    "read:jira-work read:jira-user read:space:confluence read:page:confluence read:me offline_access";
/// Where Atlassian can send a browser back to.
const CALLBACKS: [&str; 3] =
    ["/api/oauth/callback/atlassian", "/auth/jira/callback", "/auth/confluence/callback"];

#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) database: DatabaseUrl,
    /// Redis for sessions and login attempts; `None`: the database.
    pub(crate) session_url: Option<Secret>,
    /// `None`: a key file beside the SQLite database.
    pub(crate) keys: Option<Arc<KeyRing>>,
    pub(crate) endpoints: Endpoints,
    pub(crate) connections: Settings,
    pub(crate) web: WebSettings,
    pub(crate) limits: ConnectionLimits,
    pub(crate) syncs: SyncSettings,
    /// How long the audit trail is kept.
    pub(crate) audit_kept: Duration,
    pub(crate) log_level: LogLevel,
    pub(crate) log_format: Option<LogFormat>,
    /// What does no harm but should be known.
    pub(crate) warnings: Vec<String>,
}

impl Config {
    /// Reads `.env` and the environment; `listen` is what the command line says.
    ///
    /// # Errors
    /// One message that names every variable that is at fault, its fault and the remedy.
    pub(crate) fn load(listen: Option<SocketAddr>) -> anyhow::Result<Self> {
        Self::read(Env::load()?, listen)
    }

    pub(crate) fn read(mut env: Env, listen: Option<SocketAddr>) -> anyhow::Result<Self> {
        env.refuse_unknown(variables::ALL);
        torture::check(&mut env);
        let mut warnings = Vec::new();
        let listen = listen.unwrap_or_else(|| {
            let text = env.text("CONNECTOR_LISTEN").unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
            text.parse().unwrap_or_else(|_| {
                env.fault("CONNECTOR_LISTEN", "is not an address: write it as 127.0.0.1:3001");
                SocketAddr::from(([127, 0, 0, 1], 3001))
            })
        });
        let database = env.parsed("INTEGRATION_DB_URL", DEFAULT_DATABASE);
        let keys = env.secret("CONNECTOR_ENCRYPTION_KEYS").and_then(|text| {
            KeyRing::parse(text.expose())
                .map(Arc::new)
                .map_err(|error| env.fault("CONNECTOR_ENCRYPTION_KEYS", &error.to_string()))
                .ok()
        });
        if keys.is_none()
            && matches!(database, Some(DatabaseUrl::Postgres(_)))
            && !env.is_set("CONNECTOR_ENCRYPTION_KEYS")
        {
            env.fault(
                "CONNECTOR_ENCRYPTION_KEYS",
                "must be set with PostgreSQL: make a key with `connector keys generate` and give it to every process",
            );
        }
        let session_url = sessions::redis_url(&mut env);
        let defaults = Endpoints::default();
        let endpoints = Endpoints {
            auth_url: env.url("ATLASSIAN_AUTH_URL").unwrap_or(defaults.auth_url),
            api_url: env.url("ATLASSIAN_API_URL").unwrap_or(defaults.api_url),
        };
        let spool_folder = spool::folder(&env, database.as_ref());
        let mut connections = connections(&mut env, spool_folder, &mut warnings);
        let web = web(&mut env, listen, &mut warnings);
        connections.first_user_stands_in = web.as_ref().is_some_and(|web| web.auth == AuthMode::Public);
        let limits = edge::connections(&mut env);
        let insecure = Insecure::read(&mut env, &mut warnings);
        safety::check_database(&mut env, &insecure, database.as_ref());
        safety::check_atlassian(&mut env, &insecure);
        if let Some(web) = &web {
            safety::check_web(&mut env, &insecure, web, listen);
            safety::check_callbacks(&mut env, web, &connections);
        }
        let audit_days = audit_days(&mut env);
        let syncs = syncs::settings(&mut env);
        let log_level = env.parsed("LOG_LEVEL", "info");
        let log_format = env
            .text("LOG_FORMAT")
            .and_then(|text| text.parse().map_err(|error: &'static str| env.fault("LOG_FORMAT", error)).ok());
        env.finish()?;
        let (Some(database), Some(log_level), Some(web)) = (database, log_level, web) else {
            bail!("the configuration cannot be used");
        };
        Ok(Self {
            listen,
            database,
            session_url,
            keys,
            endpoints,
            connections,
            web,
            limits,
            syncs,
            audit_kept: Duration::from_hours(24 * u64::from(audit_days)),
            log_level,
            log_format,
            warnings,
        })
    }
}

fn audit_days(env: &mut Env) -> u16 {
    match env.text("CONNECTOR_AUDIT_DAYS").map(|text| text.parse()) {
        None => DEFAULT_AUDIT_DAYS,
        Some(Ok(days @ 1..)) => days,
        Some(_) => {
            env.fault("CONNECTOR_AUDIT_DAYS", "must be a number of days from 1 to 65535");
            DEFAULT_AUDIT_DAYS
        }
    }
}

fn connections(env: &mut Env, spool_folder: PathBuf, warnings: &mut Vec<String>) -> Settings {
    let scopes: Scopes = env
        .text("ATLASSIAN_SCOPES")
        .unwrap_or_else(|| DEFAULT_SCOPES.to_owned())
        .split([' ', ',', '\t', '\n'])
        .filter(|scope| !scope.is_empty())
        .collect();
    if !scopes.contains("offline_access") {
        env.fault(
            "ATLASSIAN_SCOPES",
            "lacks offline_access: without it every connection ends within the hour",
        );
    }
    if !scopes.contains("read:me") {
        warnings.push(
            "ATLASSIAN_SCOPES lacks read:me: connections cannot be told apart by who consented".to_owned(),
        );
    }
    for stream in Stream::ALL.into_iter().filter(|stream| stream.is_default()) {
        for scope in stream.missing(&scopes) {
            warnings.push(format!("ATLASSIAN_SCOPES lacks {scope}: {stream} cannot be synced without it"));
        }
    }
    let atlassian = app(env, "ATLASSIAN", None);
    if atlassian.is_none() {
        warnings.push("ATLASSIAN_CLIENT_ID is not set: nobody can connect yet".to_owned());
    } else if atlassian.as_ref().is_some_and(|app| app.app.client_secret.is_none()) {
        warnings.push(
            "ATLASSIAN_CLIENT_SECRET is not set: Atlassian refuses apps without their secret".to_owned(),
        );
    }
    Settings {
        jira: app(env, "JIRA_OAUTH", atlassian.as_ref()),
        confluence: app(env, "CONFLUENCE_OAUTH", atlassian.as_ref()),
        atlassian,
        scopes,
        any_loopback_host: false,
        first_user_stands_in: false,
        sessions: sessions::limits(env),
        timings: torture::timings(env),
        spool_folder,
    }
}

/// The app whose variables begin with `prefix`; `main` is the one that it falls back to.
fn app(env: &mut Env, prefix: &'static str, main: Option<&OAuthApp>) -> Option<OAuthApp> {
    let client_id = env.text(&format!("{prefix}_CLIENT_ID"))?;
    let client_secret =
        env.secret(&format!("{prefix}_CLIENT_SECRET")).map(|secret| ClientSecret::new(secret.expose()));
    let variable = format!("{prefix}_REDIRECT_URI");
    let redirect_uri = match (env.text(&variable), main) {
        (Some(uri), _) => uri,
        // An Atlassian app has one callback address; the attempt knows where it began.
        (None, Some(main)) => main.redirect_uri.clone(),
        (None, None) => {
            env.fault(
                &variable,
                "must be set with the client id: the callback address of the app, such as \
                 http://localhost:3001/api/oauth/callback/atlassian",
            );
            return None;
        }
    };
    if let Err(fault) = check_redirect_uri(&redirect_uri) {
        env.fault(&variable, fault);
    }
    Some(OAuthApp { app: App { client_id, client_secret }, redirect_uri })
}

fn check_redirect_uri(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text)
        .map_err(|_| "is not an address: write it exactly as in Atlassian's developer console")?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err("must begin with https://; Atlassian takes http:// for localhost only"),
    }
    if CALLBACKS.iter().any(|path| url.path().ends_with(path)) {
        Ok(())
    } else {
        Err("does not lead to a callback of this service: its path must be /api/oauth/callback/atlassian")
    }
}

fn web(env: &mut Env, listen: SocketAddr, warnings: &mut Vec<String>) -> Option<WebSettings> {
    let public_url = env.url("CONNECTOR_PUBLIC_URL").or_else(|| env.url("APP_BASE_URL"));
    let public_url = match public_url {
        Some(url) => url,
        None => Url::parse(&format!("http://{}", local_name(listen))).ok()?,
    };
    let auth = match env.text("CONNECTOR_AUTH").as_deref() {
        None if listen.ip().is_loopback() && is_loopback(&public_url) => AuthMode::Public,
        None => {
            env.fault(
                "CONNECTOR_AUTH",
                "must be set where the service can be reached from other machines: `required` lets in sessions only; \
                 `public` lets in everybody",
            );
            AuthMode::Required
        }
        Some("required") => AuthMode::Required,
        Some("public") => {
            if !listen.ip().is_loopback() {
                warnings.push(format!(
                    "CONNECTOR_AUTH=public on {listen}: everybody who reaches it can read all data"
                ));
            }
            AuthMode::Public
        }
        Some(_) => {
            env.fault("CONNECTOR_AUTH", "must be `public` or `required`");
            AuthMode::Required
        }
    };
    Some(WebSettings {
        frontend_url: frontend_url(env),
        return_origins: return_origins(env),
        cors_origins: cors_origins(env, warnings),
        auth,
        cloud_base_url: env.url("ATLASSIAN_CLOUD_BASE_URL").map(String::from),
        edge: edge::settings(env, listen, &public_url),
        public_url,
    })
}

/// The address for people on this machine.
fn local_name(listen: SocketAddr) -> String {
    if listen.ip().is_loopback() || listen.ip().is_unspecified() {
        format!("localhost:{}", listen.port())
    } else {
        listen.to_string()
    }
}

fn frontend_url(env: &mut Env) -> String {
    let text = env.text("APP_FRONTEND_URL").unwrap_or_else(|| "/connected".to_owned());
    let is_path = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    let is_address =
        Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_path && !is_address {
        env.fault("APP_FRONTEND_URL", "must be an http(s) address or a path of this service");
    }
    text
}

/// The origins to which connect links may lead.
fn return_origins(env: &mut Env) -> Vec<url::Origin> {
    let text = env.text("CONNECTOR_RETURN_URLS").unwrap_or_default();
    let mut origins = Vec::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match Url::parse(entry) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.username().is_empty()
                    && url.password().is_none()
                    && entry.contains("://") =>
            {
                origins.push(url.origin());
            }
            _ => env.fault(
                "CONNECTOR_RETURN_URLS",
                "has an entry that is no http(s) address: write them as https://app.example, with commas between",
            ),
        }
    }
    origins
}

const NO_ORIGIN: &str =
    "has an entry that is no origin: write scheme, host and port only, such as http://localhost:3000";

fn check_origin(origin: &str) -> Result<(), &'static str> {
    if origin == "null" {
        return Err("has `null`, which any page can be: name the origin of your frontend");
    }
    if origin.contains('*') {
        return Err("has an entry with `*` in it: origins are compared whole, so name each one");
    }
    let Ok(url) = Url::parse(origin) else { return Err(NO_ORIGIN) };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(NO_ORIGIN);
    }
    if url.path() != "/" || origin.ends_with('/') || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "has an entry with a path: browsers send scheme, host and port only, so nothing would match",
        );
    }
    if url.origin().ascii_serialization() != origin {
        return Err(
            "has an entry that is not written as browsers send it: lower case, without user and usual port",
        );
    }
    Ok(())
}

fn cors_origins(env: &mut Env, warnings: &mut Vec<String>) -> CorsOrigins {
    let text = env.text("BACKEND_CORS_ORIGINS").unwrap_or_else(|| "*".to_owned());
    let listed: Vec<_> = text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
    if listed.contains(&"*") {
        if listed.len() > 1 {
            env.fault("BACKEND_CORS_ORIGINS", "has `*` beside origins: name the origins alone, or `*` alone");
        } else if env.is_set("BACKEND_CORS_ORIGINS") {
            warnings.push(
                "BACKEND_CORS_ORIGINS=*: any page may read public answers, and none with cookies".to_owned(),
            );
        }
        return CorsOrigins::Any;
    }
    let mut origins = Vec::new();
    for origin in listed {
        match (check_origin(origin), axum::http::HeaderValue::from_str(origin)) {
            (Ok(()), Ok(value)) => origins.push(value),
            (Err(fault), _) => env.fault("BACKEND_CORS_ORIGINS", fault),
            (Ok(()), Err(_)) => env.fault("BACKEND_CORS_ORIGINS", NO_ORIGIN),
        }
    }
    CorsOrigins::Listed(origins)
}

#[cfg(test)]
mod tests;
