use std::sync::Arc;

use connector_store::{AbsenceReason, MirrorKind, MirroredId};

use super::Census;
use super::verdict::{Difference, Findings};
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{Container, RunError};
use crate::walk::{IssueStreams, Issues};

impl Census<'_> {
    /// By the project's id and the issues' ids: keys change when an issue moves.
    pub(super) async fn issues(&self, project: &Container) -> Result<(), RunError> {
        let Ok(project_id) = project.id.parse::<u64>() else { return Ok(()) };
        let site = &**self.site;
        let listed = self.issue_ids(project_id).await?;
        let (store, scope) = (&site.syncs.store, Some(project.id.as_str()));
        let mirrored =
            store.remote_ids(MirrorKind::JiraIssues, site.owner, &site.site.cloud_id, scope).await?;
        let mut difference = Difference::of(&listed, mirrored);
        let mut findings = Findings { listed: listed.len() as u64, ..Findings::default() };
        let name = format!("project {}", project.key);
        difference.hold_back(&mut findings, &name, site.syncs.clock.now());
        self.look_at_issues(&difference.absent, project, &mut findings).await?;
        let walk = Issues {
            site: Arc::clone(self.site),
            project_id: Some(project_id),
            streams: IssueStreams::of(self.streams),
        };
        findings.rows.append(walk.read(&difference.unknown).await?);
        self.conclude(Stream::JiraIssues, &project.id, scope, findings).await
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
                Err(error) if error.is_not_visible() => missing.push(id.clone()),
                Err(error) => return Err(error),
            }
        }
        if !missing.is_empty() {
            // As long as the project is there, it is the issues that are not. Else nothing can be said of them.
            let id = &project.id;
            self.site.call(|token| async move { jira.project(&token, id).await }).await?;
        }
        findings.gone.extend(missing.into_iter().map(|id| (id, AbsenceReason::Deleted)));
        Ok(())
    }
}
