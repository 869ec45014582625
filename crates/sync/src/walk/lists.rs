//! The vocabulary of a site: people, issue types, statuses, fields. Each is read whole.

use std::sync::Arc;

use connector_atlassian::Listing as _;
use connector_domain::Timestamp;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{RunError, SiteContext};

pub(crate) struct Users(pub(crate) Arc<SiteContext>);
pub(crate) struct IssueTypes(pub(crate) Arc<SiteContext>);
pub(crate) struct Statuses(pub(crate) Arc<SiteContext>);
pub(crate) struct Fields(pub(crate) Arc<SiteContext>);

impl Walk for Users {
    fn fetch(&self, _: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let (list, start) = (&self.0.jira().users(), from_value::<u64>(at));
            let start = start.as_ref();
            let page = self.0.call(|token| async move { list.fetch(&token, start).await }).await?;
            Ok(Fetched {
                rows: Rows { users: page.items.into_iter().map(rows::user).collect(), ..Rows::default() },
                bad: bad_of(Stream::JiraUsers, page.bad),
                total: page.total,
                date: page.date,
                next: page.next.map(|next| to_value(&next)),
                ..Fetched::default()
            })
        }
        .boxed()
    }
}

impl Walk for IssueTypes {
    fn fetch(&self, _: Option<Timestamp>, _: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let jira = self.0.jira();
            let page = self.0.call(|token| async move { jira.issue_types(&token).await }).await?;
            let issue_types = page.items.into_iter().map(rows::issue_type).collect();
            Ok(Fetched {
                rows: Rows { issue_types, ..Rows::default() },
                bad: bad_of(Stream::JiraIssueTypes, page.bad),
                date: page.date,
                ..Fetched::default()
            })
        }
        .boxed()
    }
}

impl Walk for Statuses {
    fn fetch(&self, _: Option<Timestamp>, _: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let jira = self.0.jira();
            let page = self.0.call(|token| async move { jira.statuses(&token).await }).await?;
            let statuses = page.items.into_iter().map(rows::status).collect();
            Ok(Fetched {
                rows: Rows { statuses, ..Rows::default() },
                bad: bad_of(Stream::JiraStatuses, page.bad),
                date: page.date,
                ..Fetched::default()
            })
        }
        .boxed()
    }
}

impl Walk for Fields {
    fn fetch(&self, _: Option<Timestamp>, _: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let jira = self.0.jira();
            let page = self.0.call(|token| async move { jira.fields(&token).await }).await?;
            Ok(Fetched {
                rows: Rows { fields: page.items.into_iter().map(rows::field).collect(), ..Rows::default() },
                bad: bad_of(Stream::JiraFields, page.bad),
                date: page.date,
                ..Fetched::default()
            })
        }
        .boxed()
    }
}
