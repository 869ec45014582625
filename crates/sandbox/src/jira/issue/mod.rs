//! Issues and what hangs on them.

pub mod attachment;
pub mod bulkfetch;
pub mod changelog;
pub mod changelog_bulk;
pub mod comment;
pub mod fields;
pub mod old_search;
pub mod row;
pub mod search;
pub mod worklog;
pub mod worklog_changes;

use axum::{
    Extension,
    extract::{Path, State},
};
use serde::Deserialize;

use self::{fields::Selection, row::Renderer};
use super::{ApiVersion, error::JiraError};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted, View},
    params::Params,
    world::issues::Issue,
};

#[derive(Deserialize)]
pub struct IssuePath {
    id: String,
}

impl IssuePath {
    /// The issue, or the one answer for missing, deleted and forbidden.
    pub fn find<'a>(&self, view: View<'a>) -> Result<&'a Issue, JiraError> {
        let message = "Issue does not exist or you do not have permission to see it.";
        view.issue(&self.id).ok_or_else(|| JiraError::not_found(message))
    }
}

/// `GET /issue/{issueIdOrKey}`: by default with all fields. A former key leads to the issue as it is now.
pub async fn show(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    Path(path): Path<IssuePath>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let issue = path.find(view)?;
    let selection = Selection::read(&params.list("fields"), "*all");
    let renderer = Renderer::new(view, version, &selection, &params.list("expand"));
    Ok(Counted(renderer.row(issue), 1))
}
