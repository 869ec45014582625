use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use connector_domain::{CloudId, UserId};
use connector_store::{ContentFilter, Dataset, ProjectKey, StoreError};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::mirrored::{DeletedRows, page_of};
use super::rows::{FullProject, Page, Project};
use crate::App;
use crate::http::access::{Access, Read, Write};
use crate::http::caller::{existing_owner, unknown_owner};
use crate::http::cursor;
use crate::http::extract::{self, Path, Query};
use crate::http::json::JsonBytes;
use crate::http::list::bare_list;
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;

/// A project to be put in by hand.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UpsertProject {
    /// Whose it is.
    owner_id: i64,
    #[schema(example = "ENG", min_length = 1, max_length = 64)]
    key: String,
    #[schema(example = "Engineering", min_length = 1, max_length = 255)]
    name: String,
    #[schema(max_length = 255)]
    lead: Option<String>,
    /// Deep link.
    #[schema(max_length = 1024)]
    url: Option<String>,
}

/// Create a project, or update the one with this owner and key.
#[utoipa::path(post, path = "/jira/projects", tag = "Jira", request_body = UpsertProject, responses(
    (status = 201, description = "The project.", body = Project),
    Problems,
))]
pub(crate) async fn upsert_project(
    State(app): State<App>,
    caller: Access<Write>,
    extract::Json(body): extract::Json<UpsertProject>,
) -> Result<(StatusCode, Json<Project>), Problem> {
    Checks::new()
        .required("/key", &body.key, 64)
        .required("/name", &body.name, 255)
        .optional("/lead", body.lead.as_deref(), 255)
        .optional("/url", body.url.as_deref(), 1024)
        .finish()?;
    let owner_id = caller.named_owner(&app, body.owner_id)?;
    let new = ProjectKey { owner_id, key: body.key, name: body.name, lead: body.lead, url: body.url };
    match app.store().upsert_project(new, app.now()).await {
        Ok(project) => Ok((StatusCode::CREATED, Json(project.into()))),
        Err(StoreError::MissingReference(_)) => Err(unknown_owner(owner_id)),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// The most rows to answer with, 1 to 1000; all where it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Where to go on: from the `Link` header of the answer before.
    cursor: Option<String>,
}

/// List the projects of a user, by key.
#[utoipa::path(get, path = "/jira/projects/{owner_id}", tag = "Jira", params(("owner_id" = i64, Path), ListQuery),
    responses(
        (status = 200, description = "The projects.", body = Vec<Project>, headers(
            ("Link" = Option<String>, description = "`rel=\"next\"` where there are more (RFC 8288).")
        )),
        Problems,
    )
)]
pub(crate) async fn list_projects_of_owner(
    State(app): State<App>,
    caller: Access<Read>,
    OriginalUri(uri): OriginalUri,
    Path(owner_id): Path<i64>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let owner = caller.named_owner(&app, owner_id)?;
    if query.limit.is_none() && query.cursor.is_none() {
        return all_projects(&app, owner, "list", |projects| serde_json::to_vec(&projects)).await;
    }
    existing_owner(&app, owner).await?;
    let limit = cursor::limit(query.limit)?;
    let after = cursor::decode::<(String, i64)>(query.cursor.as_deref())?;
    let after = after.as_ref().map(|(key, id)| (key.as_str(), *id));
    let more = limit.map(|limit| limit + 1);
    let rows = app.store().list_by_key::<Project>(owner, &ContentFilter::default(), after, more).await?;
    let page = page_of(rows, limit.unwrap_or(u64::MAX));
    Ok(bare_list(&uri, &page.items, page.next_cursor.as_deref()))
}

/// All projects of an owner, as `write` puts them, kept as bytes for as long as they do not change.
pub(crate) async fn all_projects(
    app: &App,
    owner: UserId,
    shape: &str,
    write: impl FnOnce(Vec<Project>) -> serde_json::Result<Vec<u8>>,
) -> Result<Response, Problem> {
    let answer = async {
        let rows = app.store().list_by_key(owner, &ContentFilter::default(), None, None).await?;
        // Only who has nothing may be nobody.
        if rows.is_empty() {
            existing_owner(app, owner).await?;
        }
        write(rows.into_iter().map(|listed| listed.row).collect()).map_err(|_| Problem::internal())
    };
    let bytes = app.store().cached(Dataset::JiraProjects(owner), shape, answer).await?;
    Ok(JsonBytes(bytes).into_response())
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct PageQuery {
    /// Whose; the session's person where it is left out, else the first user.
    owner_id: Option<i64>,
    /// Only those of this site.
    cloud_id: Option<String>,
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

/// List the stored Jira projects, by key.
#[utoipa::path(get, path = "/api/jira/projects", tag = "Jira", params(PageQuery), responses(
    (status = 200, description = "A page of projects.", body = Page<FullProject>),
    Problems,
))]
pub(crate) async fn list_projects(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<FullProject>>, Problem> {
    let Some(owner) = caller.owner(&app, query.owner_id).await? else {
        return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
    };
    let limit = cursor::page_limit(query.limit)?;
    let after = cursor::decode::<(String, i64)>(query.cursor.as_deref())?;
    let after = after.as_ref().map(|(key, id)| (key.as_str(), *id));
    let cloud_id = query.cloud_id.map(CloudId::new);
    let filter = ContentFilter {
        cloud_id: cloud_id.as_ref(),
        deleted: query.deleted.into(),
        ..ContentFilter::default()
    };
    let rows = app.store().list_by_key(owner, &filter, after, Some(limit + 1)).await?;
    Ok(Json(page_of(rows, limit)))
}
