//! Whole lists. A record that cannot be read is there nevertheless, where it says which it is.

use connector_atlassian::confluence::SpaceQuery;
use connector_atlassian::jira::{Jql, MOST_IDS, ProjectQuery, ProjectStatus, Search};

use super::Census;
use super::listed::Listed;
use super::reading::Reading;
use crate::Stream;
use crate::run::RunError;

impl Census<'_> {
    pub(super) async fn issue_ids(&self, jql: Jql, reading: &mut Reading) -> Result<(), RunError> {
        let jira = self.site.jira();
        let mut search = Search { max_results: MOST_IDS, ..Search::new(jql) };
        while !reading.is_whole {
            search.page_token.clone_from(&reading.next);
            let ask = &search;
            let page = self.site.call(|token| async move { jira.search_ids(&token, ask).await }).await?;
            reading.listed.add(page.items.iter().map(|issue| issue.id.as_str()));
            reading.listed.add_page(Stream::JiraIssues, page.bad, page.date);
            reading.turn(page.next)?;
        }
        Ok(())
    }

    pub(super) async fn project_ids(&self, status: Option<ProjectStatus>) -> Result<Listed, RunError> {
        let jira = self.site.jira();
        let mut query = ProjectQuery { status: status.into_iter().collect(), ..ProjectQuery::default() };
        let mut reading = Reading::default();
        while !reading.is_whole {
            let ask = &query;
            let page = self.site.call(|token| async move { jira.projects(&token, ask).await }).await?;
            reading.listed.add(page.items.iter().map(|project| project.id.as_str()));
            reading.listed.add_page(Stream::JiraProjects, page.bad, page.date);
            query.start_at = page.next.unwrap_or_default();
            reading.turn(page.next.map(|next| next.to_string()))?;
        }
        Ok(reading.listed)
    }

    pub(super) async fn space_ids(&self) -> Result<Listed, RunError> {
        let confluence = self.site.confluence();
        let (mut query, mut reading) = (SpaceQuery::default(), Reading::default());
        while !reading.is_whole {
            query.cursor.clone_from(&reading.next);
            let ask = &query;
            let page = self.site.call(|token| async move { confluence.spaces(&token, ask).await }).await?;
            reading.listed.add(page.items.iter().map(|space| space.id.as_str()));
            reading.listed.add_page(Stream::ConfluenceSpaces, page.bad, page.date);
            reading.turn(page.next)?;
        }
        Ok(reading.listed)
    }
}
