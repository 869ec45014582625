//! An issue as answers have it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    attachment::attachment,
    changelog::changelog_of,
    comment::comments_of,
    fields::{
        ACCEPTANCE, APPROVER, CUSTOMER, RANK, REGION, SECOND_REGION, SPRINT, START_DATE, STORY_POINTS,
        Selection, all_fields,
    },
    worklog::worklogs_of,
};
use crate::{
    document::{Document, description as composed},
    gateway::View,
    jira::{
        ApiVersion, issuetype::issue_type, priority::priority, resolution::done, status::status,
        time::timestamp, urls::Urls, user::user,
    },
    world::{
        Millis,
        activity::{issue_attachments, issue_labels, worklogs},
        dice::Dice,
        issues::Issue,
        people::{PersonIndex, writer},
        vocabulary::{REGIONS, SENTENCES, TEAMS},
        workflow::{ISSUE_TYPES, STATUSES},
    },
};

const EXPANDS: &str = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations";
/// How many comments and worklogs an issue carries itself; the rest has to be asked for.
const EMBEDDED: usize = 20;
const DAY: Millis = 86_400_000;

/// Writes issues for one request.
pub struct Renderer<'a> {
    pub view: View<'a>,
    pub urls: Urls<'a>,
    pub version: ApiVersion,
    selection: &'a Selection,
    rendered: bool,
    changelog: bool,
    names: bool,
    /// Subtasks by their parent, when they are asked for.
    subtasks: HashMap<u64, Vec<&'a Issue>>,
}

impl<'a> Renderer<'a> {
    pub fn new(view: View<'a>, version: ApiVersion, selection: &'a Selection, expand: &[&str]) -> Self {
        let mut subtasks: HashMap<u64, Vec<&Issue>> = HashMap::new();
        if selection.has("subtasks") {
            for issue in view.site.issues.iter().filter(|issue| ISSUE_TYPES[issue.kind].level < 0) {
                subtasks.entry(issue.parent.unwrap_or_default()).or_default().push(issue);
            }
        }
        Self {
            view,
            urls: Urls::new(view, version),
            version,
            selection,
            rendered: expand.contains(&"renderedFields"),
            changelog: expand.contains(&"changelog"),
            names: expand.contains(&"names"),
            subtasks,
        }
    }

    pub fn row(&self, issue: &Issue) -> Value {
        let id = issue.id.to_string();
        if self.selection.id_only {
            return json!({ "id": id });
        }
        let mut row = json!({
            "expand": EXPANDS,
            "id": id,
            "self": self.urls.resource(&format!("issue/{id}")),
            "key": self.view.site.issue_key(issue),
        });
        if !self.selection.keys_only {
            let fields = self.selection.fields().iter();
            let fields: Map<String, Value> =
                fields.map(|field| (String::from(*field), self.field(issue, field))).collect();
            row["fields"] = Value::Object(fields);
        }
        if self.rendered && self.selection.has("description") {
            let html = description(self.view, issue).map(|document| document.html());
            row["renderedFields"] = json!({ "description": html });
        }
        if self.changelog {
            row["changelog"] = changelog_of(self, issue);
        }
        if self.names {
            let chosen = all_fields().filter(|field| self.selection.has(field.id));
            row["names"] = chosen.map(|field| (String::from(field.id), json!(field.name))).collect();
        }
        row
    }

    fn field(&self, issue: &Issue, field: &str) -> Value {
        let site = self.view.site;
        match field {
            "summary" => json!(issue.summary),
            "project" => self.project(issue),
            "issuetype" => issue_type(self.urls, &ISSUE_TYPES[issue.kind]),
            "status" => status(self.view, self.urls, &STATUSES[issue.status]),
            "priority" => priority(self.view, self.urls, issue.priority),
            "assignee" => issue.assignee.map_or(Value::Null, |person| self.person(person)),
            "reporter" | "creator" => issue.reporter.map_or(Value::Null, |person| self.person(person)),
            "created" => self.time(issue.created),
            "updated" => self.time(issue.updated),
            "statuscategorychangedate" => self.time(issue.resolved.unwrap_or(issue.created)),
            "resolutiondate" => issue.resolved.map_or(Value::Null, |at| self.time(at)),
            "resolution" => issue.resolved.map_or(Value::Null, |_| done(self.urls)),
            "labels" => json!(issue_labels(site.seed, issue)),
            "description" => {
                description(self.view, issue).map_or(Value::Null, |document| self.rich(&document))
            }
            "parent" => issue
                .parent
                .and_then(|parent| site.issue(parent))
                .map_or(Value::Null, |parent| self.linked(parent)),
            "subtasks" => {
                let subtasks = self.subtasks.get(&issue.id).into_iter().flatten();
                subtasks.map(|subtask| self.linked(subtask)).collect()
            }
            "comment" => comments_of(self, issue),
            "worklog" => worklogs_of(self, issue, EMBEDDED),
            "attachment" => {
                let files = issue_attachments(site.seed, issue);
                files.iter().map(|file| attachment(self, file)).collect()
            }
            "timespent" | "aggregatetimespent" => {
                let seconds: u64 = worklogs(site, issue).iter().map(|worklog| worklog.seconds).sum();
                if seconds == 0 { Value::Null } else { json!(seconds) }
            }
            "timetracking" => {
                let seconds: u64 = worklogs(site, issue).iter().map(|worklog| worklog.seconds).sum();
                if seconds == 0 {
                    json!({})
                } else {
                    json!({ "timeSpent": format!("{}m", seconds / 60), "timeSpentSeconds": seconds })
                }
            }
            "workratio" => json!(-1),
            "watches" => self.counter(issue, "watchers", "watchCount", "isWatching"),
            "votes" => self.counter(issue, "votes", "votes", "hasVoted"),
            "fixVersions" | "versions" | "issuelinks" | "components" => json!([]),
            _ => self.computed(issue, field),
        }
    }

    /// Fields whose values nobody but the issue's id decides. Most are empty for most issues.
    fn computed(&self, issue: &Issue, field: &str) -> Value {
        let mut dice = Dice::new(self.view.site.seed, field, issue.id);
        let date = |dice: &mut Dice| {
            let at = issue.created + dice.millis(90 * DAY);
            json!(timestamp(at, self.view.site.zone).get(..10))
        };
        match field {
            "duedate" | START_DATE if dice.percent(25) => date(&mut dice),
            STORY_POINTS if dice.percent(50) => json!(dice.pick(&[0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0])),
            RANK => json!(format!("0|i{:05x}:", issue.id)),
            SPRINT if dice.percent(40) => {
                let number = 1 + dice.below(30);
                let state = if number < 28 { "closed" } else { "active" };
                json!([{ "id": number, "name": format!("{} {number}", dice.pick(&TEAMS)), "state": state, "boardId": 1 }])
            }
            CUSTOMER | SECOND_REGION if dice.percent(20) => {
                json!(dice.pick(&["Nordwind GmbH", "Café Olé", "株式会社山田", ""]))
            }
            REGION if dice.percent(60) => {
                let position = dice.below(REGIONS.len());
                let id = (10_020 + position).to_string();
                let url = self.urls.resource(&format!("customFieldOption/{id}"));
                json!({ "self": url, "value": REGIONS[position].1, "id": id })
            }
            ACCEPTANCE if dice.percent(15) => self.rich(&Document::from_text(dice.pick(&SENTENCES))),
            APPROVER if dice.percent(15) => self.person(writer(&mut dice)),
            _ => Value::Null,
        }
    }

    pub fn time(&self, at: Millis) -> Value {
        json!(timestamp(at, self.view.site.zone))
    }

    pub fn person(&self, person: PersonIndex) -> Value {
        user(self.view, self.urls, &self.view.world.people[person])
    }

    /// Rich text is a document in version 3 and a string in version 2.
    pub fn rich(&self, document: &Document) -> Value {
        match self.version {
            ApiVersion::V2 => json!(document.plain()),
            ApiVersion::V3 => document.adf(),
        }
    }

    fn project(&self, issue: &Issue) -> Value {
        let Some(project) = self.view.site.project(issue.project) else { return Value::Null };
        json!({
            "self": self.urls.resource(&format!("project/{}", project.id)),
            "id": project.id.to_string(),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": project.kind,
            "simplified": project.simplified,
            "avatarUrls": self.urls.project_avatars(project.id),
        })
    }

    /// Another issue, as a parent or a subtask has it.
    fn linked(&self, issue: &Issue) -> Value {
        let id = issue.id.to_string();
        json!({
            "id": id,
            "key": self.view.site.issue_key(issue),
            "self": self.urls.resource(&format!("issue/{id}")),
            "fields": {
                "summary": issue.summary,
                "status": status(self.view, self.urls, &STATUSES[issue.status]),
                "priority": priority(self.view, self.urls, issue.priority),
                "issuetype": issue_type(self.urls, &ISSUE_TYPES[issue.kind]),
            },
        })
    }

    fn counter(&self, issue: &Issue, path: &str, count: &str, own: &str) -> Value {
        let number = Dice::new(self.view.site.seed, path, issue.id).skewed(9);
        let url = self.urls.resource(&format!("issue/{}/{path}", self.view.site.issue_key(issue)));
        json!({ "self": url, count: number, own: false })
    }
}

/// What an issue says.
pub fn description(view: View<'_>, issue: &Issue) -> Option<Document> {
    match &issue.description {
        Some(text) if text.is_empty() => None,
        Some(text) => Some(Document::from_text(text)),
        None => composed(view.site.seed, issue.id, &view.world.people),
    }
}
