//! Worklogs.

use axum::{
    Extension,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{IssuePath, fields::Selection, row::Renderer};
use crate::{
    app::Sandbox,
    document::{Document, comment as composed},
    gateway::{Caller, Counted},
    jira::{ApiVersion, error::JiraError, paging::Part},
    params::Params,
    world::{
        activity::{Worklog, worklogs},
        issues::Issue,
    },
};

const PAGE: usize = 5000;

/// `GET /issue/{issueIdOrKey}/worklog`
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<IssuePath>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let part = Part::read(&params, PAGE, PAGE)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let issue = path.find(view)?;
    let all = worklogs(view.site, issue);
    let selection = Selection::read(&[], "id");
    let renderer = Renderer::new(view, version, &selection, &[]);
    let rows: Vec<Value> = part.of(&all).iter().map(|worklog| row(&renderer, issue, worklog)).collect();
    let count = rows.len();
    Ok(Counted(part.named("worklogs", all.len(), rows), count))
}

/// The field `worklog` of an issue: the first of its worklogs only.
pub fn worklogs_of(renderer: &Renderer<'_>, issue: &Issue, limit: usize) -> Value {
    let all = worklogs(renderer.view.site, issue);
    let part = Part { start: 0, limit };
    let rows = part.of(&all).iter().map(|worklog| row(renderer, issue, worklog)).collect();
    part.named("worklogs", all.len(), rows)
}

/// A worklog as lists have it.
pub fn row(renderer: &Renderer<'_>, issue: &Issue, worklog: &Worklog) -> Value {
    let (hours, minutes) = (worklog.seconds / 3600, worklog.seconds % 3600 / 60);
    let spent = match (hours, minutes) {
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    };
    let mut row = json!({
        "self": renderer.urls.resource(&format!("issue/{}/worklog/{}", issue.id, worklog.id)),
        "author": renderer.person(worklog.author),
        "updateAuthor": renderer.person(worklog.author),
        "created": renderer.time(worklog.created),
        "updated": renderer.time(worklog.updated),
        "started": renderer.time(worklog.started),
        "timeSpent": spent,
        "timeSpentSeconds": worklog.seconds,
        "id": worklog.id.to_string(),
        "issueId": issue.id.to_string(),
    });
    // Where nobody wrote anything the member is missing.
    if worklog.commented {
        let document = match &worklog.text {
            Some(text) => Document::from_text(text),
            None => composed(renderer.view.site.seed, !worklog.id, &renderer.view.world.people),
        };
        row["comment"] = renderer.rich(&document);
    }
    row
}
