use std::time::Duration;

use connector_atlassian::Atlassian;
use connector_connections::{Custody, custody_of, verify_keys};
use connector_domain::{Clock as _, ConnectionStatus, SystemClock, SystemEntropy};
use connector_store::{DatabaseUrl, Store, StoreError};
use connector_sync::{Stream, scope_check_of};
use connector_vault::KeyRing;
use connector_web::Reconsent;
use serde_json::json;
use url::Url;

use super::print;
use crate::config::Config;
use crate::key_file;

const ANSWER_WITHIN: Duration = Duration::from_secs(8);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Warning,
    Wrong,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

/// What was looked at, what was found, and what mends it.
struct Finding {
    verdict: Verdict,
    what: &'static str,
    found: String,
    remedy: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, what: &'static str, found: impl Into<String>) {
        self.0.push(Finding { verdict: Verdict::Good, what, found: found.into(), remedy: None });
    }

    fn warning(&mut self, what: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        let remedy = Some(remedy.into());
        self.0.push(Finding { verdict: Verdict::Warning, what, found: found.into(), remedy });
    }

    fn wrong(&mut self, what: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        let remedy = Some(remedy.into());
        self.0.push(Finding { verdict: Verdict::Wrong, what, found: found.into(), remedy });
    }
}

/// Looks at everything and changes nothing.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    match Config::load(None) {
        Ok(config) => {
            findings.good("configuration", "every setting can be read");
            for warning in &config.warnings {
                findings.warning("configuration", warning, "see .env.example");
            }
            app(&mut findings, &config);
            scopes(&mut findings, &config);
            database(&mut findings, &config).await;
            for (what, url) in [("auth", &config.endpoints.auth_url), ("api", &config.endpoints.api_url)] {
                reachable(&mut findings, what, url).await;
            }
        }
        Err(error) => findings.wrong("configuration", error.to_string(), "see .env.example"),
    }
    report(&findings.0, arguments.json)
}

fn app(findings: &mut Findings, config: &Config) {
    let Some(app) = &config.connections.atlassian else {
        findings.wrong(
            "app",
            "no Atlassian app is configured",
            "make an OAuth 2.0 app at developer.atlassian.com and set ATLASSIAN_CLIENT_ID, ATLASSIAN_CLIENT_SECRET and \
             ATLASSIAN_REDIRECT_URI",
        );
        return;
    };
    let public = config.web.public_url.origin().ascii_serialization();
    let callback =
        Url::parse(&app.redirect_uri).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    if callback == public {
        findings.good("app", format!("{} returns to {}", app.app.client_id, app.redirect_uri));
    } else {
        findings.warning(
            "app",
            format!("Atlassian returns to {callback}, and the service's own address is {public}"),
            "set CONNECTOR_PUBLIC_URL to the address that browsers use, or correct ATLASSIAN_REDIRECT_URI here and in the \
             developer console",
        );
    }
}

fn scopes(findings: &mut Findings, config: &Config) {
    let scopes = &config.connections.scopes;
    let mut lacking = Vec::new();
    for stream in Stream::ALL.into_iter().filter(|stream| stream.is_default()) {
        for scope in stream.missing(scopes) {
            lacking.push(format!("{stream} needs {scope}"));
        }
    }
    if lacking.is_empty() {
        findings.good("scopes", scopes.to_string());
    } else {
        let remedy =
            "add them to ATLASSIAN_SCOPES and to the app in the developer console, then connect again";
        findings.wrong("scopes", lacking.join(", "), remedy);
    }
}

async fn database(findings: &mut Findings, config: &Config) {
    if let DatabaseUrl::Sqlite(path) = &config.database
        && !path.exists()
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let found = format!("{} does not exist yet", config.database);
        match folder {
            Some(folder) if !folder.is_dir() => {
                findings.wrong(
                    "database",
                    found,
                    format!("make its folder {}, or correct INTEGRATION_DB_URL", folder.display()),
                );
            }
            _ => findings.warning("database", found, "it is made at the first start"),
        }
        return;
    }
    let store = match Store::open(&config.database).await {
        Ok(store) => store,
        Err(error) => {
            let remedy = "check INTEGRATION_DB_URL, and that the server runs and lets this user in";
            findings.wrong("database", format!("{}: {}", config.database, chain(&error)), remedy);
            return;
        }
    };
    match store.check_schema().await {
        Ok(()) => {
            findings.good("database", format!("{} is up to date", config.database));
            keys(findings, config, &store).await;
            custody(findings, &store).await;
            consents(findings, config, &store).await;
        }
        Err(error @ StoreError::OlderSchema) => {
            findings.warning("database", error.to_string(), "the service does it at its start");
        }
        Err(error) => {
            findings.wrong("database", chain(&error), "start the version of the program that wrote it");
        }
    }
    match store.service_lock() {
        Ok(_) => {}
        Err(StoreError::Locked(_)) => findings.good("service", "a process serves this database"),
        Err(error) => findings.warning("service", chain(&error), "make the folder of the database writable"),
    }
}

async fn custody(findings: &mut Findings, store: &Store) {
    let what = "custody";
    match custody_of(store).await {
        Ok(None) => findings.good(what, "nobody has adopted this database yet"),
        Ok(Some((Custody::Ours, _))) => findings.good(what, "the database is this deployment's"),
        Ok(Some((Custody::Foreign(why), _))) => findings.wrong(
            what,
            format!("no tokens are exchanged: {why}"),
            "if no other deployment uses its tokens any more, run `connector adopt --yes`",
        ),
        Err(error) => findings.wrong(what, chain(&error), "make the files beside the database readable"),
    }
}

/// Whether the consents of the active connections cover what is synchronized, and which of them end soon.
async fn consents(findings: &mut Findings, config: &Config, store: &Store) {
    let what = "consents";
    let connections = match store.list_connections(None).await {
        Ok(connections) => connections,
        Err(error) => return findings.wrong(what, chain(&error), "see the database"),
    };
    let active: Vec<_> =
        connections.iter().filter(|connection| connection.status == ConnectionStatus::Active).collect();
    let mut flawless = true;
    for connection in &active {
        let missing = scope_check_of(connection).missing();
        let again = Reconsent::new(&config.connections, connection, &missing);
        let at = again.as_ref().map(|again| again.url(&config.web.public_url));
        let login = at.unwrap_or_else(|| "the login of its app, which is not configured here".to_owned());
        if !missing.is_empty() {
            flawless = false;
            let unasked = again.map(|again| again.not_configured).filter(|scopes| !scopes.is_empty());
            let first = unasked
                .map(|scopes| format!("add {scopes} to ATLASSIAN_SCOPES and to the app; then "))
                .unwrap_or_default();
            findings.warning(
                what,
                format!("{} of user {} lacks {missing}", connection.id, connection.user_id),
                format!("{first}its person consents to it at {login}"),
            );
        }
        let end = config.connections.timings.consent_end(connection, SystemClock.now());
        if let Some(renew_by) = end.and_then(|end| end.renew_by) {
            flawless = false;
            findings.warning(
                what,
                format!("{} of user {} ends at {renew_by}", connection.id, connection.user_id),
                format!("its person connects again before, at {login}"),
            );
        }
    }
    if flawless && !active.is_empty() {
        findings.good(what, format!("{} in use; they cover all that is switched on", active.len()));
    }
}

async fn keys(findings: &mut Findings, config: &Config, store: &Store) {
    let what = "keys";
    let checks = match store.list_key_checks().await {
        Ok(checks) => checks,
        Err(error) => return findings.wrong(what, chain(&error), "see the database"),
    };
    let from_file;
    let keys: &KeyRing = match (&config.keys, &config.database) {
        (Some(keys), _) => keys,
        (None, DatabaseUrl::Sqlite(path)) if key_file::path(path).exists() => {
            match key_file::open(path, &SystemEntropy) {
                Ok((keys, ..)) => {
                    from_file = keys;
                    &from_file
                }
                Err(error) => {
                    return findings.wrong(what, format!("{error:#}"), "restore the key file from its copy");
                }
            }
        }
        _ if checks.is_empty() => {
            return findings.warning(
                what,
                "there is no key yet",
                "one is made beside the database at the first start",
            );
        }
        _ => {
            let remedy = "restore the key file, or set CONNECTOR_ENCRYPTION_KEYS";
            return findings.wrong(what, "values are sealed here, and their key is not", remedy);
        }
    };
    if let Err(error) = verify_keys(store, keys).await {
        findings.wrong(
            what,
            error.to_string(),
            "restore the right key; without it the stored tokens cannot be opened",
        );
        return;
    }
    findings.good(what, format!("{} seals; {} in use", keys.sealing_key_id(), checks.len()));
}

async fn reachable(findings: &mut Findings, what: &'static str, url: &Url) {
    let remedy =
        "check the network, a firewall or proxy in between, and ATLASSIAN_AUTH_URL and ATLASSIAN_API_URL";
    let Ok(http) = Atlassian::http_client() else {
        return findings.wrong(what, "the HTTP client cannot be made", remedy);
    };
    match http.get(url.clone()).timeout(ANSWER_WITHIN).send().await {
        // Whatever it says: somebody is there.
        Ok(_) => findings.good(what, format!("{url} answers")),
        Err(error) => {
            findings.wrong(what, format!("{url} does not answer: {}", chain(&error.without_url())), remedy);
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn report(findings: &[Finding], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "verdict": finding.verdict.as_str(), "what": finding.what, "found": finding.found,
                    "remedy": finding.remedy,
                })
            })
            .collect();
        print(&json!({ "findings": list }).to_string());
    } else {
        for finding in findings {
            print(&format!("{:8} {:14} {}", finding.verdict.as_str(), finding.what, finding.found));
            if let Some(remedy) = &finding.remedy {
                print(&format!("{:8} {:14} → {remedy}", "", ""));
            }
        }
    }
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    match wrong {
        0 => Ok(()),
        1 => anyhow::bail!("1 thing is wrong"),
        many => anyhow::bail!("{many} things are wrong"),
    }
}
