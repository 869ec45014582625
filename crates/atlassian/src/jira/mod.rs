//! Jira Cloud platform REST API, v3, through the OAuth gateway.

mod bulk_fetch;
mod catalogs;
mod changelog;
mod comments;
mod fields;
mod issue_fields;
mod issues;
mod jql;
mod list;
mod projects;
mod search;
mod server_info;
mod user;
mod webhooks;
mod worklogs;

pub use bulk_fetch::{IssueBatch, IssueError, MOST_FETCHED};
pub use catalogs::{Priority, Resolution};
pub use changelog::{Change, ChangedField, Changelogs, IssueHistory, MOST_HISTORIES};
pub use comments::{Comment, MOST_BY_ID};
pub use fields::{Field, FieldSchema};
pub use issue_fields::{IssueFields, RawFields};
pub use issues::{
    Attachment, Issue, IssueParent, IssueProject, IssueStatus, IssueType, Named, StatusCategory,
};
pub use jql::{Condition, Direction, Jql, OrderBy};
pub use list::Offsets;
pub use projects::{Insight, Lead, Project, ProjectQuery, ProjectStatus, Projects};
pub use search::{IdSearch, IssueId, IssueSearch, MOST_IDS, Search};
pub use server_info::ServerInfo;
pub use user::User;
pub use webhooks::{MOST_WEBHOOKS, NewWebhook, Webhook, WebhookEvent, WebhookFilter, WebhookRefused};
pub use worklogs::{Visibility, Worklog, WorklogChange, WorklogChanges};

use connector_domain::{CloudId, Product};
use reqwest::Method;
use serde::Serialize;
use url::Url;

use crate::call::{Call, Effect};
use crate::client::Atlassian;
use crate::endpoints::join;

/// Jira of one site. See [`Atlassian::jira`].
#[derive(Debug, Clone, Copy)]
pub struct Jira<'a> {
    pub(crate) client: &'a Atlassian,
    pub(crate) cloud_id: &'a CloudId,
}

impl Jira<'_> {
    /// `{api_url}/ex/jira/{cloudId}/rest/api/3/{path}`. The site's own address takes no OAuth token.
    fn url(&self, path: &[&str]) -> Url {
        let base = ["ex", "jira", self.cloud_id.as_str(), "rest", "api", "3"];
        join(&self.client.endpoints.api_url, &[&base, path].concat())
    }

    fn get(&self, route: &'static str, url: Url) -> Call<'_> {
        Call { product: Some(Product::Jira), cloud_id: Some(self.cloud_id), ..Call::get(route, url) }
    }

    /// A question that is asked by `POST` for the length of its query. It changes nothing.
    fn ask(&self, route: &'static str, url: Url, body: &impl Serialize) -> Call<'_> {
        self.get(route, url).method(Method::POST, Effect::Read).json(body)
    }
}
