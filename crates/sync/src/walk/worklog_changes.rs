use std::sync::Arc;

use connector_atlassian::Listing as _;
use connector_atlassian::jira::MOST_BY_ID;
use connector_domain::Timestamp;
use connector_store::MirrorKind;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;

use super::second_look::parts_by_id;
use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::run::{RunError, SiteContext};

/// Worklogs of the whole site that were changed, or deleted: neither moves the time of their issue on.
pub(crate) struct WorklogChanges {
    pub(crate) site: Arc<SiteContext>,
    pub(crate) deleted: bool,
}

impl Walk for WorklogChanges {
    fn fetch(&self, since: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let since = since.unwrap_or(Timestamp::from_millis(0));
            let jira = self.site.jira();
            let list =
                &if self.deleted { jira.worklogs_deleted(since) } else { jira.worklogs_updated(since) };
            let from = from_value::<i64>(at).map(Timestamp::from_millis);
            let from = from.as_ref();
            let page = self.site.call(|token| async move { list.fetch(&token, from).await }).await?;
            let ids: Vec<_> = page.items.into_iter().map(|change| change.worklog_id).collect();
            let mut fetched = Fetched {
                bad: bad_of(Stream::JiraWorklogs, page.bad),
                date: page.date,
                next: page.next.map(|next| to_value(&next.as_millis())),
                ..Fetched::default()
            };
            if self.deleted {
                fetched.rows.deleted.push((MirrorKind::JiraWorklogs, ids));
            } else {
                self.add_worklogs(&ids, &mut fetched).await?;
            }
            Ok(fetched)
        }
        .boxed()
    }
}

impl WorklogChanges {
    async fn add_worklogs(&self, ids: &[String], fetched: &mut Fetched) -> Result<(), RunError> {
        for ids in ids.chunks(MOST_BY_ID) {
            let found = parts_by_id(&self.site, Stream::JiraWorklogs, ids).await?;
            fetched.rows.append(found.fetched.rows);
            fetched.bad.extend(found.fetched.bad);
        }
        Ok(())
    }
}
