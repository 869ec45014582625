//! The client against servers that answer as told, one for each case.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod authorize;
mod confluence;
mod delivery;
mod errors;
mod facts;
mod fixtures;
mod issues;
mod jira;
mod jira_lists;
mod limits;
mod logging;
mod resources;
mod retry;
mod search;
mod stub;
mod token;
mod token_errors;
mod webhooks;
mod wiki;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use connector_atlassian::{App, Atlassian, Endpoints, Pause, Retry};
use connector_domain::{AccessToken, ClientSecret, CloudId};
use url::Url;

/// One HTTP client for all tests: reading the system's certificates takes longer than a test.
fn http() -> reqwest::Client {
    static HTTP: OnceLock<reqwest::Client> = OnceLock::new();
    let client = HTTP.get_or_init(|| {
        rustls::crypto::ring::default_provider().install_default().unwrap();
        Atlassian::http_client().unwrap()
    });
    client.clone()
}

/// A client of the server at `url`, which answers for both of Atlassian's hosts, below a path of its own. It
/// does not retry.
fn client(url: &str) -> Atlassian {
    let url = |prefix: &str| Url::parse(&format!("{url}/{prefix}")).unwrap();
    let endpoints = Endpoints { auth_url: url("auth"), api_url: url("api") };
    Atlassian::new(http(), endpoints).with_retry(Retry::NEVER)
}

fn app() -> App {
    App { client_id: "app-1".to_owned(), client_secret: Some(ClientSecret::new("s3cret-of-the-app")) }
}

fn token() -> AccessToken {
    AccessToken::new("access-token-of-the-test")
}

fn cloud_id() -> CloudId {
    CloudId::new("cloud-1")
}

/// Waits for nothing and notes how long it should have.
#[derive(Debug, Default)]
struct NoPause(Mutex<Vec<Duration>>);

impl NoPause {
    fn install(client: Atlassian) -> (Atlassian, Arc<Self>) {
        let pause = Arc::new(Self::default());
        (client.with_retry(Retry::default()).with_pause(Arc::clone(&pause) as Arc<dyn Pause>), pause)
    }

    fn waits(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

impl Pause for NoPause {
    fn wait(&self, duration: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.lock().unwrap().push(duration);
        Box::pin(std::future::ready(()))
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}
