//! Whole lists. One with a record that cannot be read is no list to compare with: the record could be any.

use std::collections::HashSet;

use connector_atlassian::BadRecord;
use connector_atlassian::confluence::{
    PageAttachment, PageQuery, PageSort, PageStatus, SpaceQuery, WikiPage,
};
use connector_atlassian::jira::{Jql, MOST_IDS, ProjectQuery, ProjectStatus, Search};

use super::Census;
use crate::Stream;
use crate::run::RunError;
use crate::walk::{self, ContentKind};

impl Census<'_> {
    pub(super) async fn issue_ids(&self, project_id: u64) -> Result<HashSet<String>, RunError> {
        let jira = self.site.jira();
        let mut search = Search { max_results: MOST_IDS, ..Search::new(Jql::project(project_id)) };
        let (mut ids, mut seen) = (HashSet::new(), HashSet::new());
        loop {
            let ask = &search;
            let page = self.site.call(|token| async move { jira.search_ids(&token, ask).await }).await?;
            refuse(page.bad.first())?;
            ids.extend(page.items.into_iter().map(|issue| issue.id));
            let Some(next) = page.next else { return Ok(ids) };
            search.page_token = Some(once(&mut seen, next)?);
        }
    }

    pub(super) async fn project_ids(
        &self,
        status: Option<ProjectStatus>,
    ) -> Result<HashSet<String>, RunError> {
        let jira = self.site.jira();
        let mut query = ProjectQuery { status: status.into_iter().collect(), ..ProjectQuery::default() };
        let mut ids = HashSet::new();
        loop {
            let ask = &query;
            let page = self.site.call(|token| async move { jira.projects(&token, ask).await }).await?;
            refuse(page.bad.first())?;
            ids.extend(page.items.into_iter().map(|project| project.id));
            match page.next {
                Some(next) if next > query.start_at => query.start_at = next,
                Some(_) => return Err(circle()),
                None => return Ok(ids),
            }
        }
    }

    pub(super) async fn space_ids(&self) -> Result<HashSet<String>, RunError> {
        let confluence = self.site.confluence();
        let mut query = SpaceQuery::default();
        let (mut ids, mut seen) = (HashSet::new(), HashSet::new());
        loop {
            let ask = &query;
            let page = self.site.call(|token| async move { confluence.spaces(&token, ask).await }).await?;
            refuse(page.bad.first())?;
            ids.extend(page.items.into_iter().map(|space| space.id));
            let Some(next) = page.next else { return Ok(ids) };
            query.cursor = Some(once(&mut seen, next)?);
        }
    }

    /// The pages or blog posts of a space, without bodies.
    pub(super) async fn contents_of(
        &self,
        kind: ContentKind,
        space_id: &str,
    ) -> Result<Vec<WikiPage>, RunError> {
        let mut query = PageQuery {
            space_ids: vec![space_id.to_owned()],
            status: vec![PageStatus::Current],
            sort: Some(PageSort::Id),
            ..PageQuery::default()
        };
        let (mut contents, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let page = walk::list_contents(self.site, kind, &query).await?;
            refuse(page.bad.first())?;
            contents.extend(page.items);
            let Some(next) = page.next else { return Ok(contents) };
            query.cursor = Some(once(&mut seen, next)?);
        }
    }

    pub(super) async fn files(&self) -> Result<Vec<PageAttachment>, RunError> {
        let (list, mut bad) = (self.site.confluence().all_attachments(), Vec::new());
        let (files, _) = walk::all(self.site, &list, Stream::ConfluenceAttachments, &mut bad).await?;
        refuse(bad.first().map(|(_, record)| record))?;
        Ok(files)
    }
}

pub(super) fn refuse(bad: Option<&BadRecord>) -> Result<(), RunError> {
    match bad {
        Some(bad) => Err(RunError::Incomplete(format!("a list has records that cannot be read: {bad}"))),
        None => Ok(()),
    }
}

fn once(seen: &mut HashSet<String>, next: String) -> Result<String, RunError> {
    if seen.insert(next.clone()) { Ok(next) } else { Err(circle()) }
}

fn circle() -> RunError {
    RunError::Incomplete("a list leads back to an earlier page".to_owned())
}
