use std::sync::Arc;

use connector_atlassian::BadRecord;
use connector_atlassian::jira::{
    Condition, Direction, IssueBatch, Jql, MOST_FETCHED, MOST_IDS, OrderBy, Search,
};
use connector_domain::Timestamp;
use futures::FutureExt as _;
use futures::future::{BoxFuture, try_join_all};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::issue_parts::{add_changelogs, add_comments, add_worklogs};
use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{RunError, SiteContext};

/// So many bulk fetches make one page at most. They run at the same time.
const AT_ONCE: usize = 2;

/// Which of the streams that hang on issues a walk feeds.
#[expect(clippy::struct_excessive_bools, reason = "four streams, each wanted or not")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IssueStreams {
    pub(crate) issues: bool,
    pub(crate) comments: bool,
    pub(crate) worklogs: bool,
    pub(crate) changelogs: bool,
}

impl IssueStreams {
    pub(crate) fn of(streams: &[Stream]) -> Self {
        Self {
            issues: streams.contains(&Stream::JiraIssues),
            comments: streams.contains(&Stream::JiraComments),
            worklogs: streams.contains(&Stream::JiraWorklogs),
            changelogs: streams.contains(&Stream::JiraChangelogs),
        }
    }

    fn fields(self) -> Vec<String> {
        let mut fields = vec![if self.issues { "*all" } else { "updated" }];
        if self.issues && !self.comments {
            fields.push("-comment");
        } else if self.comments && !self.issues {
            fields.push("comment");
        }
        if self.issues && !self.worklogs {
            fields.push("-worklog");
        } else if self.worklogs && !self.issues {
            fields.push("worklog");
        }
        fields.into_iter().map(str::to_owned).collect()
    }
}

/// The issues of a project, or those of the whole site that changed since a time: first ids, thousands at a time, then
/// the issues themselves by the hundred. A search may be behind the truth; what is fetched by id is not.
pub(crate) struct Issues {
    pub(crate) site: Arc<SiteContext>,
    /// `None` for all projects: only together with a time.
    pub(crate) project_id: Option<u64>,
    pub(crate) streams: IssueStreams,
}

/// Where a walk over issues is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    /// Ids that were found and are to be fetched.
    pending: Vec<String>,
    /// Where the search goes on behind them.
    token: Option<String>,
    /// Whether the search is through.
    found_all: bool,
}

impl Walk for Issues {
    fn fetch(&self, since: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let mut place = from_value::<Place>(at).unwrap_or_default();
            let mut fetched = Fetched::default();
            if place.pending.is_empty() && !place.found_all {
                place = self.find(since, place.token, &mut fetched).await?;
            }
            fetched.room = self.room(place.pending.len()).await;
            let page = place.pending.len().min(fetched.room.len() * MOST_FETCHED);
            let rest = place.pending.split_off(page);
            let now = std::mem::replace(&mut place.pending, rest);
            self.fetch_issues(&now, since.is_some(), &mut fetched).await?;
            let is_through = place.pending.is_empty() && place.found_all;
            fetched.next = (!is_through).then(|| to_value(&place));
            Ok(fetched)
        }
        .boxed()
    }
}

impl Issues {
    /// The right to fetch a batch, or several where other windows leave them: a window alone is as fast as the API lets
    /// it be, and many together do not need more memory than that.
    async fn room(&self, pending: usize) -> Vec<OwnedSemaphorePermit> {
        let batches = || Arc::clone(&self.site.batches);
        // The semaphore is never closed.
        let mut room: Vec<_> = batches().acquire_owned().await.into_iter().collect();
        while room.len() < AT_ONCE
            && room.len() * MOST_FETCHED < pending
            && let Ok(more) = batches().try_acquire_owned()
        {
            room.push(more);
        }
        room
    }

    /// The next page of ids.
    async fn find(
        &self,
        since: Option<Timestamp>,
        page_token: Option<String>,
        fetched: &mut Fetched,
    ) -> Result<Place, RunError> {
        let search = Search { max_results: MOST_IDS, page_token, ..Search::new(self.jql(since)) };
        let (jira, search) = (self.site.jira(), &search);
        let page = self.site.call(|token| async move { jira.search_ids(&token, search).await }).await?;
        fetched.date = page.date;
        fetched.bad = bad_of(Stream::JiraIssues, page.bad);
        fetched.found = page.items.len() as u64;
        let pending = page.items.into_iter().map(|issue| issue.id).collect();
        Ok(Place { pending, found_all: page.next.is_none(), token: page.next })
    }

    fn jql(&self, since: Option<Timestamp>) -> Jql {
        let changed = Condition::UpdatedFrom(since.unwrap_or(Timestamp::from_millis(0)));
        match (self.project_id, since) {
            (Some(id), None) => Jql::project(id),
            (Some(id), Some(since)) => Jql::updated_since(id, since),
            // Without a project no project can make the whole search fail. What changes while it is read comes once
            // more, at the end.
            (None, _) => Jql::new(changed)
                .order_by(OrderBy::Updated, Direction::Ascending)
                .order_by(OrderBy::Key, Direction::Ascending),
        }
    }

    /// So many issues make one page.
    pub(crate) const A_PAGE: usize = AT_ONCE * MOST_FETCHED;

    /// These issues, [`A_PAGE`](Self::A_PAGE) at most, with what hangs on them.
    pub(crate) async fn read(&self, ids: &[String]) -> Result<Fetched, RunError> {
        let mut fetched = Fetched::default();
        self.fetch_issues(ids, false, &mut fetched).await?;
        Ok(fetched)
    }

    /// `follows`: changes are what is read, and everything was read before.
    async fn fetch_issues(
        &self,
        ids: &[String],
        follows: bool,
        fetched: &mut Fetched,
    ) -> Result<(), RunError> {
        let batches = ids.chunks(MOST_FETCHED).map(|ids| async move {
            let batch = self.fetch_batch(ids).await?;
            let date = batch.date;
            let (rows, bad) = self.rows_of(batch, follows).await?;
            Ok::<_, RunError>((date, rows, bad))
        });
        for (date, rows, bad) in try_join_all(batches).await? {
            fetched.date = fetched.date.or(date);
            fetched.rows.append(rows);
            fetched.bad.extend(bad);
        }
        Ok(())
    }

    async fn fetch_batch(&self, ids: &[String]) -> Result<IssueBatch, RunError> {
        let (jira, fields) = (self.site.jira(), &self.streams.fields());
        self.site.call(|token| async move { jira.bulk_fetch(&token, ids, fields).await }).await
    }

    async fn rows_of(
        &self,
        batch: IssueBatch,
        follows: bool,
    ) -> Result<(Rows, Vec<(Stream, BadRecord)>), RunError> {
        let mut bad = bad_of(Stream::JiraIssues, batch.bad);
        let unreadable =
            batch.errors.into_iter().map(|error| BadRecord { id: Some(error.id), what: error.error_message });
        bad.extend(unreadable.map(|record| (Stream::JiraIssues, record)));
        let mut rows = Rows::default();
        if self.streams.issues && !batch.issues.is_empty() {
            let names = self.site.field_names(&batch.issues).await?;
            rows.issues = batch.issues.iter().map(|issue| rows::issue(issue, &names)).collect();
        }
        if self.streams.comments {
            add_comments(&self.site, &batch.issues, &mut rows, &mut bad).await?;
        }
        if self.streams.worklogs {
            add_worklogs(&self.site, &batch.issues, follows, &mut rows, &mut bad).await?;
        }
        if self.streams.changelogs {
            let ids = batch.issues.iter().map(|issue| issue.id.clone()).collect();
            add_changelogs(&self.site, ids, &mut rows, &mut bad).await?;
        }
        Ok((rows, bad))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_stream_needs_is_asked_for() {
        let fields = |streams: &[Stream]| IssueStreams::of(streams).fields();
        assert_eq!(fields(&[Stream::JiraIssues]), ["*all", "-comment", "-worklog"]);
        assert_eq!(fields(&[Stream::JiraIssues, Stream::JiraComments]), ["*all", "-worklog"]);
        assert_eq!(fields(&[Stream::JiraWorklogs]), ["updated", "worklog"]);
        assert_eq!(fields(&[Stream::JiraChangelogs]), ["updated"]);
    }
}
