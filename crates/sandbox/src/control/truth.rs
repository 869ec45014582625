//! Everything that a site holds, to compare a copy with.

use std::collections::HashSet;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::data::{SitePath, refusal};
use crate::{
    app::Sandbox,
    confluence,
    gateway::{Caller, View, sees_project, sees_space},
    jira,
    world::{
        issues::Issue,
        pages::{Page, PageStatus},
        people::{ADA, Person, PersonIndex},
        projects::{Project, ProjectState},
        spaces::Space,
    },
};

/// Everything that can be asked for.
const KINDS: [&str; 12] = [
    "users",
    "issue_types",
    "statuses",
    "fields",
    "projects",
    "retired_projects",
    "issues",
    "spaces",
    "pages",
    "blog_posts",
    "trashed_pages",
    "trashed_blog_posts",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Everything of a thing, as a complete copy has to have it, and not what tells it from others.
    #[serde(default)]
    full: bool,
    /// Account id or e-mail address of somebody: only what they see.
    #[serde(rename = "as")]
    person: Option<String>,
    /// Some kinds only, separated by commas.
    kinds: Option<String>,
}

/// `GET /__sandbox/sites/{site}/truth`. What is archived, deleted or in the trash stands apart.
pub async fn show(
    State(sandbox): State<Sandbox>,
    Path(path): Path<SitePath>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let world = sandbox.world();
    let Some(index) = world.site_by_name(&path.site) else {
        return refusal(StatusCode::NOT_FOUND, "there is no such site");
    };
    let person = wanted.person.as_deref().map(|hint| world.account_by_hint(hint));
    if person == Some(None) {
        return refusal(StatusCode::NOT_FOUND, "there is no such account");
    }
    let kinds: Vec<&str> = wanted.kinds.as_deref().map_or(KINDS.to_vec(), |kinds| kinds.split(',').collect());
    if let Some(unknown) = kinds.iter().find(|kind| !KINDS.contains(kind)) {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, &format!("{unknown} is none of {KINDS:?}"));
    }
    let site_url = sandbox.site_url(&path.site);
    let caller = Caller { site: index, person: Some(ADA), scopes: None, root: site_url.clone(), site_url };
    let truth = Truth { view: caller.view(&world), person: person.flatten(), full: wanted.full };
    let told: Map<String, Value> =
        kinds.into_iter().map(|kind| (String::from(kind), Value::Array(truth.of(kind)))).collect();
    Json(told).into_response()
}

/// What is told, and how much of it.
struct Truth<'a> {
    view: View<'a>,
    /// Through whose eyes; everything, where it is nobody's.
    person: Option<PersonIndex>,
    full: bool,
}

impl<'a> Truth<'a> {
    fn of(&self, kind: &str) -> Vec<Value> {
        match kind {
            "users" => self.users(),
            "issue_types" => jira::truth::issue_types(self.view),
            "statuses" => jira::truth::statuses(self.view),
            "fields" => jira::truth::fields(),
            "projects" => self.projects(true).map(|project| self.project(project)).collect(),
            "retired_projects" => self.projects(false).map(|project| self.project(project)).collect(),
            "issues" => self.issues(),
            "spaces" => self.spaces().map(|space| self.space(space)).collect(),
            "pages" => self.contents(&self.view.site.pages, false),
            "trashed_pages" => self.contents(&self.view.site.pages, true),
            "blog_posts" => self.contents(&self.view.site.posts, false),
            _ => self.contents(&self.view.site.posts, true),
        }
    }

    fn users(&self) -> Vec<Value> {
        let row = |person: &Person| {
            if self.full {
                return jira::truth::user(self.view, person);
            }
            json!({ "id": person.account_id, "name": person.name, "active": person.active })
        };
        self.view.world.people.iter().map(row).collect()
    }

    fn projects(&self, live: bool) -> impl Iterator<Item = &'a Project> {
        let person = self.person;
        let seen = move |project: &&Project| person.is_none() || sees_project(person, project);
        let projects = self.view.site.projects.iter().filter(seen);
        projects.filter(move |project| (project.state == ProjectState::Live) == live)
    }

    fn project(&self, project: &Project) -> Value {
        if self.full {
            let mut row = jira::truth::project(self.view, project);
            row["status"] = json!(project.state.name());
            return row;
        }
        json!({
            "id": project.id.to_string(),
            "key": project.key,
            "name": project.name,
            "status": project.state.name(),
        })
    }

    fn issues(&self) -> Vec<Value> {
        let site = self.view.site;
        let live: HashSet<u64> = self.projects(true).map(|project| project.id).collect();
        let issues = site.issues.iter().filter(|issue| live.contains(&issue.project));
        if self.full {
            return jira::truth::issues(self.view, issues);
        }
        let row = |issue: &Issue| {
            json!({
                "id": issue.id.to_string(),
                "key": site.issue_key(issue),
                "title": issue.summary,
                "updated": jira::timestamp(issue.updated, site.zone),
            })
        };
        issues.map(row).collect()
    }

    fn spaces(&self) -> impl Iterator<Item = &'a Space> {
        let person = self.person;
        let seen = move |space: &&Space| person.is_none() || sees_space(person, space);
        self.view.site.spaces.iter().filter(seen)
    }

    fn space(&self, space: &Space) -> Value {
        if self.full {
            return confluence::truth::space(self.view, space);
        }
        json!({
            "id": space.id.to_string(),
            "key": space.key,
            "name": space.name,
            "status": if space.archived { "archived" } else { "current" },
        })
    }

    fn contents(&self, all: &[Page], trashed: bool) -> Vec<Value> {
        let spaces: HashSet<u64> = self.spaces().map(|space| space.id).collect();
        let wanted =
            |page: &&Page| spaces.contains(&page.space) && (page.status == PageStatus::Trashed) == trashed;
        all.iter().filter(wanted).map(|page| self.content(page)).collect()
    }

    fn content(&self, page: &Page) -> Value {
        if self.full {
            return confluence::truth::content(self.view, page);
        }
        json!({
            "id": page.id.to_string(),
            "space_id": page.space.to_string(),
            "parent_id": page.parent.map(|parent| parent.id().to_string()),
            "title": page.title,
            "status": page.status.name(),
            "version": page.version,
            "updated": confluence::timestamp(page.modified),
        })
    }
}
