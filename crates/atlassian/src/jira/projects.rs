use connector_domain::{AccessToken, AccountId, Timestamp};
use serde::Deserialize;

use super::Jira;
use super::list::read_page;
use crate::page::{Listing, Page, Pager};
use crate::{ApiError, link};

const ROUTE: &str = "/rest/api/3/project/search";
/// Without these, a project has neither description nor lead.
const EXPAND: &str = "description,lead,url,insight";

/// A project of Jira.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// What the project is known by for ever.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
    /// May be changed by an administrator.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub key: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub description: Option<String>,
    #[serde(default)]
    pub lead: Option<Lead>,
    /// A link that the project's people have set; not the project's own address, which is
    /// [`Project::browse_url`].
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub url: Option<String>,
    /// `software`, `service_desk`, `business`, ….
    #[serde(default, rename = "projectTypeKey", deserialize_with = "crate::lenient::text")]
    pub project_type: Option<String>,
    /// `classic` or `next-gen`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub style: Option<String>,
    #[serde(default)]
    pub is_private: Option<bool>,
    #[serde(default)]
    pub archived: Option<bool>,
    /// In the trash, from which it can come back for 60 days.
    #[serde(default)]
    pub deleted: Option<bool>,
    #[serde(default)]
    pub insight: Option<Insight>,
}

impl Project {
    /// The project's page for people, on the site at `site_url`.
    pub fn browse_url(&self, site_url: &str) -> String {
        link::browse(site_url, &self.key)
    }
}

/// Who leads a project. A closed account may show neither.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lead {
    #[serde(default)]
    pub account_id: Option<AccountId>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub display_name: Option<String>,
}

/// A cheap way to see whether a project has changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Insight {
    #[serde(default)]
    pub total_issue_count: Option<u64>,
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub last_issue_update_time: Option<Timestamp>,
}

/// Which projects to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectQuery {
    /// How many to skip.
    pub start_at: u64,
    /// How many to ask for; Jira gives no more than 100.
    pub max_results: u32,
    /// Empty for Jira's default, live ones.
    pub status: Vec<ProjectStatus>,
}

impl Default for ProjectQuery {
    fn default() -> Self {
        Self { start_at: 0, max_results: 100, status: Vec::new() }
    }
}

words! {
    /// Of a project; `deleted` is in the trash.
    ProjectStatus { Live = "live", Archived = "archived", Deleted = "deleted" }
}

impl<'a> Jira<'a> {
    /// One page of the projects that the person can see (`GET /rest/api/3/project/search`). Needs
    /// `read:jira-work`.
    pub async fn projects(
        &self,
        token: &AccessToken,
        query: &ProjectQuery,
    ) -> Result<Page<Project, u64>, ApiError> {
        let mut url = self.url(&["project", "search"]);
        url.query_pairs_mut()
            .append_pair("startAt", &query.start_at.to_string())
            .append_pair("maxResults", &query.max_results.to_string())
            .append_pair("expand", EXPAND)
            .extend_pairs(query.status.iter().map(|status| ("status", status.as_str())));
        let call = self.get(ROUTE, url).objects(query.max_results.into());
        self.client.call(call, token, |answer| read_page(answer, "values", query.start_at)).await
    }

    /// The project that has this id or key now or had the key once (`GET /rest/api/3/project/{projectIdOrKey}`).
    /// Needs `read:jira-work`.
    pub async fn project(&self, token: &AccessToken, id_or_key: &str) -> Result<Project, ApiError> {
        let mut url = self.url(&["project", id_or_key]);
        url.query_pairs_mut().append_pair("expand", "description,lead,insight");
        self.client.read(self.get("/rest/api/3/project/{projectIdOrKey}", url), token).await
    }

    /// All of them, page by page, from `query.start_at` on.
    pub fn all_projects(&self, query: ProjectQuery) -> Pager<Projects<'a>> {
        Pager::new(Projects { jira: *self, query })
    }
}

/// The list of [`Jira::all_projects`].
#[derive(Debug, Clone)]
pub struct Projects<'a> {
    jira: Jira<'a>,
    query: ProjectQuery,
}

impl Listing for Projects<'_> {
    type Item = Project;
    type Position = u64;

    async fn fetch(
        &self,
        token: &AccessToken,
        position: Option<&u64>,
    ) -> Result<Page<Project, u64>, ApiError> {
        let start_at = position.copied().unwrap_or(self.query.start_at);
        self.jira.projects(token, &ProjectQuery { start_at, ..self.query.clone() }).await
    }
}
