//! Creating, renaming, archiving and deleting spaces.

use serde::Deserialize;

use super::{PageEdit, Refusal};
use crate::world::{
    Millis,
    pages::ContentKind,
    people::{ADA, PersonIndex},
    site::{Site, find_mut},
    spaces::Space,
};

/// What a person fills in; members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceEdit {
    pub key: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub archived: Option<bool>,
    /// Whether only the default person sees it.
    pub restricted: Option<bool>,
    /// Account ids or e-mail addresses of those who do not see it, the default person among them if so wished.
    pub hidden_from: Option<Vec<String>>,
}

impl Site {
    /// A new space comes with its home page.
    pub fn create_space(&mut self, edit: SpaceEdit, now: Millis) -> Result<u64, Refusal> {
        let key = edit.key.ok_or(Refusal::Invalid("key is needed"))?;
        let name = edit.name.filter(|name| !name.is_empty()).ok_or(Refusal::Invalid("name is needed"))?;
        if key.is_empty()
            || key.len() > 255
            || !key.chars().all(|character| character.is_ascii_alphanumeric())
        {
            return Err(Refusal::Invalid("a key has 1 to 255 letters and digits"));
        }
        if self.space_by_key(&key).is_some() {
            return Err(Refusal::Invalid("the key is taken"));
        }
        let id = self.next_content_id();
        self.spaces.push(Space {
            id,
            key: key.clone(),
            name: name.clone(),
            kind: "global",
            archived: false,
            restricted: edit.restricted.unwrap_or_default(),
            hidden_from: Vec::new(),
            author: ADA,
            created: now,
            homepage: None,
            description: edit.description.unwrap_or_default(),
        });
        let home = PageEdit { space: Some(key), title: Some(name), ..PageEdit::default() };
        let homepage = self.create_content(ContentKind::Page, home, now)?;
        self.space_mut(id)?.homepage = Some(homepage);
        Ok(id)
    }

    pub fn edit_space(
        &mut self,
        id: u64,
        edit: SpaceEdit,
        hidden_from: Option<Vec<PersonIndex>>,
    ) -> Result<(), Refusal> {
        if edit.key.is_some() {
            return Err(Refusal::Invalid("the key of a space cannot be changed"));
        }
        let space = self.space_mut(id)?;
        space.name = edit.name.unwrap_or_else(|| std::mem::take(&mut space.name));
        space.description = edit.description.unwrap_or_else(|| std::mem::take(&mut space.description));
        space.archived = edit.archived.unwrap_or(space.archived);
        space.restricted = edit.restricted.unwrap_or(space.restricted);
        space.hidden_from = hidden_from.unwrap_or_else(|| std::mem::take(&mut space.hidden_from));
        Ok(())
    }

    /// A deleted space takes everything in it along.
    pub fn delete_space(&mut self, id: u64) -> Result<(), Refusal> {
        self.space_mut(id)?;
        self.spaces.retain(|space| space.id != id);
        self.pages.retain(|page| page.space != id);
        self.posts.retain(|post| post.space != id);
        self.folders.retain(|folder| folder.space != id);
        Ok(())
    }

    pub(super) fn next_content_id(&mut self) -> u64 {
        self.last_ids.content += 32;
        self.last_ids.content
    }

    fn space_mut(&mut self, id: u64) -> Result<&mut Space, Refusal> {
        find_mut(&mut self.spaces, id, |space| space.id).ok_or(Refusal::Missing("space"))
    }
}
