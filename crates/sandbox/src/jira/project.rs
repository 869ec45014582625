//! Jira projects.

use std::{cmp::Reverse, collections::HashMap};

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ApiVersion,
    error::JiraError,
    issuetype::issue_type,
    paging::{Part, number},
    time::timestamp,
    urls::Urls,
    user::lead,
};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted, View},
    params::Params,
    world::{
        Millis,
        projects::{CATEGORIES, Project, ProjectState},
        workflow::ISSUE_TYPES,
    },
};

const DEFAULT_PAGE: usize = 50;
/// More than this is not an error: the page is just shorter, and says so.
const LARGEST_PAGE: usize = 100;
/// How many ids or keys may be asked for at once.
const MOST_NAMES: usize = 50;
const EXPANDS: &str = "description,lead,issueTypes,url,projectKeys,permissions,insight";

/// `GET /project/search`
pub async fn search(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let part = Part::read(&params, DEFAULT_PAGE, LARGEST_PAGE)?;
    let filter = Filter::read(&params)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let mut found: Vec<&Project> = view.projects().filter(|project| filter.fits(project)).collect();
    let insights = Insights::of(view);
    sort(&mut found, params.get("orderBy").unwrap_or("key"), view, &insights)?;

    let urls = Urls::new(view, version);
    let expand: Vec<&str> = params.list("expand");
    let rows: Vec<Value> =
        part.of(&found).iter().map(|project| row(view, urls, project, &expand, &insights)).collect();
    let objects = rows.len();
    let body = part.linked(urls, "project/search", &params, found.len(), rows);
    Ok(Counted(body, objects))
}

/// `GET /project`: a bare array of what is in use, deprecated and widely used.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Counted {
    let world = sandbox.world();
    let view = caller.view(&world);
    let urls = Urls::new(view, version);
    let insights = Insights::of(view);
    let expand = params.list("expand");
    let live = view.projects().filter(|project| project.state == ProjectState::Live);
    let rows: Vec<Value> = live.map(|project| row(view, urls, project, &expand, &insights)).collect();
    let count = rows.len();
    Counted(Value::Array(rows), count)
}

#[derive(Deserialize)]
pub struct ProjectPath {
    id: String,
}

/// `GET /project/{projectIdOrKey}`
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<ProjectPath>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, JiraError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let deleted = |project: &&Project| matches!(project.state, ProjectState::Deleted { .. });
    let project = view.project(&path.id).filter(|project| !deleted(project)).ok_or_else(|| {
        let name = if path.id.bytes().all(|byte| byte.is_ascii_digit()) { "id" } else { "key" };
        JiraError::not_found(format!("No project could be found with {name} '{}'.", path.id))
    })?;
    let urls = Urls::new(view, version);
    let mut expand = params.list("expand");
    // What lists have on demand only, a single project always has.
    expand.extend(["description", "lead", "issueTypes"]);
    let mut body = row(view, urls, project, &expand, &Insights::of(view));
    body["components"] = json!([]);
    body["versions"] = json!([]);
    body["assigneeType"] = json!(if project.simplified { "UNASSIGNED" } else { "PROJECT_LEAD" });
    let role = |id: u32| json!(urls.resource(&format!("project/{}/role/{id}", project.id)));
    body["roles"] = json!({ "Administrator": role(10002), "Member": role(10003), "Viewer": role(10004) });
    Ok(Json(body))
}

/// A project with what does not depend on its issues.
pub fn whole(view: View<'_>, project: &Project) -> Value {
    let expand = ["description", "lead", "projectKeys"];
    row(view, Urls::new(view, ApiVersion::V3), project, &expand, &Insights(HashMap::new()))
}

/// Which projects a search asks for.
struct Filter<'a> {
    ids: Vec<&'a str>,
    keys: Vec<&'a str>,
    query: Option<String>,
    kinds: Vec<&'a str>,
    category: Option<usize>,
    states: Vec<&'a str>,
}

impl<'a> Filter<'a> {
    fn read(params: &'a Params) -> Result<Self, JiraError> {
        let (ids, keys) = (params.list("id"), params.list("keys"));
        if ids.len() > MOST_NAMES || keys.len() > MOST_NAMES {
            return Err(JiraError::bad_request("Up to 50 project ids and 50 project keys can be provided."));
        }
        let mut states = params.list("status");
        if let Some(state) = states.iter().find(|state| !["live", "archived", "deleted"].contains(state)) {
            return Err(JiraError::bad_request(format!("The project status '{state}' does not exist.")));
        }
        if states.is_empty() {
            states.push("live");
        }
        Ok(Self {
            ids,
            keys,
            query: params.get("query").map(str::to_lowercase),
            kinds: params.list("typeKey"),
            category: number(params, "categoryId")?,
            states,
        })
    }

    fn fits(&self, project: &Project) -> bool {
        let id = project.id.to_string();
        let category = project.category.map(|category| 10_000 + category);
        (self.ids.is_empty() || self.ids.contains(&id.as_str()))
            && (self.keys.is_empty() || self.keys.contains(&project.key.as_str()))
            && self.query.as_ref().is_none_or(|query| {
                project.name.to_lowercase().contains(query) || project.key.to_lowercase().contains(query)
            })
            && (self.kinds.is_empty() || self.kinds.contains(&project.kind))
            && self.category.is_none_or(|wanted| category == Some(wanted))
            && self.states.contains(&project.state.name())
    }
}

/// Number of issues and time of the last change, per project.
struct Insights(HashMap<u64, (u64, Millis)>);

impl Insights {
    fn of(view: View<'_>) -> Self {
        let mut insights = HashMap::new();
        for issue in &view.site.issues {
            let (count, last) = insights.entry(issue.project).or_insert((0, issue.updated));
            *count += 1;
            *last = issue.updated.max(*last);
        }
        Self(insights)
    }

    fn count(&self, project: &Project) -> u64 {
        self.0.get(&project.id).map_or(0, |(count, _)| *count)
    }

    fn last_update(&self, project: &Project) -> Option<Millis> {
        self.0.get(&project.id).map(|(_, last)| *last)
    }
}

fn sort(
    projects: &mut [&Project],
    order: &str,
    view: View<'_>,
    insights: &Insights,
) -> Result<(), JiraError> {
    let (field, descending) = match order.strip_prefix('-') {
        Some(field) => (field, true),
        None => (order.trim_start_matches(['+', ' ']), false),
    };
    match field {
        "key" => projects.sort_by(|a, b| a.key.cmp(&b.key)),
        "name" => projects.sort_by_key(|project| project.name.to_lowercase()),
        "owner" => projects.sort_by_key(|project| &view.world.people[project.lead].name),
        "category" => projects.sort_by_key(|project| project.category.map(|category| CATEGORIES[category].0)),
        "issueCount" => projects.sort_by_key(|project| insights.count(project)),
        "lastIssueUpdatedDate" => projects.sort_by_key(|project| insights.last_update(project)),
        "archivedDate" | "deletedDate" => projects.sort_by_key(|project| match project.state {
            ProjectState::Live => Reverse(0),
            ProjectState::Archived { at, .. } | ProjectState::Deleted { at, .. } => Reverse(-at),
        }),
        _ => {
            return Err(JiraError::bad_request(format!(
                "The field '{field}' cannot be used to order projects."
            )));
        }
    }
    if descending {
        projects.reverse();
    }
    Ok(())
}

fn row(view: View<'_>, urls: Urls<'_>, project: &Project, expand: &[&str], insights: &Insights) -> Value {
    let mut row = json!({
        "expand": EXPANDS,
        "self": urls.resource(&format!("project/{}", project.id)),
        "id": project.id.to_string(),
        "key": project.key,
        "name": project.name,
        "avatarUrls": urls.project_avatars(project.id),
        "projectTypeKey": project.kind,
        "simplified": project.simplified,
        "style": if project.simplified { "next-gen" } else { "classic" },
        "isPrivate": project.private,
        "properties": {},
    });
    if project.simplified {
        row["entityId"] = json!(project.uuid);
        row["uuid"] = json!(project.uuid);
    }
    if let Some((category, (name, description))) =
        project.category.and_then(|at| CATEGORIES.get(at).map(|row| (at, row)))
    {
        let id = (10_000 + category).to_string();
        let url = urls.resource(&format!("projectCategory/{id}"));
        row["projectCategory"] = json!({ "self": url, "id": id, "name": name, "description": description });
    }
    for name in expand {
        match *name {
            "description" => row["description"] = json!(project.description),
            "lead" => row["lead"] = lead(view, urls, project.lead),
            "issueTypes" => {
                row["issueTypes"] = ISSUE_TYPES.iter().map(|kind| issue_type(urls, kind)).collect();
            }
            "projectKeys" => {
                let old = project.old_keys.iter().map(String::as_str);
                row["projectKeys"] = json!(old.chain([project.key.as_str()]).collect::<Vec<_>>());
            }
            "insight" => {
                row["insight"] = json!({ "totalIssueCount": insights.count(project) });
                if let Some(at) = insights.last_update(project) {
                    row["insight"]["lastIssueUpdateTime"] = json!(timestamp(at, view.site.zone));
                }
            }
            _ => {}
        }
    }
    let by = |person| lead(view, urls, person);
    match project.state {
        ProjectState::Live => {}
        ProjectState::Archived { at, by: person } => {
            row["archived"] = json!(true);
            row["archivedDate"] = json!(timestamp(at, view.site.zone));
            row["archivedBy"] = by(person);
        }
        ProjectState::Deleted { at, by: person } => {
            row["deleted"] = json!(true);
            row["deletedDate"] = json!(timestamp(at, view.site.zone));
            row["deletedBy"] = by(person);
        }
    }
    row
}
