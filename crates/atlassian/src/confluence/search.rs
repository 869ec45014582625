//! Search by CQL, one of the two calls of version 1 that are left at the gateway.

use std::fmt::Write as _;

use connector_domain::Timestamp;
use serde::Deserialize;

use super::list::{Cursors, Linked, RecordLinks};
use super::{Confluence, link_of};

/// What a search finds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult {
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub title: String,
    /// A few words around what was found.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub excerpt: Option<String>,
    /// `content`, `space` or `user`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub entity_type: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub last_modified: Option<Timestamp>,
    /// Of `content`: what it is.
    #[serde(default, deserialize_with = "crate::lenient::or_none")]
    pub content: Option<FoundContent>,
    /// Path below `/wiki`.
    #[serde(default, rename = "url", deserialize_with = "crate::lenient::text")]
    path: Option<String>,
    #[serde(skip)]
    links: RecordLinks,
    #[serde(skip)]
    address: Option<String>,
}

/// A page, blog post, comment or attachment that was found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FoundContent {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// `page`, `blogpost`, `comment`, `attachment`, ….
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::text")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status: Option<String>,
}

impl SearchResult {
    /// Address for people; `site_url` serves where Confluence did not say on which host.
    pub fn link(&self, site_url: &str) -> Option<String> {
        link_of(self.address.as_deref(), self.path.as_deref(), site_url)
    }
}

impl Linked for SearchResult {
    fn links(&self) -> Option<&RecordLinks> {
        None
    }

    fn webui(&self) -> Option<&str> {
        self.path.as_deref()
    }

    fn set_url(&mut self, url: String) {
        self.address = Some(url);
    }
}

/// `text` as a value of CQL, in quotes that it cannot break out of.
pub fn cql_value(text: &str) -> String {
    let mut value = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                let _ = write!(value, "\\{c}");
            }
            c if c.is_control() => value.push(' '),
            c => value.push(c),
        }
    }
    value.push('"');
    value
}

impl<'a> Confluence<'a> {
    /// What `cql` finds (`GET /wiki/rest/api/search`). Needs `search:confluence`, or the granular
    /// `read:content-details:confluence`. Put values in by [`cql_value`].
    ///
    /// Times in CQL are read in the person's time zone and to the minute: for what has changed lately, list pages
    /// by [`super::PageSort::LastModifiedFirst`].
    pub fn search(&self, cql: &str) -> Cursors<'a, SearchResult> {
        let mut url = self.v1_url(&["search"]);
        url.query_pairs_mut().append_pair("cql", cql);
        Cursors::new(*self, "/wiki/rest/api/search", url, 50)
    }
}
