//! The one app that is registered in the simulated developer console.

use crate::{CLIENT_ID, CLIENT_SECRET};

/// A registered OAuth app.
pub struct App {
    pub client_id: &'static str,
    pub client_secret: &'static str,
    pub name: &'static str,
    redirect_uris: Vec<String>,
}

/// Paths of the callbacks that are registered from the start.
const CALLBACKS: [&str; 5] = [
    "/api/oauth/callback/atlassian",
    "/auth/jira/callback",
    "/auth/confluence/callback",
    "/api/auth/jira/callback",
    "/api/auth/confluence/callback",
];

impl App {
    /// The app with its usual callbacks and some more.
    pub fn new(more: &[String]) -> Self {
        let hosts = ["http://localhost:3001", "http://127.0.0.1:3001"];
        let usual = hosts.iter().flat_map(|host| CALLBACKS.iter().map(move |path| format!("{host}{path}")));
        Self {
            client_id: CLIENT_ID,
            client_secret: CLIENT_SECRET,
            name: "Connector",
            redirect_uris: usual.chain(more.iter().cloned()).collect(),
        }
    }

    /// Atlassian compares the whole URL, path and slash at the end included.
    pub fn allows_redirect_to(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == redirect_uri)
    }
}
