use serde::Deserialize;

use super::list::{Cursors, Linked, RecordLinks};
use super::{Bodies, BodyFormat, Confluence, PageVersion, link_of};

/// A comment below a page, or at words of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageComment {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub page_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub blog_post_id: Option<String>,
    /// Of a reply.
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub parent_comment_id: Option<String>,
    /// Who wrote it last, and when.
    #[serde(default)]
    pub version: Option<PageVersion>,
    /// Empty unless a body was asked for.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub body: Bodies,
    /// `open`, `reopened`, `resolved` or `dangling`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub resolution_status: Option<String>,
    /// Of inline comments.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub properties: InlineProperties,
    #[serde(default, rename = "_links", deserialize_with = "crate::lenient::or_default")]
    links: RecordLinks,
    #[serde(skip)]
    url: Option<String>,
}

/// To which words of the page an inline comment belongs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InlineProperties {
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub inline_marker_ref: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub inline_original_selection: Option<String>,
}

impl PageComment {
    /// Address for people; `site_url` serves where Confluence did not say on which host.
    pub fn link(&self, site_url: &str) -> Option<String> {
        link_of(self.url.as_deref(), self.links.webui.as_deref(), site_url)
    }
}

impl Linked for PageComment {
    fn links(&self) -> Option<&RecordLinks> {
        Some(&self.links)
    }

    fn set_url(&mut self, url: String) {
        self.url = Some(url);
    }
}

/// Where a comment is, and of which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentsOf<'c> {
    /// Below a page, by its id.
    PageFooter(&'c str),
    /// At words of a page.
    PageInline(&'c str),
    BlogPostFooter(&'c str),
    BlogPostInline(&'c str),
    /// Replies to a footer comment.
    FooterReplies(&'c str),
    /// Replies to an inline comment.
    InlineReplies(&'c str),
}

impl<'c> CommentsOf<'c> {
    const fn path(self) -> (&'static str, [&'c str; 3]) {
        match self {
            Self::PageFooter(id) => {
                ("/wiki/api/v2/pages/{id}/footer-comments", ["pages", id, "footer-comments"])
            }
            Self::PageInline(id) => {
                ("/wiki/api/v2/pages/{id}/inline-comments", ["pages", id, "inline-comments"])
            }
            Self::BlogPostFooter(id) => {
                ("/wiki/api/v2/blogposts/{id}/footer-comments", ["blogposts", id, "footer-comments"])
            }
            Self::BlogPostInline(id) => {
                ("/wiki/api/v2/blogposts/{id}/inline-comments", ["blogposts", id, "inline-comments"])
            }
            Self::FooterReplies(id) => {
                ("/wiki/api/v2/footer-comments/{id}/children", ["footer-comments", id, "children"])
            }
            Self::InlineReplies(id) => {
                ("/wiki/api/v2/inline-comments/{id}/children", ["inline-comments", id, "children"])
            }
        }
    }
}

impl<'a> Confluence<'a> {
    /// Comments without their replies, which are lists of their own. Needs `read:comment:confluence`.
    pub fn comments(&self, of: CommentsOf<'_>, body_format: Option<BodyFormat>) -> Cursors<'a, PageComment> {
        let (route, path) = of.path();
        let mut url = self.url(&path);
        url.query_pairs_mut().extend_pairs(body_format.map(|format| ("body-format", format.as_str())));
        Cursors::new(*self, route, url, 100)
    }
}
