use std::sync::Arc;

use connector_atlassian::jira::ProjectQuery;
use connector_domain::Timestamp;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{RunError, SiteContext};

/// All projects that the person can see. There are few enough to read them whole.
pub(crate) struct Projects(pub(crate) Arc<SiteContext>);

impl Walk for Projects {
    fn fetch(&self, _: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let site = &self.0;
            let query =
                ProjectQuery { start_at: from_value(at).unwrap_or_default(), ..ProjectQuery::default() };
            let (jira, query) = (site.jira(), &query);
            let page = site.call(|token| async move { jira.projects(&token, query).await }).await?;
            let projects =
                page.items.into_iter().map(|project| rows::project(project, &site.site.url)).collect();
            Ok(Fetched {
                rows: Rows { projects, ..Rows::default() },
                bad: bad_of(Stream::JiraProjects, page.bad),
                total: page.total,
                date: page.date,
                next: page.next.map(|next| to_value(&next)),
                ..Fetched::default()
            })
        }
        .boxed()
    }
}
