use connector_domain::{AccessToken, Timestamp};
use serde::Deserialize;

use super::Jira;
use crate::ApiError;

/// What Jira says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerInfo {
    /// The site's address for people.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub base_url: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub server_title: Option<String>,
    /// Jira's clock.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub server_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub version: Option<String>,
    /// `Cloud`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub deployment_type: Option<String>,
}

impl Jira<'_> {
    /// `GET /rest/api/3/serverInfo`. Needs no scope.
    pub async fn server_info(&self, token: &AccessToken) -> Result<ServerInfo, ApiError> {
        let route = "/rest/api/3/serverInfo";
        self.client.read(self.get(route, self.url(&["serverInfo"])), token).await
    }
}
