//! The fields of issues: which there are, and which were asked for.

use axum::Json;
use serde_json::{Value, json};

/// A field: id, name, schema type, and for custom fields the last part of their type.
pub struct Field {
    pub id: &'static str,
    pub name: &'static str,
    schema: &'static str,
    /// What a list holds.
    items: Option<&'static str>,
    custom: Option<&'static str>,
}

const fn system(id: &'static str, name: &'static str, schema: &'static str) -> Field {
    Field { id, name, schema, items: None, custom: None }
}

const fn list(id: &'static str, name: &'static str, items: &'static str) -> Field {
    Field { id, name, schema: "array", items: Some(items), custom: None }
}

const fn custom(id: &'static str, name: &'static str, schema: &'static str, custom: &'static str) -> Field {
    Field { id, name, schema, items: None, custom: Some(custom) }
}

pub const START_DATE: &str = "customfield_10015";
pub const STORY_POINTS: &str = "customfield_10016";
pub const RANK: &str = "customfield_10019";
pub const SPRINT: &str = "customfield_10020";
pub const CUSTOMER: &str = "customfield_10031";
pub const REGION: &str = "customfield_10032";
pub const ACCEPTANCE: &str = "customfield_10033";
pub const APPROVER: &str = "customfield_10034";
pub const SECOND_REGION: &str = "customfield_10035";

/// All fields. Names are not unique: there are two regions.
pub const FIELDS: [Field; 42] = [
    system("statuscategorychangedate", "Status Category Changed", "datetime"),
    system("issuetype", "Issue Type", "issuetype"),
    system("parent", "Parent", "issuelink"),
    system("timespent", "Time Spent", "number"),
    system("project", "Project", "project"),
    list("fixVersions", "Fix versions", "version"),
    system("aggregatetimespent", "Σ Time Spent", "number"),
    system("resolution", "Resolution", "resolution"),
    system("resolutiondate", "Resolved", "datetime"),
    system("workratio", "Work Ratio", "number"),
    system("lastViewed", "Last Viewed", "datetime"),
    system("watches", "Watchers", "watches"),
    system("created", "Created", "datetime"),
    system("priority", "Priority", "priority"),
    list("labels", "Labels", "string"),
    system("timeestimate", "Remaining Estimate", "number"),
    list("versions", "Affects versions", "version"),
    list("issuelinks", "Linked Issues", "issuelinks"),
    system("assignee", "Assignee", "user"),
    system("updated", "Updated", "datetime"),
    system("status", "Status", "status"),
    list("components", "Components", "component"),
    system("timeoriginalestimate", "Original estimate", "number"),
    system("description", "Description", "string"),
    system("timetracking", "Time tracking", "timetracking"),
    system("security", "Security Level", "securitylevel"),
    list("attachment", "Attachment", "attachment"),
    system("summary", "Summary", "string"),
    system("creator", "Creator", "user"),
    list("subtasks", "Sub-tasks", "issuelinks"),
    system("reporter", "Reporter", "user"),
    system("environment", "Environment", "string"),
    system("duedate", "Due date", "date"),
    system("votes", "Votes", "votes"),
    system("comment", "Comment", "comments-page"),
    system("worklog", "Log Work", "array"),
    custom(START_DATE, "Start date", "date", "datepicker"),
    custom(STORY_POINTS, "Story point estimate", "number", "jsw-story-points"),
    custom(RANK, "Rank", "any", "gh-lexo-rank"),
    Field { id: SPRINT, name: "Sprint", schema: "array", items: Some("json"), custom: Some("gh-sprint") },
    custom(CUSTOMER, "Customer", "string", "textfield"),
    custom(REGION, "Region", "option", "select"),
];

/// Custom fields that came later.
pub const MORE_FIELDS: [Field; 3] = [
    custom(ACCEPTANCE, "Acceptance criteria", "string", "textarea"),
    custom(APPROVER, "Approver", "user", "userpicker"),
    custom(SECOND_REGION, "Region", "string", "textfield"),
];

/// Fields that `*navigable` leaves out, because lists cannot show them.
const NOT_NAVIGABLE: [&str; 4] = ["comment", "worklog", "attachment", "timetracking"];

/// Every field.
pub fn all_fields() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().chain(&MORE_FIELDS)
}

/// `GET /field`: a bare array.
pub async fn list_fields() -> Json<Vec<Value>> {
    Json(rows())
}

/// All fields as lists have them.
pub fn rows() -> Vec<Value> {
    let row = |field: &Field| {
        let mut clauses = vec![String::from(field.name)];
        let mut schema = json!({ "type": field.schema });
        if let Some(items) = field.items {
            schema["items"] = json!(items);
        }
        match (field.custom, field.id.strip_prefix("customfield_").and_then(|id| id.parse::<u32>().ok())) {
            (Some(kind), Some(id)) => {
                let vendor = if kind.contains('-') {
                    "com.pyxis.greenhopper.jira"
                } else {
                    "com.atlassian.jira.plugin.system.customfieldtypes"
                };
                schema["custom"] = json!(format!("{vendor}:{kind}"));
                schema["customId"] = json!(id);
                clauses.push(format!("cf[{id}]"));
            }
            _ => {
                schema["system"] = json!(field.id);
                clauses = vec![String::from(field.id)];
            }
        }
        json!({
            "id": field.id,
            "key": field.id,
            "name": field.name,
            "custom": field.custom.is_some(),
            "orderable": true,
            "navigable": !NOT_NAVIGABLE.contains(&field.id),
            "searchable": true,
            "clauseNames": clauses,
            "schema": schema,
        })
    };
    all_fields().map(row).collect()
}

/// Which fields an answer has.
pub struct Selection {
    /// Whether only the id was asked for: then an issue is nothing but its id.
    pub id_only: bool,
    /// Whether no field but id and key was asked for: only then a page may have thousands of issues.
    pub keys_only: bool,
    fields: Vec<&'static str>,
}

impl Selection {
    /// Reads a list such as `*all`, `summary,status`, `-comment`, `*navigable,-description`. The default is what the
    /// operation has when nothing is asked for; it also is what exclusions alone take away from.
    pub fn read(wanted: &[&str], default: &'static str) -> Self {
        let wanted: Vec<&str> = if wanted.is_empty() { vec![default] } else { wanted.to_vec() };
        let includes: Vec<&str> = wanted.iter().copied().filter(|name| !name.starts_with('-')).collect();
        let excludes: Vec<&str> = wanted.iter().filter_map(|name| name.strip_prefix('-')).collect();
        let base = if includes.is_empty() { vec!["*navigable"] } else { includes };
        let chosen = |field: &&Field| {
            base.iter().any(|name| match *name {
                "*all" => true,
                "*navigable" => !NOT_NAVIGABLE.contains(&field.id),
                name => name == field.id,
            }) && !excludes.contains(&field.id)
        };
        let fields: Vec<&str> = all_fields().filter(chosen).map(|field| field.id).collect();
        let keys_only = fields.is_empty();
        Self { id_only: keys_only && base.iter().all(|name| *name == "id"), keys_only, fields }
    }

    pub fn has(&self, field: &str) -> bool {
        self.fields.contains(&field)
    }

    pub fn fields(&self) -> &[&'static str] {
        &self.fields
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], "id", 0)]
    #[case(&["key"], "id", 0)]
    #[case(&["summary", "status", "nonsense"], "id", 2)]
    #[case(&["*all"], "id", 45)]
    #[case(&["*navigable"], "id", 41)]
    #[case(&["-comment", "-description"], "*all", 40)]
    #[case(&["*all", "-comment"], "id", 44)]
    fn selections(#[case] wanted: &[&str], #[case] default: &'static str, #[case] count: usize) {
        assert_eq!(Selection::read(wanted, default).fields().len(), count);
    }

    #[test]
    fn ids_are_less_than_keys() {
        assert!(Selection::read(&[], "id").id_only);
        let keys = Selection::read(&["key"], "id");
        assert!(keys.keys_only && !keys.id_only);
    }
}
