use connector_domain::{AccessToken, AccountId};
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Confluence;
use super::list::{Linked, read_page};
use crate::call::Effect;
use crate::{ApiError, Page};

/// Somebody, as far as their privacy settings show it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WikiUser {
    #[serde(deserialize_with = "crate::lenient::account_id")]
    pub account_id: AccountId,
    /// `atlassian`, `app`, `customer` or `unknown`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub account_type: Option<String>,
    /// `active`, `inactive`, `closed` or `unknown`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub account_status: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub display_name: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub public_name: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub email: Option<String>,
}

impl Linked for WikiUser {}

impl Confluence<'_> {
    /// These people, at most 250 (`POST /wiki/api/v2/users-bulk`). Needs `read:user:confluence`. Unknown ids are
    /// left out.
    pub async fn users_by_id(
        &self,
        token: &AccessToken,
        ids: &[AccountId],
    ) -> Result<Page<WikiUser>, ApiError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Asked<'a> {
            account_ids: Vec<&'a str>,
        }

        let account_ids = ids.iter().map(AccountId::as_str).collect();
        let call = self
            .get("/wiki/api/v2/users-bulk", self.url(&["users-bulk"]))
            .method(Method::POST, Effect::Read)
            .objects(ids.len() as u64 * 2)
            .json(&Asked { account_ids });
        let read = |answer: &crate::http::Answer| {
            let page = read_page(answer, None)?;
            answer.objects.set(answer.objects.get() * 2);
            Ok(page)
        };
        self.client.call(call, token, read).await
    }
}
