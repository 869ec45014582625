use axum::Json;
use axum::extract::State;
use connector_domain::{CloudId, Timestamp};
use connector_store::{IssueFilter, View};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::mirrored::{DeletedRows, below, page_of};
use super::rows::{Change, FullIssue, Issue, IssueComment, Page, Worklog};
use crate::App;
use crate::http::access::{Access, Read};
use crate::http::caller::Caller;
use crate::http::cursor;
use crate::http::extract::{Path, Query};
use crate::http::problem::{Problem, Problems};

#[derive(Deserialize, IntoParams)]
pub(crate) struct IssueQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// Only those of this site.
    cloud_id: Option<String>,
    /// Only those of the project with this key or id.
    project: Option<String>,
    /// Only those with the status of this name.
    status: Option<String>,
    /// Only those whose status is `new`, `indeterminate` or `done`.
    status_category: Option<String>,
    /// Only those assigned to the account with this id or name.
    assignee: Option<String>,
    /// Only those that changed in Jira at this time (RFC 3339) or later.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_since: Option<Timestamp>,
    /// Whether those that are gone from Jira are shown too, or alone.
    #[serde(default)]
    #[param(inline)]
    deleted: DeletedRows,
    /// The most rows to answer with, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// List the mirrored issues, the latest changed first.
#[utoipa::path(get, path = "/api/jira/issues", tag = "Jira", params(IssueQuery), responses(
    (status = 200, description = "A part of the issues.", body = Page<Issue>),
    Problems,
))]
pub(crate) async fn list_issues(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<IssueQuery>,
) -> Result<Json<Page<Issue>>, Problem> {
    let Some(owner) = caller.owner(&app, query.owner_id).await? else {
        return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
    };
    let limit = cursor::page_limit(query.limit)?;
    let after = cursor::decode::<(i64, i64)>(query.cursor.as_deref())?;
    let cloud_id = query.cloud_id.map(CloudId::new);
    let filter = IssueFilter {
        cloud_id: cloud_id.as_ref(),
        project: query.project.as_deref(),
        status: query.status.as_deref(),
        status_category: query.status_category.as_deref(),
        assignee: query.assignee.as_deref(),
        updated_since: query.updated_since,
        deleted: query.deleted.into(),
    };
    let rows = app.store().list_issues(owner, &filter, after, limit + 1).await?;
    Ok(Json(page_of(rows, limit)))
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct FindQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// The site, where several have such an issue.
    cloud_id: Option<String>,
    /// What to give with it, with commas between: `comments`, `worklogs`, `changelog`. At most 1000 of each.
    #[param(example = "comments,worklogs")]
    include: Option<String>,
}

/// An issue, and what was asked for with it.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssueWith {
    #[serde(flatten)]
    issue: FullIssue,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<Vec<IssueComment>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worklogs: Option<Vec<Worklog>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changelog: Option<Vec<Change>>,
}

/// What `include` names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Included {
    comments: bool,
    worklogs: bool,
    changelog: bool,
}

impl Included {
    fn parse(text: &str) -> Result<Self, Problem> {
        let mut included = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "comments" => included.comments = true,
                "worklogs" => included.worklogs = true,
                "changelog" => included.changelog = true,
                _ => {
                    let detail = "takes comments, worklogs and changelog, with commas between";
                    return Err(Problem::invalid_field("/query/include", detail));
                }
            }
        }
        Ok(included)
    }
}

/// Find a mirrored issue by its id or its key. A key that the issue had before it was moved finds it too.
#[utoipa::path(get, path = "/api/jira/issues/{id_or_key}", tag = "Jira",
    params(("id_or_key" = String, Path, example = "ENG-42"), FindQuery),
    responses((status = 200, description = "The issue.", body = IssueWith), Problems)
)]
pub(crate) async fn find_issue(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id_or_key): Path<String>,
    Query(query): Query<FindQuery>,
) -> Result<Json<IssueWith>, Problem> {
    let included = Included::parse(query.include.as_deref().unwrap_or_default())?;
    let issue: FullIssue = find(&app, &caller, &id_or_key, query.owner_id, query.cloud_id).await?;
    let parent = (issue.owner_id, CloudId::new(&issue.cloud_id), issue.remote_id.clone());
    Ok(Json(IssueWith {
        comments: all_below(&app, included.comments, &parent).await?,
        worklogs: all_below(&app, included.worklogs, &parent).await?,
        changelog: all_below(&app, included.changelog, &parent).await?,
        issue,
    }))
}

async fn all_below<V: View>(
    app: &App,
    is_wanted: bool,
    (owner, cloud_id, id): &(i64, CloudId, String),
) -> Result<Option<Vec<V>>, Problem> {
    if !is_wanted {
        return Ok(None);
    }
    let owner = connector_domain::UserId(*owner);
    let rows = app.store().list_below(owner, cloud_id, id, None, cursor::MOST).await?;
    Ok(Some(rows.into_iter().map(|listed| listed.row).collect()))
}

async fn find<V: View>(
    app: &App,
    caller: &Caller,
    id_or_key: &str,
    owner_id: Option<i64>,
    cloud_id: Option<String>,
) -> Result<V, Problem> {
    let missing = || Problem::not_found("There is no such issue.");
    let owner = caller.owner(app, owner_id).await?.ok_or_else(missing)?;
    let cloud_id = cloud_id.map(CloudId::new);
    app.store().find_issue(owner, cloud_id.as_ref(), id_or_key).await?.ok_or_else(missing)
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct BelowQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// The site, where several have such an issue.
    cloud_id: Option<String>,
    /// The most rows to answer with, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

impl BelowQuery {
    async fn answer<V: View>(
        self,
        app: &App,
        caller: &Caller,
        id_or_key: &str,
    ) -> Result<Json<Page<V>>, Problem> {
        let issue: Issue = find(app, caller, id_or_key, self.owner_id, self.cloud_id).await?;
        let parent = (issue.owner_id, CloudId::new(issue.cloud_id), issue.remote_id);
        below(app, &parent, self.limit, self.cursor.as_deref()).await
    }
}

/// List the comments on an issue.
#[utoipa::path(get, path = "/api/jira/issues/{id_or_key}/comments", tag = "Jira",
    params(("id_or_key" = String, Path), BelowQuery),
    responses((status = 200, description = "A part of the comments.", body = Page<IssueComment>), Problems)
)]
pub(crate) async fn list_issue_comments(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id_or_key): Path<String>,
    Query(query): Query<BelowQuery>,
) -> Result<Json<Page<IssueComment>>, Problem> {
    query.answer(&app, &caller, &id_or_key).await
}

/// List the work that was logged on an issue.
#[utoipa::path(get, path = "/api/jira/issues/{id_or_key}/worklogs", tag = "Jira",
    params(("id_or_key" = String, Path), BelowQuery),
    responses((status = 200, description = "A part of the worklogs.", body = Page<Worklog>), Problems)
)]
pub(crate) async fn list_issue_worklogs(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id_or_key): Path<String>,
    Query(query): Query<BelowQuery>,
) -> Result<Json<Page<Worklog>>, Problem> {
    query.answer(&app, &caller, &id_or_key).await
}

/// List what was changed in an issue.
#[utoipa::path(get, path = "/api/jira/issues/{id_or_key}/changelog", tag = "Jira",
    params(("id_or_key" = String, Path), BelowQuery),
    responses((status = 200, description = "A part of the changes.", body = Page<Change>), Problems)
)]
pub(crate) async fn list_issue_changes(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id_or_key): Path<String>,
    Query(query): Query<BelowQuery>,
) -> Result<Json<Page<Change>>, Problem> {
    query.answer(&app, &caller, &id_or_key).await
}
