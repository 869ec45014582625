//! Creating, renaming, archiving and deleting projects.

use serde::Deserialize;

use super::Refusal;
use crate::world::{
    Millis,
    dice::Dice,
    people::{ADA, PersonIndex, uuid},
    projects::{Project, ProjectState},
    site::{Site, find_mut},
};

/// What a person fills in; members that are left out stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectEdit {
    pub key: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub archived: Option<bool>,
    /// Whether only the lead and the default person see it.
    pub private: Option<bool>,
    /// Account ids or e-mail addresses of those who do not see it, the default person among them if so wished.
    pub hidden_from: Option<Vec<String>>,
}

impl Site {
    pub fn create_project(&mut self, edit: ProjectEdit) -> Result<u64, Refusal> {
        let key = self.free_project_key(&edit.key.ok_or(Refusal::Invalid("key is needed"))?)?;
        let name = edit.name.filter(|name| !name.is_empty()).ok_or(Refusal::Invalid("name is needed"))?;
        self.last_ids.project += 1;
        let id = self.last_ids.project;
        let mut dice = Dice::new(self.seed, "new-project", id);
        self.projects.push(Project {
            id,
            key,
            old_keys: Vec::new(),
            uuid: uuid(dice.next(), dice.next()),
            name,
            description: edit.description.unwrap_or_default(),
            lead: ADA,
            kind: "software",
            simplified: true,
            private: edit.private.unwrap_or_default(),
            hidden_from: Vec::new(),
            category: None,
            state: ProjectState::Live,
            last_number: 0,
        });
        Ok(id)
    }

    /// A project whose key changes keeps answering to its old key; its issues get new keys with it.
    pub fn edit_project(
        &mut self,
        id: u64,
        edit: ProjectEdit,
        hidden_from: Option<Vec<PersonIndex>>,
        now: Millis,
    ) -> Result<(), Refusal> {
        let present = self.project(id).ok_or(Refusal::Missing("project"))?;
        let key =
            edit.key.filter(|key| *key != present.key).map(|key| self.free_project_key(&key)).transpose()?;
        let project =
            find_mut(&mut self.projects, id, |project| project.id).ok_or(Refusal::Missing("project"))?;
        if let Some(key) = key {
            project.old_keys.push(std::mem::replace(&mut project.key, key));
        }
        project.name = edit.name.unwrap_or_else(|| std::mem::take(&mut project.name));
        project.description = edit.description.unwrap_or_else(|| std::mem::take(&mut project.description));
        project.private = edit.private.unwrap_or(project.private);
        project.hidden_from = hidden_from.unwrap_or_else(|| std::mem::take(&mut project.hidden_from));
        match edit.archived {
            Some(true) => project.state = ProjectState::Archived { at: now, by: ADA },
            Some(false) => project.state = ProjectState::Live,
            None => {}
        }
        Ok(())
    }

    /// Puts a project in the trash, or removes it and its issues for good.
    pub fn delete_project(&mut self, id: u64, purge: bool, now: Millis) -> Result<(), Refusal> {
        let project =
            find_mut(&mut self.projects, id, |project| project.id).ok_or(Refusal::Missing("project"))?;
        project.state = ProjectState::Deleted { at: now, by: ADA };
        if purge {
            self.projects.retain(|project| project.id != id);
            self.issues.retain(|issue| issue.project != id);
            self.keys.retain(|(project, _), _| *project != id);
        }
        Ok(())
    }

    fn free_project_key(&self, key: &str) -> Result<String, Refusal> {
        let upper = |character: char| character.is_ascii_uppercase() || character.is_ascii_digit();
        if !(2..=10).contains(&key.len())
            || !key.chars().all(upper)
            || !key.starts_with(|first: char| first.is_ascii_uppercase())
        {
            return Err(Refusal::Invalid("a key has 2 to 10 capital letters and digits"));
        }
        if self.project_by_id_or_key(key).is_some() {
            return Err(Refusal::Invalid("the key is taken"));
        }
        Ok(String::from(key))
    }
}
