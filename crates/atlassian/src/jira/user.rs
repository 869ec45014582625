use connector_domain::{AccessToken, AccountId};
use serde::{Deserialize, Deserializer};

use super::Jira;
use crate::ApiError;

/// A person or an app, as far as the person's privacy settings show it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    #[serde(deserialize_with = "crate::lenient::account_id")]
    pub account_id: AccountId,
    /// `atlassian`, `app`, `customer` or `unknown`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub account_type: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub display_name: Option<String>,
    /// Hidden more often than not.
    #[serde(default, rename = "emailAddress", deserialize_with = "email")]
    pub email: Option<String>,
    #[serde(default)]
    pub active: Option<bool>,
    /// A name of the time zone database, which the person can change at any time.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub time_zone: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub locale: Option<String>,
}

/// Jira writes `?` for an address that it hides.
fn email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(crate::lenient::text(deserializer)?.filter(|email| email != "?"))
}

impl Jira<'_> {
    /// Whom Jira takes the token for (`GET /rest/api/3/myself`). Needs `read:jira-user`.
    pub async fn myself(&self, token: &AccessToken) -> Result<User, ApiError> {
        let route = "/rest/api/3/myself";
        self.client.read(self.get(route, self.url(&["myself"])), token).await
    }
}
