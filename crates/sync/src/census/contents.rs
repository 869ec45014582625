use std::collections::HashSet;

use connector_atlassian::confluence::{BodyFormat, PageQuery, PageStatus, WikiPage};
use connector_store::{AbsenceReason, MirroredId};

use super::Census;
use super::lists::refuse;
use super::verdict::{Difference, Findings};
use crate::run::{Container, RunError};
use crate::walk::{ContentKind, Fetched, add_parts, content_rows, list_contents};

/// Bodies come with so many pages at a time.
const WITH_BODIES: usize = 50;

impl Census<'_> {
    /// Moving a page makes no new version of it, so the whole list is written, without bodies; the bodies that are not
    /// stored are read after it. With it comes what hangs on the pages.
    pub(super) async fn contents(&self, kind: ContentKind, space: &Container) -> Result<(), RunError> {
        let site = &**self.site;
        let contents = self.contents_of(kind, &space.id).await?;
        let listed: HashSet<String> = contents.iter().map(|content| content.id.clone()).collect();
        let (store, scope) = (&site.syncs.store, Some(space.id.as_str()));
        let stream = kind.stream();
        let mirrored = store.remote_ids(stream.kind(), site.owner, &site.site.cloud_id, scope).await?;
        let mut difference = Difference::of(&listed, mirrored);
        let mut findings = Findings { listed: listed.len() as u64, ..Findings::default() };
        difference.hold_back(&mut findings, &format!("space {}", space.key), site.syncs.clock.now());
        self.read_contents(kind, &contents, &mut findings).await?;
        self.look_at_contents(kind, &difference.absent, space, &mut findings).await?;
        let mut parts = Fetched::default();
        add_parts(site, kind, &contents, self.streams, &mut parts).await?;
        findings.rows.append(parts.rows);
        self.conclude(stream, &kind.scope(&space.id), scope, findings).await
    }

    async fn read_contents(
        &self,
        kind: ContentKind,
        contents: &[WikiPage],
        findings: &mut Findings,
    ) -> Result<(), RunError> {
        let rows = content_rows(self.site, kind, contents).await?;
        let without = |version: Option<i64>, body: Option<i64>| version.is_some() && body != version;
        let pages =
            rows.pages.iter().filter(|row| without(row.version, row.body_version)).map(|row| &row.remote_id);
        let posts = rows
            .blog_posts
            .iter()
            .filter(|row| without(row.version, row.body_version))
            .map(|row| &row.remote_id);
        let missing: Vec<String> = pages.chain(posts).cloned().collect();
        findings.rows.append(rows);
        for ids in missing.chunks(WITH_BODIES) {
            let query = PageQuery {
                ids: ids.to_vec(),
                status: vec![PageStatus::Current],
                body_format: Some(BodyFormat::Storage),
                ..PageQuery::default()
            };
            let page = list_contents(self.site, kind, &query).await?;
            refuse(page.bad.first())?;
            // Behind the rows without bodies: of two rows with one id the later one is written.
            findings.rows.append(content_rows(self.site, kind, &page.items).await?);
        }
        Ok(())
    }

    /// Each by itself: it may have moved to another space, be archived, in the trash, or gone.
    async fn look_at_contents(
        &self,
        kind: ContentKind,
        absent: &[MirroredId],
        space: &Container,
        findings: &mut Findings,
    ) -> Result<(), RunError> {
        let mut missing = Vec::new();
        for row in absent {
            let id = row.remote_id.clone();
            match self.content(kind, &id).await {
                Ok(content) => match content.status.as_deref() {
                    Some("archived") => findings.gone.push((id, AbsenceReason::Archived)),
                    Some("trashed" | "deleted") => findings.gone.push((id, AbsenceReason::Trashed)),
                    _ => findings.rows.append(content_rows(self.site, kind, &[content]).await?),
                },
                Err(error) if error.is_not_visible() => missing.push(id),
                Err(error) => return Err(error),
            }
        }
        if !missing.is_empty() && !self.space_is_there(space).await? {
            // Nothing can be said of what is in a space that cannot be seen.
            findings.missed.extend(missing);
            return Ok(());
        }
        findings.gone.extend(missing.into_iter().map(|id| (id, AbsenceReason::Deleted)));
        Ok(())
    }

    async fn content(&self, kind: ContentKind, id: &str) -> Result<WikiPage, RunError> {
        let (confluence, format) = (self.site.confluence(), Some(BodyFormat::Storage));
        match kind {
            ContentKind::Page => {
                self.site.call(|token| async move { confluence.page(&token, id, format).await }).await
            }
            ContentKind::BlogPost => {
                self.site.call(|token| async move { confluence.blog_post(&token, id, format).await }).await
            }
        }
    }
}
