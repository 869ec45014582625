use connector_domain::{AccessToken, CloudId, Scopes, Site};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::ApiError;
use crate::call::Call;
use crate::client::Atlassian;
use crate::endpoints::join;

/// One entry of `accessible-resources`: one product of one site. A site with two products has two entries with
/// the same id and different scopes; [`union_by_site`] puts them together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccessibleResource {
    #[serde(deserialize_with = "crate::lenient::cloud_id")]
    pub id: CloudId,
    /// Address for people; may be a domain of the customer's own.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub url: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    /// What the grant covers for this product of this site.
    #[serde(default, deserialize_with = "scopes")]
    pub scopes: Scopes,
    #[serde(default, rename = "avatarUrl", deserialize_with = "crate::lenient::text")]
    pub avatar_url: Option<String>,
}

fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default().into_iter().collect())
}

impl Atlassian {
    /// What the token reaches (`GET /oauth/token/accessible-resources`; Atlassian, "OAuth 2.0 (3LO) apps").
    ///
    /// May be empty. Says nothing about what the person may see there. An entry that cannot be read is left
    /// out with a warning in the log.
    pub async fn accessible_resources(
        &self,
        token: &AccessToken,
    ) -> Result<Vec<AccessibleResource>, ApiError> {
        const ROUTE: &str = "/oauth/token/accessible-resources";
        let url = join(&self.endpoints.api_url, &["oauth", "token", "accessible-resources"]);
        self.call(Call::get(ROUTE, url), token, |answer| {
            let (resources, bad) = answer.records(&answer.json::<Vec<&RawValue>>()?);
            for record in bad {
                tracing::warn!(%record, route = ROUTE, "left out an entry that cannot be read");
            }
            Ok(resources)
        })
        .await
    }
}

/// The sites of `resources` in their order, each once, with the scopes of all its entries.
pub fn union_by_site(resources: Vec<AccessibleResource>) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    for AccessibleResource { id, url, name, scopes, avatar_url } in resources {
        let url = url.trim_end_matches('/').to_owned();
        match sites.iter_mut().find(|site| site.cloud_id == id) {
            None => sites.push(Site { cloud_id: id, url, name, avatar_url, scopes }),
            Some(site) => {
                site.scopes.extend(&scopes);
                site.avatar_url = site.avatar_url.take().or(avatar_url);
            }
        }
    }
    sites
}
