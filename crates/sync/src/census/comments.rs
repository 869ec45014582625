use std::collections::HashSet;

use connector_atlassian::jira::{Comment, MOST_BY_ID, MOST_FETCHED};
use connector_store::{AbsenceReason, MirrorKind, MirroredId};

use super::Census;
use super::lists::refuse;
use super::verdict::{Difference, Findings};
use crate::Stream;
use crate::rows;
use crate::run::RunError;

impl Census<'_> {
    /// By the ids that are mirrored, a thousand at a time: editing a comment does not move its issue on. New comments
    /// do, so they come with the changes.
    pub(super) async fn comments(&self) -> Result<(), RunError> {
        let site = &**self.site;
        let kind = MirrorKind::JiraComments;
        let mirrored = site.syncs.store.remote_ids(kind, site.owner, &site.site.cloud_id, None).await?;
        let found = self.comments_of(&mirrored).await?;
        let listed: HashSet<String> = found.iter().map(|comment| comment.id.clone()).collect();
        let mut findings = Findings { listed: listed.len() as u64, ..Findings::default() };
        for comment in &found {
            // Some sites name the issue by its key there, which is no id.
            let issue_id = comment.issue_id().filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
            findings.rows.comments.extend(issue_id.map(|issue_id| rows::comment(comment, issue_id)));
        }
        let mut difference = Difference::of(&listed, mirrored);
        difference.hold_back(&mut findings, "comments", site.syncs.clock.now());
        let again = self.comments_of(&difference.absent).await?;
        let again: HashSet<String> = again.into_iter().map(|comment| comment.id).collect();
        let absent = difference.absent.into_iter().map(|row| row.remote_id);
        let absent: Vec<String> = absent.filter(|id| !again.contains(id)).collect();
        let (gone, unseen) = self.below_what_is_seen(absent).await?;
        findings.gone.extend(gone.into_iter().map(|id| (id, AbsenceReason::Deleted)));
        findings.missed.extend(unseen);
        self.conclude(Stream::JiraComments, "", None, findings).await
    }

    /// Those whose issue can be seen, and the others: of what is below an issue that cannot be seen nothing can be said.
    /// They go with their issue, should it go.
    async fn below_what_is_seen(
        &self,
        comments: Vec<String>,
    ) -> Result<(Vec<String>, Vec<String>), RunError> {
        let site = &**self.site;
        let ids: Vec<&str> = comments.iter().map(String::as_str).collect();
        let (store, cloud_id) = (&site.syncs.store, &site.site.cloud_id);
        let issues = store.scopes_of(MirrorKind::JiraComments, site.owner, cloud_id, &ids).await?;
        let mut asked: Vec<String> = issues.values().cloned().collect();
        asked.sort_unstable();
        asked.dedup();
        let (jira, mut seen, fields) = (site.jira(), HashSet::new(), &["updated".to_owned()]);
        for ids in asked.chunks(MOST_FETCHED) {
            let batch = site.call(|token| async move { jira.bulk_fetch(&token, ids, fields).await }).await?;
            seen.extend(batch.issues.into_iter().map(|issue| issue.id));
        }
        let is_seen = |id: &String| issues.get(id).is_some_and(|issue| seen.contains(issue));
        Ok(comments.into_iter().partition(is_seen))
    }

    async fn comments_of(&self, rows: &[MirroredId]) -> Result<Vec<Comment>, RunError> {
        let ids: Vec<u64> = rows.iter().filter_map(|row| row.remote_id.parse().ok()).collect();
        let jira = self.site.jira();
        let mut found = Vec::new();
        for ids in ids.chunks(MOST_BY_ID) {
            let page = self.site.call(|token| async move { jira.comments_by_id(&token, ids).await }).await?;
            refuse(page.bad.first())?;
            found.extend(page.items);
        }
        Ok(found)
    }
}
