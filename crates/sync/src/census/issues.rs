use std::collections::BTreeSet;
use std::sync::Arc;

use connector_atlassian::jira::Jql;
use connector_domain::SyncMode;
use connector_store::{AbsenceReason, MirrorKind, MirroredId};

use super::Census;
use super::listed::Listed;
use super::reading::Reading;
use super::verdict::Findings;
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{Container, OVERLAP, RunError};
use crate::walk::{IssueStreams, Issues};

impl Census<'_> {
    /// By the project's id and the issues' ids: keys change when an issue moves. Read are those that are not mirrored,
    /// those that have changed since the census before, and those whose parent is gone.
    pub(super) async fn issues(&self, project: &Container, reading: &mut Reading) -> Result<(), RunError> {
        let Ok(project_id) = project.id.parse::<u64>() else { return Ok(()) };
        let (site, stream) = (&**self.site, Stream::JiraIssues);
        let scope = Some(project.id.as_str());
        self.issue_ids(Jql::project(project_id), reading).await?;
        let listed = &reading.listed;
        let mut difference = self.difference(MirrorKind::JiraIssues, scope, listed).await?;
        let mut findings = Findings::default();
        self.leave_to_others(stream, &mut difference, &mut findings).await;
        let name = format!("project {}", project.key);
        difference.hold_back(listed, &mut findings, &name, site.syncs.clock.now());
        self.look_at_issues(&difference.absent, project, &mut findings).await?;

        let mut ids: BTreeSet<String> = difference.unknown.into_iter().collect();
        ids.extend(self.changed_issues(project_id, &project.id).await?);
        ids.extend(site.set_aside(stream).into_iter().filter(|id| listed.contains(id)));
        let gone: Vec<&str> = findings.gone.iter().map(|(id, _)| id.as_str()).collect();
        let (store, cloud_id) = (&site.syncs.store, &site.site.cloud_id);
        ids.extend(store.issues_below(site.owner, cloud_id, &gone).await?);
        // Those that could not be read when their parent was found gone: hidden for an hour, say.
        let left = store.issues_below_deleted(site.owner, cloud_id, &project.id).await?;
        ids.extend(left.into_iter().filter(|id| listed.contains(id)));
        self.read_issues(project_id, ids.into_iter().collect()).await?;
        self.conclude(stream, &project.id, scope, listed, findings).await
    }

    /// Those that have changed since the census before. An issue that changes while this account may not see it, as
    /// one of a project that is hidden for an hour, comes in no list of changes.
    async fn changed_issues(&self, project_id: u64, scope: &str) -> Result<Vec<String>, RunError> {
        if self.mode == SyncMode::Full {
            return Ok(Vec::new());
        }
        let Some(since) = self.last_read(Stream::JiraIssues, scope).await? else { return Ok(Vec::new()) };
        let mut changed = Reading::default();
        self.issue_ids(Jql::updated_since(project_id, since.minus(OVERLAP)), &mut changed).await?;
        Ok(all_of(&changed.listed))
    }

    /// Reads these issues with what hangs on them.
    async fn read_issues(&self, project_id: u64, ids: Vec<String>) -> Result<(), RunError> {
        let streams = IssueStreams::of(self.streams);
        let walk = Issues { site: Arc::clone(self.site), project_id: Some(project_id), streams };
        for ids in ids.chunks(Issues::A_PAGE) {
            self.write(walk.read(ids).await?).await?;
        }
        Ok(())
    }

    /// Each by itself: a search may be behind the truth, or be cut short without saying so.
    async fn look_at_issues(
        &self,
        absent: &[MirroredId],
        project: &Container,
        findings: &mut Findings,
    ) -> Result<(), RunError> {
        let jira = self.site.jira();
        let mut missing = Vec::new();
        for row in absent {
            let id = &row.remote_id;
            match self.site.call(|token| async move { jira.issue(&token, id).await }).await {
                // It is there: it has moved, or the search does not know of it yet.
                Ok(issue) => {
                    let names = self.site.field_names(std::slice::from_ref(&issue)).await?;
                    let issues = vec![rows::issue(&issue, &names)];
                    findings.rows.append(Rows { issues, ..Rows::default() });
                }
                Err(error) => missing.push((id.clone(), super::reason_of(error)?)),
            }
        }
        if missing.iter().any(|(_, reason)| *reason == AbsenceReason::Deleted) {
            // As long as the project is there, it is the issues that are not. Else nothing can be said of them.
            let id = &project.id;
            self.site.call(|token| async move { jira.project(&token, id).await }).await?;
        }
        findings.gone.extend(missing);
        Ok(())
    }
}

/// All ids of a list.
fn all_of(listed: &Listed) -> Vec<String> {
    listed.unmarked(&vec![false; listed.len()])
}
