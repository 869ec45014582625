//! Comments and worklogs of issues.

use serde::Deserialize;

use super::Refusal;
use crate::world::{
    Millis,
    activity::{Comment, Worklog, Written, comments, next_id, worklogs},
    people::ADA,
    site::Site,
};

/// What a person writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentEdit {
    pub body: String,
}

/// What a person fills in; members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorklogEdit {
    pub seconds: Option<u64>,
    pub comment: Option<String>,
}

pub(super) const FULL: Refusal = Refusal::Invalid("there are too many of them already");
const HOUR: u64 = 3600;

impl Site {
    pub fn create_comment(&mut self, issue: u64, edit: CommentEdit, now: Millis) -> Result<u64, Refusal> {
        let found = self.issue(issue).ok_or(Refusal::Missing("issue"))?;
        let id =
            next_id(found.id, &comments(self, found), &found.comments, |comment| comment.id).ok_or(FULL)?;
        let value = Comment { id, author: Some(ADA), created: now, updated: now, text: Some(edit.body) };
        self.note_former(issue, now);
        let issue = self.issue_mut(issue)?;
        issue.updated = now.max(issue.updated + 1);
        issue.comments.push(Written { value, deleted: false });
        Ok(id)
    }

    /// Editing a comment does not change the time of the issue's last update.
    pub fn edit_comment(
        &mut self,
        issue: u64,
        id: u64,
        edit: CommentEdit,
        now: Millis,
    ) -> Result<(), Refusal> {
        let mut value = self.comment(issue, id)?;
        value.updated = now.max(value.updated + 1);
        value.text = Some(edit.body);
        overwrite(&mut self.issue_mut(issue)?.comments, value, false, |comment| comment.id);
        Ok(())
    }

    pub fn delete_comment(&mut self, issue: u64, id: u64, now: Millis) -> Result<(), Refusal> {
        let value = self.comment(issue, id)?;
        self.note_former(issue, now);
        let issue = self.issue_mut(issue)?;
        issue.updated = now.max(issue.updated + 1);
        overwrite(&mut issue.comments, value, true, |comment| comment.id);
        Ok(())
    }

    pub fn create_worklog(&mut self, issue: u64, edit: WorklogEdit, now: Millis) -> Result<u64, Refusal> {
        let found = self.issue(issue).ok_or(Refusal::Missing("issue"))?;
        let id =
            next_id(found.id, &worklogs(self, found), &found.worklogs, |worklog| worklog.id).ok_or(FULL)?;
        let value = Worklog {
            id,
            author: ADA,
            created: now,
            updated: now,
            started: now,
            seconds: edit.seconds.unwrap_or(HOUR),
            commented: edit.comment.is_some(),
            text: edit.comment,
        };
        self.note_former(issue, now);
        let issue = self.issue_mut(issue)?;
        issue.updated = now.max(issue.updated + 1);
        issue.worklogs.push(Written { value, deleted: false });
        Ok(id)
    }

    pub fn edit_worklog(
        &mut self,
        issue: u64,
        id: u64,
        edit: WorklogEdit,
        now: Millis,
    ) -> Result<(), Refusal> {
        let mut value = self.worklog(issue, id)?;
        value.updated = now.max(value.updated + 1);
        value.seconds = edit.seconds.unwrap_or(value.seconds);
        value.commented |= edit.comment.is_some();
        value.text = edit.comment.or(value.text);
        overwrite(&mut self.issue_mut(issue)?.worklogs, value, false, |worklog| worklog.id);
        Ok(())
    }

    /// Deleting a worklog does not change the time of the issue's last update either.
    pub fn delete_worklog(&mut self, issue: u64, id: u64, now: Millis) -> Result<(), Refusal> {
        let value = self.worklog(issue, id)?;
        overwrite(&mut self.issue_mut(issue)?.worklogs, value, true, |worklog| worklog.id);
        self.deleted_worklogs.push((id, now));
        Ok(())
    }

    fn comment(&self, issue: u64, id: u64) -> Result<Comment, Refusal> {
        let issue = self.issue(issue).ok_or(Refusal::Missing("issue"))?;
        let found = comments(self, issue).into_iter().find(|comment| comment.id == id);
        found.ok_or(Refusal::Missing("comment"))
    }

    fn worklog(&self, issue: u64, id: u64) -> Result<Worklog, Refusal> {
        let issue = self.issue(issue).ok_or(Refusal::Missing("issue"))?;
        let found = worklogs(self, issue).into_iter().find(|worklog| worklog.id == id);
        found.ok_or(Refusal::Missing("worklog"))
    }
}

/// What is deleted stays in the list: no id is given twice.
pub(super) fn overwrite<T>(written: &mut Vec<Written<T>>, value: T, deleted: bool, id: impl Fn(&T) -> u64) {
    written.retain(|entry| id(&entry.value) != id(&value));
    written.push(Written { value, deleted });
}
