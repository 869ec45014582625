//! Issues and comments as webhooks carry them: in the form of version 2, with text as strings.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    ApiVersion,
    issue::{changelog, comment::row as comment_row, fields::Selection, row::Renderer},
    jql::{Context, parse},
    urls::Urls,
    user::user as user_row,
};
use crate::{
    gateway::View,
    world::{
        activity::{comments, history},
        issues::Issue,
        people::PersonIndex,
    },
};

/// How much of an issue an event carries.
#[derive(Clone, Copy)]
pub enum Shape {
    Whole,
    /// What comes with comments.
    Short,
}

const SHORT: [&str; 6] = ["summary", "issuetype", "project", "assignee", "priority", "status"];

pub fn issue(view: View<'_>, issue: &Issue, shape: Shape) -> Value {
    let selection = match shape {
        Shape::Whole => Selection::read(&[], "*all"),
        Shape::Short => Selection::read(&SHORT, "*all"),
    };
    let mut row = Renderer::new(view, ApiVersion::V2, &selection, &[]).row(issue);
    if let Some(members) = row.as_object_mut() {
        members.remove("expand");
    }
    row
}

pub fn comment(view: View<'_>, issue: &Issue, id: u64) -> Option<Value> {
    let comment = comments(view.site, issue).into_iter().find(|comment| comment.id == id)?;
    let selection = Selection::read(&[], "id");
    Some(comment_row(&Renderer::new(view, ApiVersion::V2, &selection, &[]), issue, &comment))
}

pub fn user(view: View<'_>, person: PersonIndex) -> Value {
    user_row(view, Urls::new(view, ApiVersion::V2), &view.world.people[person])
}

/// The fields that changed last.
pub fn changed_fields(issue: &Issue, before: usize) -> impl Iterator<Item = &'static str> {
    issue.changes.iter().skip(before).map(|change| change.field)
}

/// What changed last.
pub fn changelog(view: View<'_>, issue: &Issue, before: usize) -> Value {
    let all = history(view.site, issue);
    let changed = issue.changes.len().saturating_sub(before);
    let last = &all[all.len().saturating_sub(changed)..];
    let id = last.first().map_or(issue.id, |entry| entry.id);
    json!({ "id": id.to_string(), "items": last.iter().map(changelog::item).collect::<Vec<Value>>() })
}

/// Whether an issue matches a filter that was accepted before. What it names may be gone by now.
pub fn fits(view: View<'_>, filter: &str, issue: &Issue, now: DateTime<Utc>) -> bool {
    if view.issue(&issue.id.to_string()).is_none() {
        return false;
    }
    let context = Context { view, now };
    let query = parse(filter).ok();
    let predicate = query.and_then(|query| context.bind(query.filter.as_ref()?).ok());
    predicate.is_some_and(|fits| fits(issue))
}
