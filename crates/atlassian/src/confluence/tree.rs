use connector_domain::AccessToken;
use serde::Deserialize;

use super::list::{Cursors, Linked, RecordLinks};
use super::{Confluence, PageVersion, link_of};
use crate::ApiError;

/// Something below a page or a folder: a page, a folder, a whiteboard, a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeNode {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// `page`, `folder`, `whiteboard`, `database` or `embed`; `None` in the list of pages alone.
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::text")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub title: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub space_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub parent_id: Option<String>,
    /// Of descendants: 1 for children.
    #[serde(default)]
    pub depth: Option<u32>,
    /// Among the children of the same parent.
    #[serde(default)]
    pub child_position: Option<i64>,
}

impl Linked for TreeNode {}

/// Something above a page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ancestor {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// `page`, `folder`, `whiteboard`, `database` or `embed`.
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::text")]
    pub kind: Option<String>,
}

impl Linked for Ancestor {}

/// A folder, which no list of pages has, though pages may be below it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Folder {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub title: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub space_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub parent_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub parent_type: Option<String>,
    #[serde(default)]
    pub position: Option<i64>,
    #[serde(default)]
    pub version: Option<PageVersion>,
    #[serde(default, rename = "_links", deserialize_with = "crate::lenient::or_default")]
    links: RecordLinks,
    #[serde(skip)]
    url: Option<String>,
}

impl Folder {
    /// Address for people; `site_url` serves where Confluence did not say on which host.
    pub fn link(&self, site_url: &str) -> Option<String> {
        link_of(self.url.as_deref(), self.links.webui.as_deref(), site_url)
    }
}

impl Linked for Folder {
    fn links(&self) -> Option<&RecordLinks> {
        Some(&self.links)
    }

    fn set_url(&mut self, url: String) {
        self.url = Some(url);
    }
}

impl<'a> Confluence<'a> {
    /// The pages right below a page (`GET /wiki/api/v2/pages/{id}/children`). Needs `read:page:confluence`.
    pub fn children(&self, page_id: &str) -> Cursors<'a, TreeNode> {
        let url = self.url(&["pages", page_id, "children"]);
        Cursors::new(*self, "/wiki/api/v2/pages/{id}/children", url, 250)
    }

    /// All that is right below a page (`GET /wiki/api/v2/pages/{id}/direct-children`). Needs
    /// `read:hierarchical-content:confluence`.
    pub fn direct_children(&self, page_id: &str) -> Cursors<'a, TreeNode> {
        let url = self.url(&["pages", page_id, "direct-children"]);
        Cursors::new(*self, "/wiki/api/v2/pages/{id}/direct-children", url, 250)
    }

    /// All that is right below a folder (`GET /wiki/api/v2/folders/{id}/direct-children`). Needs
    /// `read:hierarchical-content:confluence`.
    pub fn folder_children(&self, folder_id: &str) -> Cursors<'a, TreeNode> {
        let url = self.url(&["folders", folder_id, "direct-children"]);
        Cursors::new(*self, "/wiki/api/v2/folders/{id}/direct-children", url, 250)
    }

    /// All that is below a page, down to `depth`, 10 at most (`GET /wiki/api/v2/pages/{id}/descendants`). Needs
    /// `read:hierarchical-content:confluence`.
    pub fn descendants(&self, page_id: &str, depth: u32) -> Cursors<'a, TreeNode> {
        let mut url = self.url(&["pages", page_id, "descendants"]);
        url.query_pairs_mut().append_pair("depth", &depth.to_string());
        Cursors::new(*self, "/wiki/api/v2/pages/{id}/descendants", url, 250)
    }

    /// What a page is below, from the top down (`GET /wiki/api/v2/pages/{id}/ancestors`). Needs
    /// `read:content.metadata:confluence`.
    pub fn ancestors(&self, page_id: &str) -> Cursors<'a, Ancestor> {
        let url = self.url(&["pages", page_id, "ancestors"]);
        Cursors::new(*self, "/wiki/api/v2/pages/{id}/ancestors", url, 250)
    }

    /// A folder by its id (`GET /wiki/api/v2/folders/{id}`). Needs `read:folder:confluence`.
    pub async fn folder(&self, token: &AccessToken, id: &str) -> Result<Folder, ApiError> {
        self.one("/wiki/api/v2/folders/{id}", self.url(&["folders", id]), token).await
    }
}
