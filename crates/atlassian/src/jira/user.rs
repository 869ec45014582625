use connector_domain::{AccessToken, AccountId};
use serde::{Deserialize, Deserializer};

use super::Jira;
use super::list::Offsets;
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

impl<'a> Jira<'a> {
    /// Whom Jira takes the token for (`GET /rest/api/3/myself`). Needs `read:jira-user`.
    pub async fn myself(&self, token: &AccessToken) -> Result<User, ApiError> {
        let call = self.get("/rest/api/3/myself", self.url(&["myself"])).objects(2);
        self.client.read(call, token).await
    }

    /// Somebody by account id (`GET /rest/api/3/user`). Needs `read:jira-user`, and of the person the permission to
    /// browse users.
    pub async fn user(&self, token: &AccessToken, id: &AccountId) -> Result<User, ApiError> {
        let mut url = self.url(&["user"]);
        url.query_pairs_mut().append_pair("accountId", id.as_str());
        self.client.read(self.get("/rest/api/3/user", url).objects(2), token).await
    }

    /// These people, some 100 at most for the length of the address (`GET /rest/api/3/user/bulk`). Needs `read:jira-user`, and no permission of the
    /// person. Unknown ids are left out.
    pub fn users_by_id(&self, ids: &[AccountId]) -> Offsets<'a, User> {
        let mut url = self.url(&["user", "bulk"]);
        url.query_pairs_mut().extend_pairs(ids.iter().map(|id| ("accountId", id.as_str())));
        Offsets::new(*self, "/rest/api/3/user/bulk", url, "values", 200).of_people()
    }

    /// Everybody, also closed accounts and apps (`GET /rest/api/3/users/search`). Needs `read:jira-user`, and of the
    /// person the permission to browse users ([`ApiError::NotVisible`] else). People may come twice.
    pub fn users(&self) -> Offsets<'a, User> {
        let url = self.url(&["users", "search"]);
        Offsets::new(*self, "/rest/api/3/users/search", url, "", 200).bare().of_people()
    }
}
