//! Creating, changing, moving, trashing and purging pages.

use std::collections::HashSet;

use serde::Deserialize;

use super::Refusal;
use crate::world::{
    Millis,
    pages::{ContentKind, Page, PageStatus, Parent},
    people::ADA,
    site::{Site, find_mut},
    text::LONGEST_TITLE,
};

/// What a person fills in; members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageEdit {
    /// Key of the space; another one than the present moves the page with all its descendants.
    pub space: Option<String>,
    pub title: Option<String>,
    /// Storage format.
    pub body: Option<String>,
    /// Id of a page or a folder.
    pub parent: Option<String>,
    /// `current` takes a page out of the trash or the archive, `archived` archives it.
    pub status: Option<String>,
    /// All labels that it has from now on.
    pub labels: Option<Vec<String>>,
}

impl Site {
    pub fn create_content(&mut self, kind: ContentKind, edit: PageEdit, now: Millis) -> Result<u64, Refusal> {
        let space = edit.space.as_deref().ok_or(Refusal::Invalid("space is needed"))?;
        let space = self.space_by_key(space).ok_or(Refusal::Missing("space"))?;
        let (space, homepage) = (space.id, space.homepage);
        let title = edit.title.ok_or(Refusal::Invalid("title is needed"))?;
        if kind == ContentKind::Page {
            self.check_title(&title, space, None)?;
        }
        let parent = match (kind, edit.parent) {
            (ContentKind::BlogPost, _) => None,
            (_, Some(parent)) => Some(self.parent(&parent, space)?),
            (_, None) => homepage.map(Parent::Page),
        };
        let id = self.next_content_id();
        let content = Page {
            id,
            kind,
            space,
            title,
            status: PageStatus::Current,
            parent,
            position: u32::try_from(id % 10_000).unwrap_or_default(),
            author: ADA,
            created: now,
            version: 1,
            modified: now,
            editor: ADA,
            message: String::new(),
            earlier: Vec::new(),
            body: Some(edit.body.unwrap_or_default()),
            original: false,
            comments: Vec::new(),
            files: Vec::new(),
            labels: edit.labels,
        };
        match kind {
            ContentKind::Page => self.pages.push(content),
            ContentKind::BlogPost => self.posts.push(content),
        }
        Ok(id)
    }

    /// Blog posts have no place in the tree, and stay in their space.
    pub fn edit_post(&mut self, id: u64, edit: PageEdit, now: Millis) -> Result<(), Refusal> {
        if edit.space.is_some() || edit.parent.is_some() {
            return Err(Refusal::Invalid("a blog post stays where it is"));
        }
        let status = edit.status.as_deref().map(status).transpose()?;
        let post = find_mut(&mut self.posts, id, |post| post.id).ok_or(Refusal::Missing("blog post"))?;
        post.status = status.unwrap_or(post.status);
        post.write(edit, now);
        Ok(())
    }

    /// Puts a blog post in the trash or, from anywhere, purges it.
    pub fn delete_post(&mut self, id: u64, purge: bool) -> Result<(), Refusal> {
        let post = find_mut(&mut self.posts, id, |post| post.id).ok_or(Refusal::Missing("blog post"))?;
        post.status = PageStatus::Trashed;
        if purge {
            self.posts.retain(|post| post.id != id);
        }
        Ok(())
    }

    /// Writing a page makes a new version. Moving it does not: its place in the tree is not part of a version.
    pub fn edit_page(&mut self, id: u64, edit: PageEdit, now: Millis) -> Result<(), Refusal> {
        let page = self.page(id).ok_or(Refusal::Missing("page"))?;
        let status = edit.status.as_deref().map(status).transpose()?;
        let space = match edit.space.as_deref() {
            Some(key) => self.space_by_key(key).ok_or(Refusal::Missing("space"))?.id,
            None => page.space,
        };
        let moved = space != page.space;
        let title = edit.title.as_deref().unwrap_or(&page.title);
        self.check_title(title, space, Some(id))?;
        let parent = match edit.parent.as_deref() {
            Some(parent) => Some(self.parent(parent, space)?),
            None if moved => self.space(space).and_then(|space| space.homepage).map(Parent::Page),
            None => page.parent,
        };
        let family = self.descendants(id);
        if parent.is_some_and(|parent| family.contains(&parent.id())) {
            return Err(Refusal::Invalid("a page cannot be moved below itself"));
        }
        for page in self.pages.iter_mut().filter(|page| family.contains(&page.id)) {
            page.space = space;
        }
        let page = self.page_mut(id)?;
        page.parent = parent;
        page.status = status.unwrap_or(page.status);
        page.write(edit, now);
        Ok(())
    }

    /// Puts a page in the trash or, from anywhere, purges it. Its children move up to its parent.
    pub fn delete_page(&mut self, id: u64, purge: bool) -> Result<(), Refusal> {
        let page = self.page_mut(id)?;
        page.status = PageStatus::Trashed;
        let above = page.parent;
        for child in self.pages.iter_mut().filter(|page| page.parent == Some(Parent::Page(id))) {
            child.parent = above;
        }
        if purge {
            self.pages.retain(|page| page.id != id);
        }
        Ok(())
    }

    fn page_mut(&mut self, id: u64) -> Result<&mut Page, Refusal> {
        find_mut(&mut self.pages, id, |page| page.id).ok_or(Refusal::Missing("page"))
    }

    /// Confluence refuses a title that another page of the space has, whatever the case.
    fn check_title(&self, title: &str, space: u64, own: Option<u64>) -> Result<(), Refusal> {
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return Err(Refusal::Invalid("a title has 1 to 255 characters"));
        }
        let wanted = title.to_lowercase();
        let taken = |page: &Page| {
            page.space == space
                && Some(page.id) != own
                && page.status != PageStatus::Trashed
                && page.title.to_lowercase() == wanted
        };
        if self.pages.iter().any(taken) {
            return Err(Refusal::Invalid("a page with this title exists in the space"));
        }
        Ok(())
    }

    fn parent(&self, id: &str, space: u64) -> Result<Parent, Refusal> {
        let id = id.parse().map_err(|_| Refusal::Missing("parent"))?;
        let page = self.page(id).filter(|page| page.space == space && page.status == PageStatus::Current);
        if page.is_some() {
            return Ok(Parent::Page(id));
        }
        let folder = self.folders.iter().any(|folder| folder.id == id && folder.space == space);
        if folder { Ok(Parent::Folder(id)) } else { Err(Refusal::Missing("parent")) }
    }

    /// A page and everything below it.
    fn descendants(&self, id: u64) -> HashSet<u64> {
        let mut family = HashSet::from([id]);
        loop {
            let size = family.len();
            let below = |parent: Option<Parent>| parent.is_some_and(|parent| family.contains(&parent.id()));
            let more: Vec<u64> =
                self.pages.iter().filter(|page| below(page.parent)).map(|page| page.id).collect();
            family.extend(more);
            if family.len() == size {
                return family;
            }
        }
    }
}

impl Page {
    /// A new title or body is a new version; new labels are not.
    fn write(&mut self, edit: PageEdit, now: Millis) {
        self.labels = edit.labels.or_else(|| self.labels.take());
        if edit.title.is_none() && edit.body.is_none() {
            return;
        }
        self.earlier.push(self.current_version());
        self.title = edit.title.unwrap_or_else(|| std::mem::take(&mut self.title));
        self.body = edit.body.or_else(|| self.body.take());
        self.version += 1;
        self.modified = now.max(self.modified + 1);
        self.editor = ADA;
        self.message = String::new();
    }
}

fn status(name: &str) -> Result<PageStatus, Refusal> {
    match name {
        "current" => Ok(PageStatus::Current),
        "archived" => Ok(PageStatus::Archived),
        _ => Err(Refusal::Invalid("status is current or archived")),
    }
}
