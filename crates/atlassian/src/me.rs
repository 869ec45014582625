use connector_domain::{AccessToken, AccountId};
use serde::Deserialize;

use crate::ApiError;
use crate::call::Call;
use crate::client::Atlassian;
use crate::endpoints::join;

/// Who gave the consent, from the User identity API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Me {
    #[serde(deserialize_with = "crate::lenient::account_id")]
    pub account_id: AccountId,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub email: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub nickname: Option<String>,
    /// Address of the person's picture.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub picture: Option<String>,
    /// `atlassian`, `app` or `customer`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub account_type: Option<String>,
    /// `active`, `inactive` or `closed`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub account_status: Option<String>,
    /// A name of the time zone database: `Australia/Sydney`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub zoneinfo: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub locale: Option<String>,
}

impl Atlassian {
    /// Who the token speaks for (`GET /me`). Needs the scope `read:me`.
    pub async fn me(&self, token: &AccessToken) -> Result<Me, ApiError> {
        let url = join(&self.endpoints.api_url, &["me"]);
        self.read(Call::get("/me", url), token).await
    }
}
