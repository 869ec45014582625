use axum::Json;
use axum::extract::State;
use connector_domain::Timestamp;
use connector_store::CompletenessProof;
use serde::Serialize;
use utoipa::ToSchema;

use super::rows::Page;
use crate::App;
use crate::http::access::{Access, Read};
use crate::http::extract::Path;
use crate::http::problem::{Problem, Problems};

/// The latest comparison of a mirrored list with Atlassian's.
#[derive(Serialize, ToSchema)]
pub(crate) struct Completeness {
    cloud_id: String,
    #[schema(example = "jira_issues")]
    stream: &'static str,
    /// The project or the space that was compared; null for all of the stream.
    scope: Option<String>,
    /// `equal`, `different`, `running` or `failed`.
    #[schema(example = "equal")]
    state: &'static str,
    /// How many there are at Atlassian.
    remote_count: u64,
    /// How many there are here.
    local_count: u64,
    #[schema(value_type = String, format = DateTime)]
    checked_at: Timestamp,
    /// When the two were found equal last.
    #[schema(value_type = Option<String>, format = DateTime)]
    equal_at: Option<Timestamp>,
    /// For people.
    detail: Option<String>,
}

impl From<CompletenessProof> for Completeness {
    fn from(proof: CompletenessProof) -> Self {
        Self {
            cloud_id: proof.at.cloud_id.to_string(),
            stream: proof.at.stream.as_str(),
            scope: Some(proof.at.scope).filter(|scope| !scope.is_empty()),
            state: proof.state.as_str(),
            remote_count: proof.remote_count,
            local_count: proof.local_count,
            checked_at: proof.checked_at,
            equal_at: proof.equal_at,
            detail: proof.detail,
        }
    }
}

/// Show how complete the mirror of a connection is: each list with what a comparison with Atlassian's found.
#[utoipa::path(get, path = "/api/connections/{id}/completeness", tag = "Connections", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The latest comparison of each list.", body = Page<Completeness>),
        Problems,
    )
)]
pub(crate) async fn show_completeness(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id): Path<String>,
) -> Result<Json<Page<Completeness>>, Problem> {
    let connection = caller.connection(&app, &id).await?;
    let proofs = app.store().list_proofs(connection.id).await?;
    Ok(Json(Page { items: proofs.into_iter().map(Into::into).collect(), next_cursor: None }))
}
