//! Jira Cloud platform REST API, v3, through the OAuth gateway.

mod projects;
mod server_info;
mod user;

pub use projects::{Insight, Lead, Project, ProjectQuery, ProjectStatus, Projects};
pub use server_info::ServerInfo;
pub use user::User;

use connector_domain::CloudId;
use url::Url;

use crate::client::Atlassian;
use crate::endpoints::join;

/// Jira of one site. See [`Atlassian::jira`].
#[derive(Debug, Clone, Copy)]
pub struct Jira<'a> {
    pub(crate) client: &'a Atlassian,
    pub(crate) cloud_id: &'a CloudId,
}

impl Jira<'_> {
    /// `{api_url}/ex/jira/{cloudId}/rest/api/3/{path}`. The site's own address takes no OAuth token.
    fn url(&self, path: &[&str]) -> Url {
        let base = ["ex", "jira", self.cloud_id.as_str(), "rest", "api", "3"];
        join(&self.client.endpoints.api_url, &[&base, path].concat())
    }
}
