use connector_domain::Timestamp;
use serde::Deserialize;

use super::list::{Cursors, Linked, RecordLinks};
use super::{Confluence, PageVersion, link_of};

/// What is known of a file at a page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageAttachment {
    /// Begins with `att`.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// The file's name.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub title: String,
    /// `current`, `archived`, `trashed`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub page_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub blog_post_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub media_type: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub file_id: Option<String>,
    /// In bytes.
    #[serde(default)]
    pub file_size: Option<u64>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub comment: Option<String>,
    /// A path below `/wiki`. To download through the gateway needs `readonly:content.attachment:confluence`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub download_link: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created_at: Option<Timestamp>,
    #[serde(default)]
    pub version: Option<PageVersion>,
    #[serde(default, rename = "_links", deserialize_with = "crate::lenient::or_default")]
    links: RecordLinks,
    #[serde(skip)]
    url: Option<String>,
}

impl PageAttachment {
    /// Address for people; `site_url` serves where Confluence did not say on which host.
    pub fn link(&self, site_url: &str) -> Option<String> {
        link_of(self.url.as_deref(), self.links.webui.as_deref(), site_url)
    }
}

impl Linked for PageAttachment {
    fn links(&self) -> Option<&RecordLinks> {
        Some(&self.links)
    }

    fn set_url(&mut self, url: String) {
        self.url = Some(url);
    }
}

impl<'a> Confluence<'a> {
    /// The files at a page (`GET /wiki/api/v2/pages/{id}/attachments`). Needs `read:attachment:confluence`.
    pub fn attachments(&self, page_id: &str) -> Cursors<'a, PageAttachment> {
        let url = self.url(&["pages", page_id, "attachments"]);
        Cursors::new(*self, "/wiki/api/v2/pages/{id}/attachments", url, 250)
    }

    /// All files of the site that the person can see, those changed last first (`GET /wiki/api/v2/attachments`).
    /// Needs `read:attachment:confluence`.
    pub fn all_attachments(&self) -> Cursors<'a, PageAttachment> {
        let mut url = self.url(&["attachments"]);
        url.query_pairs_mut().append_pair("sort", "-modified-date");
        Cursors::new(*self, "/wiki/api/v2/attachments", url, 250)
    }
}
