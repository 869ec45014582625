use super::list::{Cursors, Linked};
use super::{Confluence, PageVersion};

impl Linked for PageVersion {}

impl<'a> Confluence<'a> {
    /// All versions of a page, the newest first (`GET /wiki/api/v2/pages/{id}/versions`). Needs
    /// `read:page:confluence`. A version has a number and no id.
    pub fn versions(&self, page_id: &str) -> Cursors<'a, PageVersion> {
        let mut url = self.url(&["pages", page_id, "versions"]);
        url.query_pairs_mut().append_pair("sort", "-modified-date");
        Cursors::new(*self, "/wiki/api/v2/pages/{id}/versions", url, 50)
    }
}
