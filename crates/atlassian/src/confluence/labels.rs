use serde::Deserialize;

use super::Confluence;
use super::list::{Cursors, Linked};

/// A word that somebody has put on a page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Label {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    /// `global` for those that everybody sees, `my`, `team`, `system`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub prefix: Option<String>,
}

impl Linked for Label {}

impl<'a> Confluence<'a> {
    /// The labels of a page (`GET /wiki/api/v2/pages/{id}/labels`). Needs `read:page:confluence`.
    pub fn labels(&self, page_id: &str) -> Cursors<'a, Label> {
        let url = self.url(&["pages", page_id, "labels"]);
        Cursors::new(*self, "/wiki/api/v2/pages/{id}/labels", url, 250)
    }

    /// The labels of a blog post (`GET /wiki/api/v2/blogposts/{id}/labels`). Needs `read:page:confluence`.
    pub fn blog_post_labels(&self, blog_post_id: &str) -> Cursors<'a, Label> {
        let url = self.url(&["blogposts", blog_post_id, "labels"]);
        Cursors::new(*self, "/wiki/api/v2/blogposts/{id}/labels", url, 250)
    }
}
