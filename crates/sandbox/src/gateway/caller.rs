//! Who asks, which site, and what of it they may see.

use std::collections::HashSet;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};

use crate::{
    app::Sandbox,
    oauth::ScopeSet,
    world::{
        Millis, World,
        issues::Issue,
        pages::{ContentKind, Page, PageStatus},
        people::{ADA, Person, PersonIndex},
        projects::{Project, ProjectState},
        site::{Site, SiteIndex},
        spaces::Space,
    },
};

/// A request that found its way in. The gateway's middleware puts it there.
#[derive(Clone, Debug)]
pub struct Caller {
    pub site: SiteIndex,
    /// Nobody, where the site itself was asked without valid credentials.
    pub person: Option<PersonIndex>,
    /// What the token may do; API tokens may do everything.
    pub scopes: Option<ScopeSet>,
    /// The address before `/rest/api/…` that answers repeat in their links.
    pub root: String,
    /// The site's own address.
    pub site_url: String,
}

impl FromRequestParts<Sandbox> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _sandbox: &Sandbox) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Caller {
    /// The caller's view of the data.
    pub fn view<'a>(&'a self, world: &'a World) -> View<'a> {
        View { world, site: &world.sites[self.site], caller: self }
    }
}

/// A site as one caller sees it. What they may not see is just missing.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub world: &'a World,
    pub site: &'a Site,
    pub caller: &'a Caller,
}

impl<'a> View<'a> {
    /// The calling person.
    pub fn person(&self) -> Option<&'a Person> {
        self.caller.person.map(|person| &self.world.people[person])
    }

    pub fn projects(&self) -> impl Iterator<Item = &'a Project> + use<'a> {
        let person = self.caller.person;
        self.site.projects.iter().filter(move |project| sees_project(person, project))
    }

    pub fn project(&self, id_or_key: &str) -> Option<&'a Project> {
        self.site.project_by_id_or_key(id_or_key).filter(|project| sees_project(self.caller.person, project))
    }

    /// An issue by id, key or former key, in a project that is in use.
    pub fn issue(&self, id_or_key: &str) -> Option<&'a Issue> {
        self.site.issue_by_id_or_key(id_or_key).filter(|issue| self.searches(issue.project))
    }

    /// The issues that a search looks through.
    pub fn issues(&self) -> impl Iterator<Item = &'a Issue> + use<'a> {
        let projects: HashSet<u64> =
            self.projects().filter(|project| live(project)).map(|project| project.id).collect();
        self.site.issues.iter().filter(move |issue| projects.contains(&issue.project))
    }

    /// The issues as an index that may lag behind has them; those with the given ids are up to date.
    pub fn indexed_issues(
        &self,
        now: Millis,
        reconciled: &[u64],
    ) -> impl Iterator<Item = &'a Issue> + use<'a> {
        let index = &self.site.index;
        let reconciled = reconciled.to_vec();
        let seen = move |issue: &'a Issue| {
            if reconciled.contains(&issue.id) { Some(issue) } else { index.seen(issue, now) }
        };
        self.issues().filter_map(seen)
    }

    fn searches(&self, project: u64) -> bool {
        self.site
            .project(project)
            .is_some_and(|project| sees_project(self.caller.person, project) && live(project))
    }

    pub fn spaces(&self) -> impl Iterator<Item = &'a Space> + use<'a> {
        let person = self.caller.person;
        self.site.spaces.iter().filter(move |space| sees_space(person, space))
    }

    pub fn space(&self, id: u64) -> Option<&'a Space> {
        self.site.space(id).filter(|space| sees_space(self.caller.person, space))
    }

    pub fn pages(&self) -> impl Iterator<Item = &'a Page> + use<'a> {
        self.contents(ContentKind::Page)
    }

    pub fn page(&self, id: u64) -> Option<&'a Page> {
        self.site.page(id).filter(|page| self.space(page.space).is_some())
    }

    /// Pages or blog posts.
    pub fn contents(&self, kind: ContentKind) -> impl Iterator<Item = &'a Page> + use<'a> {
        let hidden: Vec<u64> = self.hidden_spaces();
        let all = match kind {
            ContentKind::Page => &self.site.pages,
            ContentKind::BlogPost => &self.site.posts,
        };
        all.iter().filter(move |content| !hidden.contains(&content.space))
    }

    pub fn content(&self, kind: ContentKind, id: u64) -> Option<&'a Page> {
        match kind {
            ContentKind::Page => self.page(id),
            ContentKind::BlogPost => self.site.post(id).filter(|post| self.space(post.space).is_some()),
        }
    }

    /// A page or a blog post that is not in the trash.
    pub fn any_content(&self, id: u64) -> Option<&'a Page> {
        let found = self.page(id).or_else(|| self.content(ContentKind::BlogPost, id));
        found.filter(|content| content.status != PageStatus::Trashed)
    }

    fn hidden_spaces(&self) -> Vec<u64> {
        let hidden = self.site.spaces.iter().filter(|space| !sees_space(self.caller.person, space));
        hidden.map(|space| space.id).collect()
    }
}

pub fn sees_project(person: Option<PersonIndex>, project: &Project) -> bool {
    person.is_some_and(|person| {
        let invited = !project.private || person == ADA || person == project.lead;
        invited && !project.hidden_from.contains(&person)
    })
}

fn live(project: &Project) -> bool {
    project.state == ProjectState::Live
}

pub fn sees_space(person: Option<PersonIndex>, space: &Space) -> bool {
    person.is_some_and(|person| {
        let invited = !space.restricted || person == ADA;
        invited && !space.hidden_from.contains(&person)
    })
}
