//! Confluence Cloud REST API, v2 and the search of v1, through the OAuth gateway.

mod attachments;
mod comments;
mod labels;
mod list;
mod pages;
mod search;
mod spaces;
mod tree;
mod users;
mod versions;

pub use attachments::PageAttachment;
pub use comments::{CommentsOf, InlineProperties, PageComment};
pub use labels::Label;
pub use list::{Cursors, RecordLinks};
pub use pages::{
    Bodies, Body, BodyFormat, PageQuery, PageSort, PageStatus, PageVersion, WikiPage, WikiPages,
};
pub use search::{FoundContent, SearchResult, cql_value};
pub use spaces::{Space, SpaceQuery, SpaceStatus, Spaces};
pub use tree::{Ancestor, Folder, TreeNode};
pub use users::WikiUser;

use connector_domain::{AccessToken, CloudId, Product};
use serde::de::DeserializeOwned;
use url::Url;

use crate::call::Call;
use crate::client::Atlassian;
use crate::endpoints::join;
use crate::{ApiError, Page, link};
use list::{Linked, read_one, read_page};

/// Confluence of one site. See [`Atlassian::confluence`].
#[derive(Debug, Clone, Copy)]
pub struct Confluence<'a> {
    pub(crate) client: &'a Atlassian,
    pub(crate) cloud_id: &'a CloudId,
}

impl Confluence<'_> {
    /// `{api_url}/ex/confluence/{cloudId}/wiki/api/v2/{path}`. The site's own address takes no OAuth token.
    fn url(&self, path: &[&str]) -> Url {
        let base = ["ex", "confluence", self.cloud_id.as_str(), "wiki", "api", "v2"];
        join(&self.client.endpoints.api_url, &[&base, path].concat())
    }

    /// The same below `rest/api`, for what version 2 cannot do. Most of version 1 is gone at the gateway.
    fn v1_url(&self, path: &[&str]) -> Url {
        let base = ["ex", "confluence", self.cloud_id.as_str(), "wiki", "rest", "api"];
        join(&self.client.endpoints.api_url, &[&base, path].concat())
    }

    fn get(&self, route: &'static str, url: Url) -> Call<'_> {
        Call { product: Some(Product::Confluence), cloud_id: Some(self.cloud_id), ..Call::get(route, url) }
    }

    /// The record at `url`.
    async fn one<T: DeserializeOwned + Linked>(
        &self,
        route: &'static str,
        url: Url,
        token: &AccessToken,
    ) -> Result<T, ApiError> {
        self.client.call(self.get(route, url), token, read_one).await
    }

    /// One page of the list at `url`, from `cursor` on.
    async fn list<T: DeserializeOwned + Linked>(
        &self,
        route: &'static str,
        mut url: Url,
        limit: u32,
        cursor: Option<&str>,
        token: &AccessToken,
    ) -> Result<Page<T>, ApiError> {
        url.query_pairs_mut()
            .append_pair("limit", &limit.to_string())
            .extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        let call = self.get(route, url).objects(limit.into());
        let page = self.client.call(call, token, |answer| read_page(answer, cursor)).await;
        if cursor.is_some() { page.map_err(ApiError::of_continuation) } else { page }
    }
}

/// The address for people of something at `webui`, from the list's own base or, without one, the site's address.
fn link_of(url: Option<&str>, webui: Option<&str>, site_url: &str) -> Option<String> {
    match url {
        Some(url) => Some(url.to_owned()),
        None => link::below(&format!("{}/wiki", site_url.trim_end_matches('/')), webui?),
    }
}
