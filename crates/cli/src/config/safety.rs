//! What would give away what this service keeps. Refused at the start; what somebody may want nevertheless, such as
//! a laboratory without certificates, is named in `CONNECTOR_INSECURE` and then warned of.

use std::net::SocketAddr;

use connector_connections::Settings;
use connector_store::DatabaseUrl;
use connector_web::{AuthMode, CorsOrigins, WebSettings};
use url::Url;

use super::env::Env;

const NAME: &str = "CONNECTOR_INSECURE";
const HTTP: &str = "http";
const DATABASE: &str = "database";
const ATLASSIAN: &str = "atlassian";

/// What is left open knowingly.
pub(super) struct Insecure(Vec<String>);

impl Insecure {
    pub(super) fn read(env: &mut Env, warnings: &mut Vec<String>) -> Self {
        let text = env.text(NAME).unwrap_or_default();
        let words: Vec<_> =
            text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if words.iter().any(|word| ![HTTP, DATABASE, ATLASSIAN].contains(&word.as_str())) {
            env.fault(NAME, "has a word that is not known: it takes `http`, `database` and `atlassian`");
        }
        if !words.is_empty() {
            warnings.push(format!("{NAME}={text}: what is named there can be read by others on the way"));
        }
        Self(words)
    }

    fn allows(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }
}

pub(super) fn check_web(env: &mut Env, insecure: &Insecure, web: &WebSettings, listen: SocketAddr) {
    let url = &web.public_url;
    let name = if env.is_set("CONNECTOR_PUBLIC_URL") { "CONNECTOR_PUBLIC_URL" } else { "APP_BASE_URL" };
    let named = env.is_set(name);
    if has_login(url) {
        env.fault(
            name,
            "holds a user name: whoever sees the address has it; write scheme, host and port only",
        );
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        env.fault(
            name,
            "has a path or a query: the service has a host of its own; write scheme, host and port only",
        );
    }
    if named && !is_private_way(url) && web.auth == AuthMode::Required && !insecure.allows(HTTP) {
        env.fault(
            name,
            "is not https, so sessions can be read on the way: serve it over https behind a proxy, or set \
             CONNECTOR_INSECURE=http in a laboratory",
        );
    }
    let told = env.is_set("CONNECTOR_AUTH");
    if !named
        && told
        && web.auth == AuthMode::Required
        && !listen.ip().is_loopback()
        && !insecure.allows(HTTP)
    {
        env.fault(
            "CONNECTOR_PUBLIC_URL",
            "must be set where other machines reach the service with sessions: the https address that browsers use, \
             or set CONNECTOR_INSECURE=http in a laboratory",
        );
    }
    check_frontend(env, insecure, web);
    if let CorsOrigins::Listed(origins) = &web.cors_origins {
        for origin in origins {
            let open = origin.to_str().ok().and_then(|text| Url::parse(text).ok());
            if open.is_some_and(|origin| !is_private_way(&origin)) && !insecure.allows(HTTP) {
                env.fault(
                    "BACKEND_CORS_ORIGINS",
                    "has an http origin that is not of this machine: whoever is on the way can be that page; use https, \
                     or set CONNECTOR_INSECURE=http in a laboratory",
                );
            }
        }
    }
}

fn check_frontend(env: &mut Env, insecure: &Insecure, web: &WebSettings) {
    const NAME: &str = "APP_FRONTEND_URL";
    let Ok(frontend) = Url::parse(&web.frontend_url) else { return };
    if has_login(&frontend) {
        env.fault(
            NAME,
            "holds a user name: an address with `@` leads elsewhere than it seems to; leave it out",
        );
    }
    if !is_private_way(&frontend) && web.is_https() && !insecure.allows(HTTP) {
        env.fault(
            NAME,
            "is http while the service is https: how logins end can be read and changed on the way; use https",
        );
    }
}

/// Where a login is led back to has to be where its cookie was set.
pub(super) fn check_callbacks(env: &mut Env, web: &WebSettings, connections: &Settings) {
    let public = &web.public_url;
    for (name, app) in [
        ("ATLASSIAN_REDIRECT_URI", &connections.atlassian),
        ("JIRA_OAUTH_REDIRECT_URI", &connections.jira),
        ("CONFLUENCE_OAUTH_REDIRECT_URI", &connections.confluence),
    ] {
        let Some(callback) = app.as_ref().and_then(|app| Url::parse(&app.redirect_uri).ok()) else {
            continue;
        };
        // The two others fall back to the first, which is told of once.
        if env.is_set(name)
            && callback.scheme() == "https"
            && !is_loopback(&callback)
            && callback.host_str() != public.host_str()
        {
            env.fault(
                name,
                "leads to another host than the public address: the login's cookie would not come back; set \
                 CONNECTOR_PUBLIC_URL to the address that browsers use",
            );
        }
        let secret = app.as_ref().and_then(|app| app.app.client_secret.as_ref().map(|secret| (app, secret)));
        if secret.is_some_and(|(app, secret)| secret.expose() == app.app.client_id) {
            let name = name.replace("REDIRECT_URI", "CLIENT_SECRET");
            env.fault(&name, "is the client id, which is public: copy the secret from the developer console");
        }
    }
}

pub(super) fn check_atlassian(env: &mut Env, insecure: &Insecure) {
    for name in ["ATLASSIAN_AUTH_URL", "ATLASSIAN_API_URL", "ATLASSIAN_CLOUD_BASE_URL"] {
        // What is no address at all is told of where it is read.
        let Some(url) = env.text(name).and_then(|text| Url::parse(&text).ok()) else { continue };
        if has_login(&url) {
            env.fault(
                name,
                "holds a user name or a password, which would be shown to others: leave them out",
            );
        }
        let sends_secrets = name != "ATLASSIAN_CLOUD_BASE_URL";
        if sends_secrets && !is_private_way(&url) && !insecure.allows(ATLASSIAN) {
            env.fault(
                name,
                "is not https, so tokens and the client secret can be read on the way: use https, or set \
                 CONNECTOR_INSECURE=atlassian for a simulator",
            );
        }
    }
}

pub(super) fn check_database(env: &mut Env, insecure: &Insecure, database: Option<&DatabaseUrl>) {
    let Some(DatabaseUrl::Postgres(url)) = database else { return };
    if !url.is_guarded() && !insecure.allows(DATABASE) {
        env.fault(
            "INTEGRATION_DB_URL",
            "leads to another machine without a checked certificate: add `?sslmode=verify-full`, or set \
             CONNECTOR_INSECURE=database in a network of your own",
        );
    }
}

fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether nobody else can read what goes there.
fn is_private_way(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
