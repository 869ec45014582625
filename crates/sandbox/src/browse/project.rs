//! `/browse/{key}`: a project or an issue.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;

use super::{Links, Sheet, visit};
use crate::{
    app::Sandbox,
    gateway::View,
    jira,
    world::{
        issues::Issue,
        projects::{Project, ProjectState},
        workflow::{ISSUE_TYPES, PRIORITIES, STATUSES},
    },
};

#[derive(Deserialize)]
pub struct BrowsePath {
    site: String,
    key: String,
}

/// Keys that a project or an issue had before work as well.
pub async fn browse(State(sandbox): State<Sandbox>, Path(path): Path<BrowsePath>) -> Response {
    visit(&sandbox, &path.site, |view| {
        let is_id = path.key.bytes().all(|byte| byte.is_ascii_digit());
        let issue = view.issue(&path.key).filter(|_| !is_id).map(|issue| issue_sheet(view, issue));
        issue.or_else(|| {
            let there = |project: &&Project| !matches!(project.state, ProjectState::Deleted { .. });
            view.project(&path.key)
                .filter(|_| !is_id)
                .filter(there)
                .map(|project| project_sheet(view, project))
        })
    })
}

fn project_sheet(view: View<'_>, project: &Project) -> Sheet {
    let mut issues: Vec<&Issue> = view.issues().filter(|issue| issue.project == project.id).collect();
    issues.sort_by_key(|issue| std::cmp::Reverse(issue.updated));
    Sheet {
        kind: format!("Jira project on {}", view.site.title),
        title: project.name.clone(),
        facts: vec![
            ("Key", project.key.clone()),
            ("Lead", view.world.people[project.lead].name.to_string()),
            ("Status", String::from(project.state.name())),
            ("About", project.description.clone()),
        ],
        lists: vec![Links::new("Issues", issues.into_iter().map(|issue| link(view, issue)))],
        ..Sheet::default()
    }
}

fn issue_sheet(view: View<'_>, issue: &Issue) -> Sheet {
    let name = |person: usize| view.world.people[person].name.to_string();
    let project = view.site.project(issue.project);
    let above = project.map(|project| (project.name.clone(), browse_url(view, &project.key)));
    let parent = issue.parent.and_then(|parent| view.site.issue(parent)).map(|parent| link(view, parent));
    let children = view.issues().filter(|child| child.parent == Some(issue.id));
    Sheet {
        kind: format!("{} {}", ISSUE_TYPES[issue.kind].name, view.site.issue_key(issue)),
        title: issue.summary.clone(),
        facts: vec![
            ("Status", String::from(STATUSES[issue.status].name)),
            ("Priority", String::from(PRIORITIES[issue.priority].1)),
            ("Assignee", issue.assignee.map_or_else(|| String::from("Unassigned"), name)),
            ("Reporter", issue.reporter.map_or_else(|| String::from("Anonymous"), name)),
            ("Updated", jira::timestamp(issue.updated, view.site.zone)),
        ],
        body: jira::description(view, issue).map(|document| document.html()).unwrap_or_default(),
        lists: vec![
            Links::new("Belongs to", above.into_iter().chain(parent)),
            Links::new("Below it", children.map(|child| link(view, child))),
        ],
    }
}

fn link(view: View<'_>, issue: &Issue) -> (String, String) {
    let key = view.site.issue_key(issue);
    (format!("{key} {}", issue.summary), browse_url(view, &key))
}

fn browse_url(view: View<'_>, key: &str) -> String {
    format!("{}/browse/{key}", view.caller.site_url)
}
