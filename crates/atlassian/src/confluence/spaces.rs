use connector_domain::{AccessToken, Timestamp};
use serde::Deserialize;

use super::list::{Linked, RecordLinks};
use super::{Confluence, link_of};
use crate::ApiError;
use crate::page::{Listing, Page, Pager};

const ROUTE: &str = "/wiki/api/v2/spaces";

/// A space of Confluence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Space {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// Personal spaces' keys begin with `~`.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub key: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    /// `global`, `personal`, `collaboration`, `knowledge_base`, ….
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::text")]
    pub space_type: Option<String>,
    /// `current` or `archived`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub homepage_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub author_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created_at: Option<Timestamp>,
    #[serde(default, rename = "_links", deserialize_with = "crate::lenient::or_default")]
    links: RecordLinks,
    /// Address for people, where the list had a base for it.
    #[serde(skip)]
    url: Option<String>,
}

impl Space {
    /// Address for people; `site_url` serves where Confluence did not say on which host.
    pub fn link(&self, site_url: &str) -> Option<String> {
        link_of(self.url.as_deref(), self.links.webui.as_deref(), site_url)
    }
}

impl Linked for Space {
    fn links(&self) -> Option<&RecordLinks> {
        Some(&self.links)
    }

    fn set_url(&mut self, url: String) {
        self.url = Some(url);
    }
}

/// Which spaces to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceQuery {
    /// `None` for all.
    pub status: Option<SpaceStatus>,
    /// At most 250; empty for all.
    pub ids: Vec<String>,
    /// At most 250; empty for all.
    pub keys: Vec<String>,
    /// How many a page, at most 250.
    pub limit: u32,
    /// The `next` of an earlier page with the same query.
    pub cursor: Option<String>,
}

impl Default for SpaceQuery {
    fn default() -> Self {
        Self { status: None, ids: Vec::new(), keys: Vec::new(), limit: 250, cursor: None }
    }
}

words! {
    /// Of a space.
    SpaceStatus { Current = "current", Archived = "archived" }
}

impl<'a> Confluence<'a> {
    /// One page of the spaces that the person can see (`GET /wiki/api/v2/spaces`). Needs
    /// `read:space:confluence`; classic scopes are not accepted.
    pub async fn spaces(&self, token: &AccessToken, query: &SpaceQuery) -> Result<Page<Space>, ApiError> {
        let mut url = self.url(&["spaces"]);
        url.query_pairs_mut()
            .extend_pairs(query.ids.iter().map(|id| ("ids", id)))
            .extend_pairs(query.keys.iter().map(|key| ("keys", key)))
            .extend_pairs(query.status.map(|status| ("status", status.as_str())));
        self.list(ROUTE, url, query.limit, query.cursor.as_deref(), token).await
    }

    /// A space by its id, which is not its key (`GET /wiki/api/v2/spaces/{id}`). Needs `read:space:confluence`.
    pub async fn space(&self, token: &AccessToken, id: &str) -> Result<Space, ApiError> {
        self.one("/wiki/api/v2/spaces/{id}", self.url(&["spaces", id]), token).await
    }

    /// All of them, page by page, from `query.cursor` on.
    pub fn all_spaces(&self, query: SpaceQuery) -> Pager<Spaces<'a>> {
        Pager::new(Spaces { confluence: *self, query })
    }
}

/// The list of [`Confluence::all_spaces`].
#[derive(Debug, Clone)]
pub struct Spaces<'a> {
    confluence: Confluence<'a>,
    query: SpaceQuery,
}

impl Listing for Spaces<'_> {
    type Item = Space;
    type Position = String;

    async fn fetch(&self, token: &AccessToken, position: Option<&String>) -> Result<Page<Space>, ApiError> {
        let cursor = position.or(self.query.cursor.as_ref()).cloned();
        self.confluence.spaces(token, &SpaceQuery { cursor, ..self.query.clone() }).await
    }
}
