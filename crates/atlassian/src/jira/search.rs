use connector_domain::AccessToken;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Issue, Jira, Jql};
use crate::ApiError;
use crate::http::Answer;
use crate::page::{Listing, Page, Pager};

const ROUTE: &str = "/rest/api/3/search/jql";
/// So many ids come in a page; pages with more fields are shorter, as Jira likes.
pub const MOST_IDS: u32 = 5000;

/// A search for issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    pub jql: Jql,
    /// Which fields come: `summary`, `customfield_10016`, `*navigable`, `*all`, `-comment`, …. Jira gives none
    /// that is not asked for.
    pub fields: Vec<String>,
    /// How many a page, at most [`MOST_IDS`]. Jira gives fewer as it likes.
    pub max_results: u32,
    /// Issues, 50 at most, whose latest state must be in the answer: a search may else not know of it yet. The same
    /// ones for each page.
    pub reconcile: Vec<u64>,
    /// The `next` of an earlier page of the same search. Good for seven days.
    pub page_token: Option<String>,
}

impl Search {
    pub fn new(jql: Jql) -> Self {
        let fields = vec!["*all".to_owned()];
        Self { jql, fields, max_results: 100, reconcile: Vec::new(), page_token: None }
    }
}

/// What a search for ids finds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct IssueId {
    /// What the issue is known by for ever.
    #[serde(deserialize_with = "crate::lenient::id")]
    pub id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    jql: String,
    fields: Vec<&'a str>,
    max_results: u32,
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    reconcile_issues: &'a [u64],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<&'a str>,
}

impl<'a> Jira<'a> {
    /// One page of the issues that `search` finds (`POST /rest/api/3/search/jql`). Needs `read:jira-work`.
    ///
    /// Issues that the person may not see are left out without a word. [`ApiError::NotVisible`] where the query
    /// names a project that the person cannot see; [`ApiError::LostPlace`] where the page token is too old.
    pub async fn search(&self, token: &AccessToken, search: &Search) -> Result<Page<Issue>, ApiError> {
        let fields = search.fields.iter().map(String::as_str).collect();
        self.search_for(token, search, fields).await
    }

    /// The same, ids only: `search.fields` does not count. Ask for [`MOST_IDS`] a page.
    pub async fn search_ids(&self, token: &AccessToken, search: &Search) -> Result<Page<IssueId>, ApiError> {
        self.search_for(token, search, vec!["id"]).await
    }

    /// All of them, page by page, from `search.page_token` on.
    pub fn all_issues(&self, search: Search) -> Pager<IssueSearch<'a>> {
        Pager::new(IssueSearch { jira: *self, search })
    }

    /// The ids of all of them, page by page, from `search.page_token` on.
    pub fn all_issue_ids(&self, search: Search) -> Pager<IdSearch<'a>> {
        Pager::new(IdSearch { jira: *self, search })
    }

    /// About how many issues `jql` finds (`POST /rest/api/3/search/approximate-count`). Needs `read:jira-work`.
    pub async fn approximate_count(&self, token: &AccessToken, jql: &Jql) -> Result<u64, ApiError> {
        #[derive(Serialize)]
        struct Asked {
            jql: String,
        }

        #[derive(Deserialize)]
        struct Count {
            count: u64,
        }

        let route = "/rest/api/3/search/approximate-count";
        let url = self.url(&["search", "approximate-count"]);
        let call = self.ask(route, url, &Asked { jql: jql.to_string() });
        self.client.call(call, token, |answer| answer.json().map(|Count { count }| count)).await
    }

    async fn search_for<T: DeserializeOwned>(
        &self,
        token: &AccessToken,
        search: &Search,
        fields: Vec<&str>,
    ) -> Result<Page<T>, ApiError> {
        let asked = search.page_token.as_deref();
        let body = Body {
            jql: search.jql.to_string(),
            fields,
            max_results: search.max_results,
            reconcile_issues: &search.reconcile,
            next_page_token: asked,
        };
        let url = self.url(&["search", "jql"]);
        let call = self.ask(ROUTE, url, &body).objects(search.max_results.into());
        let page = self.client.call(call, token, |answer| read_page(answer, asked)).await;
        if asked.is_some() { page.map_err(ApiError::of_continuation) } else { page }
    }
}

/// The list of [`Jira::all_issues`].
#[derive(Debug, Clone)]
pub struct IssueSearch<'a> {
    jira: Jira<'a>,
    search: Search,
}

impl Listing for IssueSearch<'_> {
    type Item = Issue;
    type Position = String;

    async fn fetch(&self, token: &AccessToken, position: Option<&String>) -> Result<Page<Issue>, ApiError> {
        let page_token = position.or(self.search.page_token.as_ref()).cloned();
        self.jira.search(token, &Search { page_token, ..self.search.clone() }).await
    }
}

/// The list of [`Jira::all_issue_ids`].
#[derive(Debug, Clone)]
pub struct IdSearch<'a> {
    jira: Jira<'a>,
    search: Search,
}

impl Listing for IdSearch<'_> {
    type Item = IssueId;
    type Position = String;

    async fn fetch(&self, token: &AccessToken, position: Option<&String>) -> Result<Page<IssueId>, ApiError> {
        let page_token = position.or(self.search.page_token.as_ref()).cloned();
        self.jira.search_ids(token, &Search { page_token, ..self.search.clone() }).await
    }
}

/// The end is where either sign of it stands: Jira has been seen to give one without the other.
fn read_page<T: DeserializeOwned>(answer: &Answer, asked: Option<&str>) -> Result<Page<T>, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        #[serde(borrow)]
        issues: Vec<&'a RawValue>,
        #[serde(default)]
        is_last: Option<bool>,
        #[serde(default, deserialize_with = "crate::lenient::text")]
        next_page_token: Option<String>,
    }

    let body: Body<'_> = answer.json()?;
    if body.is_last == Some(body.next_page_token.is_some()) {
        tracing::warn!(is_last = body.is_last, "Jira's signs of the end of a search disagree; it ends there");
    }
    let next = body.next_page_token.filter(|_| body.is_last != Some(true));
    if next.is_some() && next.as_deref() == asked {
        return Err(ApiError::lost_place("it leads back to the same page"));
    }
    Ok(Page::read(answer, &body.issues, next))
}
