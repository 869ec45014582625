use std::sync::OnceLock;

use connector_atlassian::Atlassian;
use reqwest::Client;

/// One HTTP client for all tests of a process: reading the system's certificates takes longer than many a test. It
/// keeps no cookies and follows no redirects.
pub(crate) fn client() -> Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        // Whoever came first has installed one: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Atlassian::http_client().expect("an HTTP client")
    });
    client.clone()
}
