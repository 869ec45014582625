use std::collections::BTreeMap;

use connector_domain::{CloudId, Timestamp, UserId};
use connector_store::{AbsenceReason, MirrorKind, Remote, StoreError, WriteTx};

use super::Rows;
use crate::Stream;
use crate::run::Counts;

/// Whose rows are written, of which site, and when.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) owner: UserId,
    pub(crate) cloud_id: &'a CloudId,
    pub(crate) now: Timestamp,
}

/// What has gone, by the complete lists of a page.
#[derive(Debug, Default)]
pub(crate) struct Gone(Vec<(MirrorKind, Vec<String>)>);

impl Gone {
    /// To be made of what a second look has not found either.
    pub(crate) fn new(gone: Vec<(MirrorKind, Vec<String>)>) -> Self {
        Self(gone)
    }
}

impl Rows {
    /// Writes all rows, always in the same order of tables. Says what that changed per stream.
    pub(crate) async fn write(
        &self,
        tx: &mut WriteTx,
        target: Target<'_>,
        gone: Gone,
    ) -> Result<BTreeMap<Stream, Counts>, StoreError> {
        let mut counts = BTreeMap::new();
        let Target { owner, cloud_id, now } = target;
        put(tx, target, Stream::JiraProjects, &self.projects, &mut counts).await?;
        put(tx, target, Stream::JiraIssues, &self.issues, &mut counts).await?;
        put(tx, target, Stream::JiraComments, &self.comments, &mut counts).await?;
        put(tx, target, Stream::JiraWorklogs, &self.worklogs, &mut counts).await?;
        put(tx, target, Stream::JiraChangelogs, &self.changelogs, &mut counts).await?;
        put(tx, target, Stream::JiraUsers, &self.users, &mut counts).await?;
        put(tx, target, Stream::JiraIssueTypes, &self.issue_types, &mut counts).await?;
        put(tx, target, Stream::JiraStatuses, &self.statuses, &mut counts).await?;
        put(tx, target, Stream::JiraFields, &self.fields, &mut counts).await?;
        put(tx, target, Stream::ConfluenceSpaces, &self.spaces, &mut counts).await?;
        tx.put_bodies(cloud_id, &self.bodies, now).await?;
        put(tx, target, Stream::ConfluencePages, &self.pages, &mut counts).await?;
        put(tx, target, Stream::ConfluenceBlogPosts, &self.blog_posts, &mut counts).await?;
        put(tx, target, Stream::ConfluenceComments, &self.content_comments, &mut counts).await?;
        put(tx, target, Stream::ConfluenceLabels, &self.labels, &mut counts).await?;
        put(tx, target, Stream::ConfluenceAttachments, &self.attachments, &mut counts).await?;
        for (kind, ids) in gone.0.iter().chain(&self.deleted) {
            let kind = *kind;
            let ids: Vec<_> = ids.iter().map(String::as_str).collect();
            let buried = tx.mark_absent(kind, owner, cloud_id, &ids, AbsenceReason::Deleted, now).await?;
            if let Some(stream) = Stream::ALL.into_iter().find(|stream| stream.kind() == kind) {
                counts.entry(stream).or_default().deleted += buried;
            }
        }
        Ok(counts)
    }
}

async fn put<R: Remote>(
    tx: &mut WriteTx,
    target: Target<'_>,
    stream: Stream,
    rows: &[R],
    counts: &mut BTreeMap<Stream, Counts>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let written = tx.upsert_remote(target.owner, target.cloud_id, rows, target.now).await?;
    let counts = counts.entry(stream).or_default();
    counts.fetched += rows.len() as u64;
    counts.written += written.changed();
    Ok(())
}
