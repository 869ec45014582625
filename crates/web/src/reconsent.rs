//! Where a person gives a consent that covers what is missing.

use connector_connections::Settings;
use connector_domain::{Connection, Scopes};
use connector_store::LoginFlow;
use url::Url;

/// A login that asks for what is missing, besides what the consent has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconsent {
    /// The login's path, with the scopes to ask for.
    path: String,
    /// What is missing and the service does not ask for: it is to be added to `ATLASSIAN_SCOPES`, and to the app in
    /// Atlassian's developer console, before the login helps.
    pub not_configured: Scopes,
}

impl Reconsent {
    /// `None` where the connection's app is no longer configured.
    pub fn new(settings: &Settings, connection: &Connection, missing: &Scopes) -> Option<Self> {
        let path = match settings.flow_of_client(&connection.client_id)? {
            LoginFlow::Atlassian => "/api/oauth/atlassian/login",
            LoginFlow::Jira => "/auth/jira/login",
            LoginFlow::Confluence => "/auth/confluence/login",
        };
        let mut scopes = connection.scopes.clone();
        scopes.extend(missing);
        let scope: String = url::form_urlencoded::byte_serialize(scopes.to_string().as_bytes()).collect();
        Some(Self {
            path: format!("{path}?scope={scope}"),
            not_configured: missing.without(&settings.scopes),
        })
    }

    /// The path, for a page of this service.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole address, for everybody else.
    pub fn url(&self, public_url: &Url) -> String {
        format!("{}{}", public_url.as_str().trim_end_matches('/'), self.path)
    }
}
