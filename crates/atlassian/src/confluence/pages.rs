use connector_domain::{AccessToken, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::list::{Linked, RecordLinks};
use super::{Confluence, link_of};
use crate::ApiError;
use crate::page::{Listing, Page, Pager};

const ROUTE: &str = "/wiki/api/v2/pages";

/// A page of Confluence. Named so because [`Page`] is a page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WikiPage {
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub title: String,
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub space_id: Option<String>,
    /// `current`, `archived`, `trashed`, `deleted`, ….
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub status: Option<String>,
    /// May name something that no list of pages has: a folder, a database, a whiteboard.
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    pub parent_id: Option<String>,
    /// `page`, `folder`, `database`, `whiteboard` or `embed`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub parent_type: Option<String>,
    /// Among the children of the same parent.
    #[serde(default)]
    pub position: Option<i64>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub author_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub owner_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created_at: Option<Timestamp>,
    #[serde(default)]
    pub version: Option<PageVersion>,
    /// Empty unless a body was asked for.
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub body: Bodies,
    #[serde(default, rename = "_links", deserialize_with = "crate::lenient::or_default")]
    links: RecordLinks,
    #[serde(skip)]
    url: Option<String>,
}

impl WikiPage {
    /// Address for people; `site_url` serves where Confluence did not say on which host.
    pub fn link(&self, site_url: &str) -> Option<String> {
        link_of(self.url.as_deref(), self.links.webui.as_deref(), site_url)
    }

    /// When the page was last changed: the moment of its current version.
    pub fn modified_at(&self) -> Option<Timestamp> {
        self.version.as_ref()?.created_at
    }
}

impl Linked for WikiPage {
    fn links(&self) -> Option<&RecordLinks> {
        Some(&self.links)
    }

    fn set_url(&mut self, url: String) {
        self.url = Some(url);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageVersion {
    /// From 1 on; this is the version's only name.
    #[serde(default)]
    pub number: Option<i64>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub author_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub message: Option<String>,
    #[serde(default)]
    pub minor_edit: Option<bool>,
}

/// A page's text, in the formats that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Bodies {
    #[serde(default)]
    pub storage: Option<Body>,
    /// Its value is JSON, as text.
    #[serde(default)]
    pub atlas_doc_format: Option<Body>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Body {
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub value: String,
}

impl Bodies {
    /// The body in Atlassian Document Format, read; `None` where there is none or it is no JSON.
    pub fn adf(&self) -> Option<Value> {
        serde_json::from_str(&self.atlas_doc_format.as_ref()?.value).ok()
    }
}

/// Which pages to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// At most 250; empty for all.
    pub ids: Vec<String>,
    /// At most 100; empty for all spaces.
    pub space_ids: Vec<String>,
    /// Empty for Confluence's default, current and archived ones.
    pub status: Vec<PageStatus>,
    pub sort: Option<PageSort>,
    /// `None` for no bodies.
    pub body_format: Option<BodyFormat>,
    /// How many a page, at most 250; better 50 to 100 with bodies.
    pub limit: u32,
    /// The `next` of an earlier page with the same query.
    pub cursor: Option<String>,
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            space_ids: Vec::new(),
            status: Vec::new(),
            sort: None,
            body_format: None,
            limit: 250,
            cursor: None,
        }
    }
}

words! {
    /// Of a page.
    PageStatus { Current = "current", Archived = "archived", Deleted = "deleted", Trashed = "trashed" }
}

words! {
    /// The order of a list of pages.
    PageSort {
        Id = "id",
        NewestFirst = "-created-date",
        OldestFirst = "created-date",
        LastModifiedFirst = "-modified-date",
        LastModifiedLast = "modified-date",
        Title = "title",
    }
}

words! {
    /// Of a page's text.
    BodyFormat { Storage = "storage", AtlasDocFormat = "atlas_doc_format" }
}

impl PageQuery {
    /// All but limit and cursor.
    fn add_to(&self, mut url: Url) -> Url {
        url.query_pairs_mut()
            .extend_pairs(self.ids.iter().map(|id| ("id", id)))
            .extend_pairs(self.space_ids.iter().map(|id| ("space-id", id)))
            .extend_pairs(self.status.iter().map(|status| ("status", status.as_str())))
            .extend_pairs(self.sort.map(|sort| ("sort", sort.as_str())))
            .extend_pairs(self.body_format.map(|format| ("body-format", format.as_str())));
        url
    }
}

/// One page or blog post of any of these statuses: Confluence gives one from the trash only where that is asked for.
fn single(mut url: Url, status: &[PageStatus], body_format: Option<BodyFormat>) -> Url {
    url.query_pairs_mut()
        .extend_pairs(status.iter().map(|status| ("status", status.as_str())))
        .extend_pairs(body_format.map(|format| ("body-format", format.as_str())));
    url
}

impl<'a> Confluence<'a> {
    /// One page of the pages that the person can see (`GET /wiki/api/v2/pages`). Needs `read:page:confluence`;
    /// classic scopes are not accepted.
    pub async fn pages(&self, token: &AccessToken, query: &PageQuery) -> Result<Page<WikiPage>, ApiError> {
        let url = query.add_to(self.url(&["pages"]));
        self.list(ROUTE, url, query.limit, query.cursor.as_deref(), token).await
    }

    /// A page by its id (`GET /wiki/api/v2/pages/{id}`), also one that is archived or in the trash. Needs
    /// `read:page:confluence`.
    pub async fn page(
        &self,
        token: &AccessToken,
        id: &str,
        body_format: Option<BodyFormat>,
    ) -> Result<WikiPage, ApiError> {
        const STATUS: [PageStatus; 3] = [PageStatus::Current, PageStatus::Archived, PageStatus::Trashed];
        self.one("/wiki/api/v2/pages/{id}", single(self.url(&["pages", id]), &STATUS, body_format), token)
            .await
    }

    /// One page of the blog posts that the person can see (`GET /wiki/api/v2/blogposts`). A blog post has the fields
    /// of a page, but no parent; none is archived, and none can be sorted by title. Needs `read:page:confluence`.
    pub async fn blog_posts(
        &self,
        token: &AccessToken,
        query: &PageQuery,
    ) -> Result<Page<WikiPage>, ApiError> {
        let url = query.add_to(self.url(&["blogposts"]));
        let route = "/wiki/api/v2/blogposts";
        self.list(route, url, query.limit, query.cursor.as_deref(), token).await
    }

    /// A blog post by its id (`GET /wiki/api/v2/blogposts/{id}`). Needs `read:page:confluence`.
    pub async fn blog_post(
        &self,
        token: &AccessToken,
        id: &str,
        body_format: Option<BodyFormat>,
    ) -> Result<WikiPage, ApiError> {
        const STATUS: [PageStatus; 2] = [PageStatus::Current, PageStatus::Trashed];
        let url = single(self.url(&["blogposts", id]), &STATUS, body_format);
        self.one("/wiki/api/v2/blogposts/{id}", url, token).await
    }

    /// All of them, page by page, from `query.cursor` on.
    pub fn all_pages(&self, query: PageQuery) -> Pager<WikiPages<'a>> {
        Pager::new(WikiPages { confluence: *self, query })
    }
}

/// The list of [`Confluence::all_pages`].
#[derive(Debug, Clone)]
pub struct WikiPages<'a> {
    confluence: Confluence<'a>,
    query: PageQuery,
}

impl Listing for WikiPages<'_> {
    type Item = WikiPage;
    type Position = String;

    async fn fetch(
        &self,
        token: &AccessToken,
        position: Option<&String>,
    ) -> Result<Page<WikiPage>, ApiError> {
        let cursor = position.or(self.query.cursor.as_ref()).cloned();
        self.confluence.pages(token, &PageQuery { cursor, ..self.query.clone() }).await
    }
}
