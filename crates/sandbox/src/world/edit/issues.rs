//! Creating, changing, moving and deleting issues.

use serde::Deserialize;

use super::Refusal;
use crate::world::{
    Millis,
    activity::{issue_labels, worklogs},
    issues::{Change, Issue},
    people::{ADA, PersonIndex, name_of},
    projects::ProjectState,
    site::{Site, find_mut},
    workflow::{BUG, ISSUE_TYPES, PRIORITIES, STATUSES, TASK},
};

/// What a person fills in; members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueEdit {
    /// Key or id; another project than the present one moves the issue.
    pub project: Option<String>,
    pub summary: Option<String>,
    pub description: Option<String>,
    /// Name of an issue type, a status, a priority.
    pub issuetype: Option<String>,
    pub status: Option<String>,
    pub priority: Option<String>,
    /// Account id; an empty one takes the assignee away.
    pub assignee: Option<String>,
    /// All labels that it has from now on.
    pub labels: Option<Vec<String>>,
    /// Key or id of the issue above; an empty one takes it away.
    pub parent: Option<String>,
}

impl Site {
    pub fn create_issue(&mut self, edit: IssueEdit, now: Millis) -> Result<u64, Refusal> {
        let project =
            self.live_project(edit.project.as_deref().ok_or(Refusal::Invalid("project is needed"))?)?;
        let summary = checked_summary(edit.summary.as_deref().ok_or(Refusal::Invalid("summary is needed"))?)?;
        let number = self.next_number(project)?;
        self.last_ids.issue += 1;
        let id = self.last_ids.issue;
        self.issues.push(Issue {
            id,
            project,
            number,
            summary,
            kind: position(edit.issuetype.as_deref(), ISSUE_TYPES.iter().map(|kind| kind.name))?
                .unwrap_or(TASK),
            status: position(edit.status.as_deref(), STATUSES.iter().map(|status| status.name))?
                .unwrap_or_default(),
            priority: position(edit.priority.as_deref(), PRIORITIES.iter().map(|(_, name)| *name))?
                .unwrap_or(2),
            assignee: None,
            reporter: Some(ADA),
            parent: edit.parent.as_deref().map(|parent| self.parent_issue(parent)).transpose()?.flatten(),
            created: now,
            updated: now,
            resolved: None,
            description: Some(edit.description.unwrap_or_default()),
            past: None,
            changes: Vec::new(),
            comments: Vec::new(),
            worklogs: Vec::new(),
            files: Vec::new(),
            labels: edit.labels,
        });
        self.index.note(id, None, now);
        self.keys.insert((project, number), id);
        Ok(id)
    }

    pub fn edit_issue(
        &mut self,
        id: u64,
        edit: IssueEdit,
        assignee: Option<PersonIndex>,
        now: Millis,
    ) -> Result<(), Refusal> {
        let target = edit.project.as_deref().map(|project| self.live_project(project)).transpose()?;
        let summary = edit.summary.as_deref().map(checked_summary).transpose()?;
        let issue_type = position(edit.issuetype.as_deref(), ISSUE_TYPES.iter().map(|kind| kind.name))?;
        let status = position(edit.status.as_deref(), STATUSES.iter().map(|status| status.name))?;
        let priority = position(edit.priority.as_deref(), PRIORITIES.iter().map(|(_, name)| *name))?;
        let parent = edit.parent.as_deref().map(|parent| self.parent_issue(parent)).transpose()?;
        let parent_key = |parent: Option<u64>| {
            parent.and_then(|parent| self.issue(parent)).map(|parent| self.issue_key(parent))
        };
        let parent_keys =
            (parent_key(self.issue(id).and_then(|issue| issue.parent)), parent_key(parent.flatten()));
        let labels = issue_labels(self.seed, self.issue(id).ok_or(Refusal::Missing("issue"))?).join(" ");
        self.note_former(id, now);
        if let Some(target) = target {
            self.move_issue(id, target, now)?;
        }
        let issue = self.issue_mut(id)?;
        let at = now.max(issue.updated + 1);
        issue.updated = at;
        let mut record = |field, from: Option<String>, to: Option<String>| {
            issue.changes.push(Change { at, by: ADA, field, from, to });
        };
        if let Some(summary) = summary {
            record("summary", Some(std::mem::replace(&mut issue.summary, summary.clone())), Some(summary));
        }
        if let Some(description) = edit.description {
            record("description", issue.description.take(), Some(description.clone()));
            issue.description = Some(description);
        }
        if let Some(to) = issue_type {
            record("issuetype", name(ISSUE_TYPES[issue.kind].name), name(ISSUE_TYPES[to].name));
            issue.kind = to;
        }
        if let Some(to) = status {
            record("status", name(STATUSES[issue.status].name), name(STATUSES[to].name));
            issue.status = to;
            issue.resolved = STATUSES[to].is_done().then_some(at);
        }
        if let Some(to) = priority {
            record("priority", name(PRIORITIES[issue.priority].1), name(PRIORITIES[to].1));
            issue.priority = to;
        }
        if edit.assignee.is_some() {
            let name = |person: PersonIndex| name_of(person).into_owned();
            record("assignee", issue.assignee.map(name), assignee.map(name));
            issue.assignee = assignee;
        }
        if let Some(parent) = parent {
            record("IssueParentAssociation", parent_keys.0, parent_keys.1);
            issue.parent = parent;
        }
        if let Some(to) = edit.labels {
            record("labels", Some(labels), Some(to.join(" ")));
            issue.labels = Some(to);
        }
        Ok(())
    }

    /// Deletes an issue and its subtasks; what hung under an epic loses its parent.
    pub fn delete_issue(&mut self, id: u64, now: Millis) -> Result<(), Refusal> {
        self.issue(id).ok_or(Refusal::Missing("issue"))?;
        let gone = self.with_subtasks(id);
        let worklogs = gone.iter().filter_map(|id| self.issue(*id)).flat_map(|issue| worklogs(self, issue));
        let ended: Vec<(u64, Millis)> = worklogs.map(|worklog| (worklog.id, now)).collect();
        self.deleted_worklogs.extend(ended);
        self.issues.retain(|issue| !gone.contains(&issue.id));
        self.keys.retain(|_, issue| !gone.contains(issue));
        for issue in self.issues.iter_mut().filter(|issue| issue.parent == Some(id)) {
            issue.parent = None;
        }
        Ok(())
    }

    /// An issue and its subtasks.
    pub fn with_subtasks(&self, id: u64) -> Vec<u64> {
        let subtask = |issue: &Issue| issue.parent == Some(id) && ISSUE_TYPES[issue.kind].level < 0;
        let family = self.issues.iter().filter(|issue| issue.id == id || subtask(issue));
        family.map(|issue| issue.id).collect()
    }

    /// An issue that moves gets the next key of its new project. Its old key keeps leading to it.
    fn move_issue(&mut self, id: u64, target: u64, now: Millis) -> Result<(), Refusal> {
        let from = self.issue(id).ok_or(Refusal::Missing("issue"))?.project;
        if from == target {
            return Ok(());
        }
        let old_key = self.issue(id).map(|issue| self.issue_key(issue));
        let number = self.next_number(target)?;
        self.keys.insert((target, number), id);
        let issue = self.issue_mut(id)?;
        (issue.project, issue.number) = (target, number);
        issue.parent = None;
        if issue.kind == crate::world::workflow::SUBTASK {
            issue.kind = BUG;
        }
        issue.updated = now.max(issue.updated + 1);
        let new_key = self.issue(id).map(|issue| self.issue_key(issue));
        let issue = self.issue_mut(id)?;
        issue.changes.push(Change { at: issue.updated, by: ADA, field: "Key", from: old_key, to: new_key });
        Ok(())
    }

    /// The key that an issue has now.
    pub fn issue_key(&self, issue: &Issue) -> String {
        let project = self.project(issue.project).map_or("", |project| project.key.as_str());
        format!("{project}-{}", issue.number)
    }

    /// Remembers how an issue is before it changes, for an index that lags behind.
    pub(super) fn note_former(&mut self, id: u64, now: Millis) {
        let former = self.issue(id).filter(|_| self.index.lags()).cloned();
        if former.is_some() {
            self.index.note(id, former, now);
        }
    }

    pub(super) fn issue_mut(&mut self, id: u64) -> Result<&mut Issue, Refusal> {
        find_mut(&mut self.issues, id, |issue| issue.id).ok_or(Refusal::Missing("issue"))
    }

    fn parent_issue(&self, id_or_key: &str) -> Result<Option<u64>, Refusal> {
        if id_or_key.is_empty() {
            return Ok(None);
        }
        let parent = self.issue_by_id_or_key(id_or_key).ok_or(Refusal::Missing("parent"))?;
        Ok(Some(parent.id))
    }

    fn live_project(&self, id_or_key: &str) -> Result<u64, Refusal> {
        let project = self.project_by_id_or_key(id_or_key).ok_or(Refusal::Missing("project"))?;
        if project.state == ProjectState::Live { Ok(project.id) } else { Err(Refusal::Missing("project")) }
    }

    fn next_number(&mut self, project: u64) -> Result<u64, Refusal> {
        let project =
            find_mut(&mut self.projects, project, |project| project.id).ok_or(Refusal::Missing("project"))?;
        project.last_number += 1;
        Ok(project.last_number)
    }
}

fn checked_summary(summary: &str) -> Result<String, Refusal> {
    match summary.chars().count() {
        0 => Err(Refusal::Invalid("summary is empty")),
        1..=255 if !summary.contains('\n') => Ok(String::from(summary)),
        _ => Err(Refusal::Invalid("summary is longer than 255 characters or a line")),
    }
}

fn position<'a>(
    wanted: Option<&str>,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<Option<usize>, Refusal> {
    let Some(wanted) = wanted else { return Ok(None) };
    let position = names.position(|name| name.eq_ignore_ascii_case(wanted));
    position.map(Some).ok_or(Refusal::Invalid("unknown issue type, status or priority"))
}

#[expect(clippy::unnecessary_wraps, reason = "both sides of a change are optional")]
fn name(name: &str) -> Option<String> {
    Some(String::from(name))
}
