//! One Atlassian site and what it holds.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use chrono_tz::Tz;

use super::{
    Millis,
    index::Index,
    issues::{Generated, Issue, generate_issues},
    pages::{Folder, Page, generate_pages},
    people::PersonIndex,
    posts::generate_posts,
    projects::{Project, generate_projects},
    spaces::{Space, generate_spaces},
};
use crate::options::Sizes;

/// Index of a site in [`super::World::sites`].
pub type SiteIndex = usize;

/// What a site is made from.
pub struct SitePlan {
    pub seed: u64,
    pub cloud_id: Cow<'static, str>,
    pub name: Cow<'static, str>,
    pub title: Cow<'static, str>,
    pub zone: Tz,
    pub members: &'static [PersonIndex],
    pub sizes: Sizes,
    pub confluence: bool,
    /// How far searches lag behind.
    pub index_lag: Millis,
    /// Whether archived and deleted projects and archived pages lie around.
    pub leftovers: bool,
}

/// A site. All lists are sorted by id.
#[derive(Debug)]
pub struct Site {
    pub seed: u64,
    pub cloud_id: Cow<'static, str>,
    pub name: Cow<'static, str>,
    pub title: Cow<'static, str>,
    pub zone: Tz,
    pub confluence: bool,
    pub members: BTreeSet<PersonIndex>,
    pub projects: Vec<Project>,
    pub issues: Vec<Issue>,
    pub spaces: Vec<Space>,
    pub pages: Vec<Page>,
    /// Blog posts.
    pub posts: Vec<Page>,
    pub folders: Vec<Folder>,
    /// Issue id by every key it has or had, as (project id, number).
    pub keys: HashMap<(u64, u64), u64>,
    /// Worklogs that are gone, and since when.
    pub deleted_worklogs: Vec<(u64, Millis)>,
    /// What searches know of issues that changed.
    pub index: Index,
    /// The last id that was given to anything in Jira, and in Confluence.
    pub last_ids: LastIds,
}

/// Counters for the ids of new things. Atlassian never gives an id twice.
#[derive(Debug, Default)]
pub struct LastIds {
    pub project: u64,
    pub issue: u64,
    pub content: u64,
}

impl Site {
    pub fn new(plan: SitePlan) -> Self {
        let mut projects = generate_projects(&plan);
        let Generated { issues, former_keys } = generate_issues(&plan, &mut projects);
        let mut spaces = generate_spaces(&plan);
        let (pages, folders) = generate_pages(&plan, &mut spaces);
        let content = [
            Some(98_304),
            spaces.iter().map(|space| space.id).max(),
            pages.iter().map(|page| page.id).max(),
            folders.iter().map(|folder| folder.id).max(),
        ];
        let content = content.into_iter().flatten().max().unwrap_or_default();
        let posts = generate_posts(&plan, &spaces, content);
        let last_ids = LastIds {
            project: projects.last().map_or(9_999, |project| project.id),
            issue: issues.last().map_or(9_999, |issue| issue.id),
            content: posts.last().map_or(content, |post| post.id),
        };
        let present = issues.iter().map(|issue| ((issue.project, issue.number), issue.id));
        let keys = present.chain(former_keys).collect();
        let SitePlan { seed, cloud_id, name, title, zone, members, confluence, index_lag, .. } = plan;
        Self {
            seed,
            cloud_id,
            name,
            title,
            zone,
            confluence,
            members: members.iter().copied().collect(),
            projects,
            issues,
            spaces,
            pages,
            posts,
            folders,
            keys,
            deleted_worklogs: Vec::new(),
            index: Index::new(index_lag),
            last_ids,
        }
    }

    pub fn has_member(&self, person: PersonIndex) -> bool {
        self.members.contains(&person)
    }

    pub fn project(&self, id: u64) -> Option<&Project> {
        find(&self.projects, id, |project| project.id)
    }

    /// A project by its id, its key or a key that it had before.
    pub fn project_by_id_or_key(&self, id_or_key: &str) -> Option<&Project> {
        if let Ok(id) = id_or_key.parse() {
            return self.project(id);
        }
        let key = |project: &&Project| project.key.eq_ignore_ascii_case(id_or_key);
        let old = |project: &&Project| project.old_keys.iter().any(|key| key.eq_ignore_ascii_case(id_or_key));
        self.projects.iter().find(key).or_else(|| self.projects.iter().find(old))
    }

    pub fn issue(&self, id: u64) -> Option<&Issue> {
        find(&self.issues, id, |issue| issue.id)
    }

    /// An issue by its id, its key or a key that it had before it moved.
    pub fn issue_by_id_or_key(&self, id_or_key: &str) -> Option<&Issue> {
        if let Ok(id) = id_or_key.parse() {
            return self.issue(id);
        }
        let (project, number) = id_or_key.rsplit_once('-')?;
        let project = self.project_by_id_or_key(project)?;
        self.issue(*self.keys.get(&(project.id, number.parse().ok()?))?)
    }

    pub fn space(&self, id: u64) -> Option<&Space> {
        find(&self.spaces, id, |space| space.id)
    }

    pub fn space_by_key(&self, key: &str) -> Option<&Space> {
        self.spaces.iter().find(|space| space.key == key)
    }

    pub fn folder(&self, id: u64) -> Option<&Folder> {
        find(&self.folders, id, |folder| folder.id)
    }

    pub fn page(&self, id: u64) -> Option<&Page> {
        find(&self.pages, id, |page| page.id)
    }

    pub fn post(&self, id: u64) -> Option<&Page> {
        find(&self.posts, id, |post| post.id)
    }
}

/// Looks an element up in a list that is sorted by id.
pub fn find<T>(list: &[T], id: u64, id_of: impl Fn(&T) -> u64) -> Option<&T> {
    list.binary_search_by_key(&id, id_of).ok().map(|index| &list[index])
}

/// Looks an element up in a list that is sorted by id, to change it.
pub fn find_mut<T>(list: &mut [T], id: u64, id_of: impl Fn(&T) -> u64) -> Option<&mut T> {
    list.binary_search_by_key(&id, id_of).ok().map(|index| &mut list[index])
}
