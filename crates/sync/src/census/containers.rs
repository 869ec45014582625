use connector_atlassian::confluence::SpaceQuery;
use connector_atlassian::jira::ProjectStatus;
use connector_store::{AbsenceReason, MirrorKind};

use super::verdict::Findings;
use super::{Census, breaker};
use crate::Stream;
use crate::run::{Container, RunError};

impl Census<'_> {
    /// A project that is archived or in the trash says so. One that cannot be seen any more is believed to be lost when
    /// a later census finds the same: with it goes everything in it.
    pub(super) async fn projects(&self) -> Result<(), RunError> {
        let site = &**self.site;
        let jira = site.jira();
        let listed = self.project_ids(None).await?;
        let mut difference = self.difference(MirrorKind::JiraProjects, None, &listed).await?;
        let mut findings = Findings::default();
        self.leave_to_others(Stream::JiraProjects, &mut difference, &mut findings).await;
        findings.seen_again.append(&mut difference.seen_again);
        if listed.nameless() > 0 {
            difference.hold_back(&listed, &mut findings, "projects", site.syncs.clock.now());
        }
        if difference.absent.is_empty() {
            return self.conclude(Stream::JiraProjects, "", None, &listed, findings).await;
        }
        let archived = self.project_ids(Some(ProjectStatus::Archived)).await?;
        let trashed = self.project_ids(Some(ProjectStatus::Deleted)).await?;
        let now = site.syncs.clock.now();
        for row in difference.absent {
            let id = row.remote_id.clone();
            if archived.contains(&id) {
                findings.gone.push((id, AbsenceReason::Archived));
                continue;
            }
            if trashed.contains(&id) {
                findings.gone.push((id, AbsenceReason::Trashed));
                continue;
            }
            let ask = &id;
            match site.call(|token| async move { jira.project(&token, ask).await }).await {
                Ok(_) => {}
                Err(error) if !error.is_not_visible() => return Err(error),
                Err(_) if breaker::is_confirmed(&row, now) => {
                    findings.gone.push((id, AbsenceReason::AccessLost));
                }
                Err(_) => findings.missed.push(id),
            }
        }
        self.conclude(Stream::JiraProjects, "", None, &listed, findings).await
    }

    /// Archived spaces stand in the list too: one that does not is lost, when a later census finds the same.
    pub(super) async fn spaces(&self) -> Result<(), RunError> {
        let site = &**self.site;
        let listed = self.space_ids().await?;
        let kind = MirrorKind::ConfluenceSpaces;
        let mut difference = self.difference(kind, None, &listed).await?;
        let mut findings = Findings::default();
        self.leave_to_others(Stream::ConfluenceSpaces, &mut difference, &mut findings).await;
        findings.seen_again.append(&mut difference.seen_again);
        if listed.nameless() > 0 {
            difference.hold_back(&listed, &mut findings, "spaces", site.syncs.clock.now());
        }
        let containers = site.containers(kind).await?;
        let now = site.syncs.clock.now();
        for row in difference.absent {
            let is_there = match containers.iter().find(|space| space.id == row.remote_id) {
                Some(space) => self.space_is_there(space).await?,
                None => false,
            };
            if is_there {
                continue;
            }
            if breaker::is_confirmed(&row, now) {
                findings.gone.push((row.remote_id, AbsenceReason::AccessLost));
            } else {
                findings.missed.push(row.remote_id);
            }
        }
        self.conclude(Stream::ConfluenceSpaces, "", None, &listed, findings).await
    }

    pub(super) async fn space_is_there(&self, space: &Container) -> Result<bool, RunError> {
        let query = &SpaceQuery { keys: vec![space.key.clone()], ..SpaceQuery::default() };
        let confluence = self.site.confluence();
        let page = self.site.call(|token| async move { confluence.spaces(&token, query).await }).await?;
        Ok(page.items.iter().any(|found| found.id == space.id))
    }
}
