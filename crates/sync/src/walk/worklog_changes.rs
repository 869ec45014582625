use std::sync::Arc;

use connector_atlassian::Listing as _;
use connector_atlassian::jira::MOST_BY_ID;
use connector_domain::Timestamp;
use connector_store::MirrorKind;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::rows;
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
        let ids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let jira = self.site.jira();
        for ids in ids.chunks(MOST_BY_ID) {
            let page = self.site.call(|token| async move { jira.worklogs_by_id(&token, ids).await }).await?;
            fetched.bad.extend(bad_of(Stream::JiraWorklogs, page.bad));
            let rows = page.items.iter().filter_map(|worklog| {
                let issue_id = worklog.issue_id.as_deref()?;
                Some(rows::worklog(worklog, issue_id))
            });
            fetched.rows.worklogs.extend(rows);
        }
        Ok(())
    }
}
