use std::collections::BTreeMap;

use connector_atlassian::jira::{Issue, IssueFields, Named, User};
use connector_domain::Json;
use connector_store::RemoteIssue;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::FieldNames;

/// Fields whose contents have tables of their own.
const ELSEWHERE: [&str; 2] = ["comment", "worklog"];

/// The ids of the custom fields that have a value.
pub(crate) fn custom_fields_of(issue: &Issue) -> impl Iterator<Item = &str> {
    filled(&issue.fields).map(|(id, _)| id)
}

fn filled(fields: &IssueFields) -> impl Iterator<Item = (&str, &RawValue)> {
    fields.all.iter().filter(|(id, value)| id.starts_with("customfield_") && value.get() != "null")
}

/// An issue as a row. Rich text becomes Markdown; the original stays in `fields`.
pub(crate) fn issue(issue: &Issue, names: &FieldNames) -> RemoteIssue {
    let fields = &issue.fields;
    let project = fields.project.as_ref();
    let (assignee_account_id, assignee_name) = person(fields.assignee.as_ref());
    let (reporter_account_id, reporter_name) = person(fields.reporter.as_ref());
    let (creator_account_id, creator_name) = person(fields.creator.as_ref());
    let category = fields.status.as_ref().and_then(|status| status.status_category.as_ref());
    RemoteIssue {
        remote_id: issue.id.clone(),
        project_id: project.map(|project| project.id.clone()).unwrap_or_default(),
        project_key: project.map_or_else(|| key_of_project(&issue.key), |project| project.key.clone()),
        key: issue.key.clone(),
        summary: fields.summary.clone().unwrap_or_default(),
        description: markdown(fields.description.as_ref()),
        issue_type: fields.issue_type.as_ref().map(|kind| kind.name.clone()),
        status: fields.status.as_ref().map(|status| status.name.clone()),
        status_category: category.map(|category| category.key.clone()),
        priority: name(fields.priority.as_ref()),
        resolution: name(fields.resolution.as_ref()),
        assignee_account_id,
        assignee_name,
        reporter_account_id,
        reporter_name,
        creator_account_id,
        creator_name,
        parent_id: fields.parent.as_ref().map(|parent| parent.id.clone()),
        parent_key: fields.parent.as_ref().and_then(|parent| parent.key.clone()),
        labels: Json::from(&Value::from(fields.labels.clone())),
        due_date: fields.due.map(|due| due.to_string()),
        resolved_at: fields.resolved,
        remote_created_at: fields.created,
        remote_updated_at: fields.updated,
        custom_fields: custom_fields(fields, names),
        fields: all(fields),
    }
}

/// Markdown of a document in Atlassian's format; `None` for one that is not there or empty.
pub(super) fn markdown(document: Option<&Value>) -> Option<String> {
    let text = connector_richtext::adf_to_markdown(document?);
    (!text.is_empty()).then_some(text)
}

pub(super) fn person(user: Option<&User>) -> (Option<String>, Option<String>) {
    (user.map(|user| user.account_id.as_str().to_owned()), user.and_then(|user| user.display_name.clone()))
}

fn name(named: Option<&Named>) -> Option<String> {
    named.map(|named| named.name.clone())
}

fn key_of_project(key: &str) -> String {
    key.rsplit_once('-').map_or(key, |(project, _)| project).to_owned()
}

/// The custom fields that have a value, by their names.
fn custom_fields(fields: &IssueFields, names: &FieldNames) -> Json {
    object(filled(fields).map(|(id, value)| (names.of(id), value)).collect())
}

/// All fields as they came, but those whose contents have tables of their own.
fn all(fields: &IssueFields) -> Json {
    object(fields.all.iter().filter(|(id, _)| !ELSEWHERE.contains(id)).collect())
}

fn object(fields: BTreeMap<&str, &RawValue>) -> Json {
    // Texts and what is JSON already: there is nothing in it that JSON cannot say.
    Json::of(&fields).unwrap_or_else(|_| Json::from(&Value::Object(Map::new())))
}
