use axum::Json;
use axum::extract::State;
use connector_domain::{AuditId, Timestamp};
use connector_store::AuditLine;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rows::Page;
use crate::App;
use crate::http::access::{Access, Read};
use crate::http::cursor;
use crate::http::extract::{Path, Query};
use crate::http::problem::{Problem, Problems};

/// One line of a connection's audit trail. Never a token.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectionEvent)]
pub(crate) struct EventBody {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorBody,
    /// `connected`, `reconnected`, `scopes_shrank`, `needs_reconnect`, `disconnected`, `site_appeared`,
    /// `site_disappeared`, `sites_chosen`, `streams_chosen`, `grant_refreshed`, `tokens_read`; later versions may have
    /// more.
    #[schema(example = "connected")]
    event: String,
    /// Why, for people, where the event does not say it.
    cause: Option<String>,
    /// What is worth knowing of the event; its members depend on it.
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
#[schema(as = Actor)]
struct ActorBody {
    /// `person`, `server` (an API key), `system` (the service by itself) or `operator` (the command line).
    #[schema(example = "person")]
    kind: String,
    /// Which one: the user's or the API key's id; null where nobody is signed in.
    id: Option<String>,
}

impl From<AuditLine> for EventBody {
    fn from(line: AuditLine) -> Self {
        Self {
            id: line.id.to_string(),
            at: line.at,
            actor: ActorBody { kind: line.actor_kind, id: line.actor_id },
            event: line.event,
            cause: line.cause,
            details: line.details,
        }
    }
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct EventsQuery {
    /// The most events to answer with, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// List what happened to a connection, the latest first.
#[utoipa::path(get, path = "/api/connections/{id}/events", tag = "Connections",
    params(("id" = String, Path), EventsQuery),
    responses((status = 200, description = "The events.", body = Page<EventBody>), Problems)
)]
pub(crate) async fn list_connection_events(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
) -> Result<Json<Page<EventBody>>, Problem> {
    let connection = caller.connection(&app, &id).await?;
    let limit = query.limit.unwrap_or(cursor::USUAL);
    cursor::limit(Some(limit))?;
    let before = cursor::decode::<AuditId>(query.cursor.as_deref())?;
    let mut lines = app.store().list_audit(connection.id, before, limit + 1).await?;
    let more = cursor::cut(&mut lines, Some(limit));
    let next_cursor = lines.last().filter(|_| more).map(|last| cursor::encode(&last.id));
    Ok(Json(Page { items: lines.into_iter().map(Into::into).collect(), next_cursor }))
}
