use connector_atlassian::confluence::{BodyFormat, PageQuery, PageSort, PageStatus, WikiPage};
use connector_store::{AbsenceReason, MirroredId};

use super::reading::Reading;
use super::verdict::Findings;
use super::{Census, reason_of};
use crate::run::{Container, RunError};
use crate::walk::{ContentKind, Fetched, add_parts, bad_of, content_rows, list_contents};

/// Bodies come with so many pages at a time.
const WITH_BODIES: usize = 50;

impl Census<'_> {
    /// Moving a page makes no new version of it, so the whole list is written, page by page, with the bodies that are
    /// not stored and with what hangs on the pages.
    pub(super) async fn contents(
        &self,
        kind: ContentKind,
        space: &Container,
        reading: &mut Reading,
    ) -> Result<(), RunError> {
        let (stream, scope) = (kind.stream(), Some(space.id.as_str()));
        self.read_all_contents(kind, &space.id, reading).await?;
        let listed = &reading.listed;
        let mut difference = self.difference(stream.kind(), scope, listed).await?;
        let mut findings = Findings::default();
        self.leave_to_others(stream, &mut difference, &mut findings).await;
        let name = format!("space {}", space.key);
        difference.hold_back(listed, &mut findings, &name, self.site.syncs.clock.now());
        self.look_at_contents(kind, &difference.absent, space, &mut findings).await?;
        self.conclude(stream, &kind.scope(&space.id), scope, listed, findings).await
    }

    /// Goes through the pages or blog posts of a space.
    async fn read_all_contents(
        &self,
        kind: ContentKind,
        space_id: &str,
        reading: &mut Reading,
    ) -> Result<(), RunError> {
        let mut query = PageQuery {
            space_ids: vec![space_id.to_owned()],
            status: vec![PageStatus::Current],
            sort: Some(PageSort::Id),
            ..PageQuery::default()
        };
        while !reading.is_whole {
            query.cursor.clone_from(&reading.next);
            let page = list_contents(self.site, kind, &query).await?;
            self.read_contents(kind, &page.items).await?;
            reading.listed.add(page.items.iter().map(|content| content.id.as_str()));
            reading.listed.add_page(kind.stream(), page.bad, page.date);
            reading.turn(page.next)?;
        }
        Ok(())
    }

    async fn read_contents(&self, kind: ContentKind, contents: &[WikiPage]) -> Result<(), RunError> {
        let mut fetched =
            Fetched { rows: content_rows(self.site, kind, contents).await?, ..Fetched::default() };
        let without = |version: Option<i64>, body: Option<i64>| version.is_some() && body != version;
        let pages = fetched.rows.pages.iter().filter(|row| without(row.version, row.body_version));
        let posts = fetched.rows.blog_posts.iter().filter(|row| without(row.version, row.body_version));
        let missing: Vec<String> =
            pages.map(|row| &row.remote_id).chain(posts.map(|row| &row.remote_id)).cloned().collect();
        for ids in missing.chunks(WITH_BODIES) {
            let query = PageQuery {
                ids: ids.to_vec(),
                status: vec![PageStatus::Current],
                body_format: Some(BodyFormat::Storage),
                ..PageQuery::default()
            };
            let page = list_contents(self.site, kind, &query).await?;
            fetched.bad.extend(bad_of(kind.stream(), page.bad));
            // Behind the rows without bodies: of two rows with one id the later one is written.
            fetched.rows.append(content_rows(self.site, kind, &page.items).await?);
        }
        add_parts(self.site, kind, contents, self.streams, &mut fetched).await?;
        self.write(fetched).await
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
                Err(error) => missing.push((id, reason_of(error)?)),
            }
        }
        if !missing.is_empty() && !self.space_is_there(space).await? {
            // Nothing can be said of what is in a space that cannot be seen.
            findings.missed.extend(missing.into_iter().map(|(id, _)| id));
            return Ok(());
        }
        findings.gone.extend(missing);
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
