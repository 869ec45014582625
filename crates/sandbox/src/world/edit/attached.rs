//! What hangs on things: comments of pages and blog posts, files of anything.

use serde::Deserialize;

use super::{
    Refusal,
    activity::{FULL, overwrite},
};
use crate::world::{
    Millis,
    activity::{
        Attachment, PageComment, Written, issue_attachments, next_id, page_attachments, page_comments,
    },
    pages::Page,
    people::ADA,
    site::{Site, find_mut},
};

/// What a person writes; members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageCommentEdit {
    /// Storage format.
    pub body: Option<String>,
    /// The comment that a new one replies to.
    pub parent: Option<String>,
    /// Whether a new one stands beside a passage.
    #[serde(default)]
    pub inline: bool,
    pub resolved: Option<bool>,
}

/// A file that a person adds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEdit {
    pub name: String,
    pub media_type: Option<String>,
    pub size: Option<usize>,
}

const SIZE: usize = 1000;

impl Site {
    pub fn create_page_comment(
        &mut self,
        page: u64,
        edit: PageCommentEdit,
        now: Millis,
    ) -> Result<u64, Refusal> {
        let seed = self.seed;
        let page = self.content_mut(page)?;
        let all = page_comments(seed, page);
        let text = Some(edit.body.ok_or(Refusal::Invalid("body is needed"))?);
        let parent = edit.parent.map(|parent| {
            let found = all.iter().find(|comment| comment.id.to_string() == parent);
            found.ok_or(Refusal::Missing("parent"))
        });
        let parent = parent.transpose()?;
        let id = next_id(page.id, &all, &page.comments, |comment| comment.id).ok_or(FULL)?;
        let value = PageComment {
            id,
            author: ADA,
            created: now,
            // A reply stands where the comment stands that it replies to.
            inline: parent.map_or(edit.inline, |parent| parent.inline),
            parent: parent.map(|parent| parent.id),
            resolved: edit.resolved.unwrap_or_default(),
            version: 1,
            modified: now,
            text,
        };
        page.comments.push(Written { value, deleted: false });
        Ok(id)
    }

    pub fn edit_page_comment(
        &mut self,
        page: u64,
        id: u64,
        edit: PageCommentEdit,
        now: Millis,
    ) -> Result<(), Refusal> {
        let seed = self.seed;
        let page = self.content_mut(page)?;
        let mut value = comment(seed, page, id)?;
        value.resolved = edit.resolved.unwrap_or(value.resolved);
        if let Some(body) = edit.body {
            value.text = Some(body);
            value.version += 1;
            value.modified = now.max(value.modified + 1);
        }
        overwrite(&mut page.comments, value, false, |comment| comment.id);
        Ok(())
    }

    /// A comment takes its replies along.
    pub fn delete_page_comment(&mut self, page: u64, id: u64) -> Result<(), Refusal> {
        let seed = self.seed;
        let page = self.content_mut(page)?;
        comment(seed, page, id)?;
        let mut gone = vec![id];
        for comment in page_comments(seed, page) {
            if comment.parent.is_some_and(|parent| gone.contains(&parent)) {
                gone.push(comment.id);
            }
        }
        for value in page_comments(seed, page).into_iter().filter(|comment| gone.contains(&comment.id)) {
            overwrite(&mut page.comments, value, true, |comment| comment.id);
        }
        Ok(())
    }

    pub fn create_page_file(&mut self, page: u64, edit: FileEdit, now: Millis) -> Result<u64, Refusal> {
        let seed = self.seed;
        let page = self.content_mut(page)?;
        let all = page_attachments(seed, page);
        let id = next_id(page.id, &all, &page.files, |file| file.id).ok_or(FULL)?;
        page.files.push(Written { value: edit.file(id, now), deleted: false });
        Ok(id)
    }

    pub fn delete_page_file(&mut self, page: u64, id: u64) -> Result<(), Refusal> {
        let seed = self.seed;
        let page = self.content_mut(page)?;
        let file = page_attachments(seed, page).into_iter().find(|file| file.id == id);
        overwrite(&mut page.files, file.ok_or(Refusal::Missing("file"))?, true, |file| file.id);
        Ok(())
    }

    pub fn create_issue_file(&mut self, issue: u64, edit: FileEdit, now: Millis) -> Result<u64, Refusal> {
        let found = self.issue(issue).ok_or(Refusal::Missing("issue"))?;
        let all = issue_attachments(self.seed, found);
        let id = next_id(issue, &all, &found.files, |file| file.id).ok_or(FULL)?;
        self.note_former(issue, now);
        let issue = self.issue_mut(issue)?;
        issue.updated = now.max(issue.updated + 1);
        issue.files.push(Written { value: edit.file(id, now), deleted: false });
        Ok(id)
    }

    pub fn delete_issue_file(&mut self, issue: u64, id: u64, now: Millis) -> Result<(), Refusal> {
        let found = self.issue(issue).ok_or(Refusal::Missing("issue"))?;
        let file = issue_attachments(self.seed, found).into_iter().find(|file| file.id == id);
        let file = file.ok_or(Refusal::Missing("file"))?;
        self.note_former(issue, now);
        let issue = self.issue_mut(issue)?;
        issue.updated = now.max(issue.updated + 1);
        overwrite(&mut issue.files, file, true, |file| file.id);
        Ok(())
    }

    /// A page or a blog post.
    fn content_mut(&mut self, id: u64) -> Result<&mut Page, Refusal> {
        if self.page(id).is_some() {
            return find_mut(&mut self.pages, id, |page| page.id).ok_or(Refusal::Missing("page"));
        }
        find_mut(&mut self.posts, id, |post| post.id).ok_or(Refusal::Missing("page"))
    }
}

impl FileEdit {
    fn file(self, id: u64, created: Millis) -> Attachment {
        let media_type = self.media_type.map_or("application/octet-stream".into(), Into::into);
        let size = self.size.unwrap_or(SIZE);
        Attachment { id, author: ADA, created, name: self.name.into(), media_type, size }
    }
}

fn comment(seed: u64, page: &Page, id: u64) -> Result<PageComment, Refusal> {
    let found = page_comments(seed, page).into_iter().find(|comment| comment.id == id);
    found.ok_or(Refusal::Missing("comment"))
}
