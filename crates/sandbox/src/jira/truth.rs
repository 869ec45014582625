//! Things as a complete copy has to have them, for tests that compare one with the site.

use serde_json::Value;

use super::{
    ApiVersion,
    issue::{changelog, comment, fields, fields::Selection, row::Renderer, worklog},
    issuetype::issue_type,
    project::whole,
    status::status,
    urls::Urls,
    user::user as user_row,
};
use crate::{
    gateway::View,
    world::{
        activity::{comments, history, worklogs},
        issues::Issue,
        people::Person,
        projects::Project,
        workflow::{ISSUE_TYPES, STATUSES},
    },
};

/// A project with its description, lead and former keys.
pub fn project(view: View<'_>, found: &Project) -> Value {
    whole(view, found)
}

/// Issues with all fields, and with all of their comments, worklogs and changes instead of the first.
pub fn issues<'a>(view: View<'a>, found: impl Iterator<Item = &'a Issue>) -> Vec<Value> {
    let selection = Selection::read(&["*all", "-comment", "-worklog"], "*all");
    let renderer = Renderer::new(view, ApiVersion::V3, &selection, &[]);
    let row = |issue: &Issue| {
        let (comments, worklogs, changes) =
            (comments(view.site, issue), worklogs(view.site, issue), history(view.site, issue));
        let mut row = renderer.row(issue);
        row["comments"] = comments.iter().map(|entry| comment::row(&renderer, issue, entry)).collect();
        row["worklogs"] = worklogs.iter().map(|entry| worklog::row(&renderer, issue, entry)).collect();
        row["changelog"] = changes.iter().map(|entry| changelog::row(&renderer, entry)).collect();
        row
    };
    found.map(row).collect()
}

pub fn user(view: View<'_>, found: &Person) -> Value {
    user_row(view, Urls::new(view, ApiVersion::V3), found)
}

pub fn issue_types(view: View<'_>) -> Vec<Value> {
    ISSUE_TYPES.iter().map(|kind| issue_type(Urls::new(view, ApiVersion::V3), kind)).collect()
}

pub fn statuses(view: View<'_>) -> Vec<Value> {
    STATUSES.iter().map(|row| status(view, Urls::new(view, ApiVersion::V3), row)).collect()
}

pub fn fields() -> Vec<Value> {
    fields::rows()
}
