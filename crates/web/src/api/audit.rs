use axum::Json;
use axum::extract::State;
use connector_domain::{AuditId, Timestamp, UserId};
use connector_store::AuditFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::connection_events::EventBody;
use super::rows::Page;
use crate::App;
use crate::http::access::{Access, Admin};
use crate::http::cursor;
use crate::http::extract::Query;
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;

/// One line of the audit trail. Never a token, a key or an address.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(crate) struct AuditBody {
    #[serde(flatten)]
    event: EventBody,
    connection_id: Option<String>,
    /// Whose rows it concerns. The number stays where the user is deleted; nothing else of the user does.
    user_id: Option<i64>,
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct AuditQuery {
    /// Only events of this name, such as `logged_in`, `login_failed`, `connected`, `api_key_used`, `api_key_refused`,
    /// `access_denied`, `tokens_read`, `disconnected`, `user_erased`.
    #[param(max_length = 100)]
    event: Option<String>,
    /// Only what this kind of actor did: `person`, `server`, `system` or `operator`.
    #[param(max_length = 100)]
    actor: Option<String>,
    /// Only what this one did: a user's or an API key's id.
    #[param(max_length = 100)]
    actor_id: Option<String>,
    /// Only what concerns this user's rows.
    user_id: Option<i64>,
    /// At this moment or later.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// The most events to answer with, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// List what happened, the latest first: logins, connects, keys and their use, refusals, deletions.
#[utoipa::path(get, path = "/api/audit", tag = "Audit", params(AuditQuery), responses(
    (status = 200, description = "The events.", body = Page<AuditBody>),
    Problems,
))]
pub(crate) async fn search_audit(
    State(app): State<App>,
    _: Access<Admin>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditBody>>, Problem> {
    Checks::new()
        .optional("/query/event", query.event.as_deref(), 100)
        .optional("/query/actor", query.actor.as_deref(), 100)
        .optional("/query/actor_id", query.actor_id.as_deref(), 100)
        .finish()?;
    let limit = cursor::page_limit(query.limit)?;
    let before = cursor::decode::<AuditId>(query.cursor.as_deref())?;
    let filter = AuditFilter {
        event: query.event,
        actor_kind: query.actor,
        actor_id: query.actor_id,
        user_id: query.user_id.map(UserId),
        since: query.since,
        until: query.until,
    };
    let mut lines = app.store().search_audit(&filter, before, limit + 1).await?;
    let more = cursor::cut(&mut lines, Some(limit));
    let next_cursor = lines.last().filter(|_| more).map(|last| cursor::encode(&last.id));
    let body = |line: connector_store::AuditLine| AuditBody {
        connection_id: line.connection_id.clone(),
        user_id: line.user_id.map(|id| id.0),
        event: line.into(),
    };
    Ok(Json(Page { items: lines.into_iter().map(body).collect(), next_cursor }))
}
