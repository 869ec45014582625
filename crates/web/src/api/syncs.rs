use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use connector_domain::{ConnectionId, StreamProgress, SyncMode, SyncRun, SyncRunId, Timestamp};
use connector_sync::{RequestError, Stream};
use futures::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use utoipa::{IntoParams, ToSchema};

use super::rows::Page;
use crate::App;
use crate::http::access::{Access, Read, Write};
use crate::http::caller::Caller;
use crate::http::cursor;
use crate::http::extract::{OptionalJson, Path, Query};
use crate::http::problem::{FieldError, Problem, Problems};

/// How often a run of another process is looked at. Those of this one announce themselves.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What to sync.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct RequestSync {
    /// The session's connection where it is left out, else the first user's.
    connection_id: Option<String>,
    /// `jira_projects`, `jira_issues`, `confluence_pages`, …; all where it is left out.
    #[schema(example = json!(["jira_projects"]))]
    streams: Option<Vec<String>>,
    /// `incremental` reads what has changed, and whatever was never read. `full` reads everything anew and takes a
    /// census after it. `census` compares ids: what is not there any more, and whether the copy is complete.
    #[schema(value_type = Option<String>, example = "incremental")]
    mode: Option<SyncMode>,
}

/// A sync run: how far it is, or how it ended.
#[derive(Serialize, ToSchema)]
#[schema(as = SyncRun)]
pub(crate) struct SyncBody {
    id: String,
    connection_id: String,
    /// `incremental`, `full` or `census`.
    #[schema(value_type = String, example = "full")]
    mode: SyncMode,
    /// `queued`, `running`, `waiting`, `succeeded`, `failed` or `cancelled`.
    #[schema(example = "running")]
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// How often it was started; more than once where it had to wait or a process died over it.
    attempt: i32,
    streams: Vec<StreamBody>,
    /// When all streams will be through of which that is known; what the run waits for comes on top.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// Until when it stands still, and why.
    waiting: Option<WaitingBody>,
    /// What went wrong, and what mends it.
    error: Option<String>,
}

/// How far a stream is.
#[derive(Serialize, ToSchema)]
#[schema(as = StreamProgress)]
struct StreamBody {
    #[schema(example = "jira_projects")]
    name: String,
    /// Records read from Atlassian.
    fetched: u64,
    /// Rows that this changed.
    written: u64,
    /// Rows removed.
    deleted: u64,
    /// How many records there are, where Atlassian says so.
    total: Option<u64>,
    done: bool,
    /// Lists' pages whose rows were written.
    pages: u64,
    /// Records read a minute, over the last one; while the run reads.
    rate: Option<u64>,
    /// When it will be through at this rate, where it is known how many records there are.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// Why it was left out: the consent lacks its scope, or the account a permission.
    skipped: Option<String>,
    /// What of it could not be read, and why. The rest of it, and the other streams, were.
    error: Option<String>,
    /// What was left as it is: so much was missing at once that nothing was removed.
    notice: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Waiting)]
struct WaitingBody {
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    reason: String,
}

impl From<StreamProgress> for StreamBody {
    fn from(progress: StreamProgress) -> Self {
        Self {
            name: progress.name,
            fetched: progress.fetched,
            written: progress.written,
            deleted: progress.deleted,
            total: progress.total,
            done: progress.done,
            pages: progress.pages,
            rate: progress.rate,
            ends_at: progress.ends_at,
            skipped: progress.skipped,
            error: progress.error,
            notice: progress.notice,
        }
    }
}

impl From<SyncRun> for SyncBody {
    fn from(run: SyncRun) -> Self {
        Self {
            id: run.id.to_string(),
            connection_id: run.connection_id.to_string(),
            mode: run.mode,
            status: run.status.as_str(),
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            attempt: run.attempt,
            ends_at: run.streams.iter().filter_map(|stream| stream.ends_at).max(),
            streams: run.streams.into_iter().map(Into::into).collect(),
            waiting: run.waiting.map(|waiting| WaitingBody { until: waiting.until, reason: waiting.reason }),
            error: run.error,
        }
    }
}

/// Ask for a sync.
///
/// Two syncs of one connection never run at once: where one waits or runs already, that one is the answer, whatever
/// streams it has.
#[utoipa::path(post, path = "/api/syncs", tag = "Syncs", request_body = Option<RequestSync>, responses(
    (status = 202, description = "The run.", body = SyncBody),
    Problems,
))]
pub(crate) async fn request_sync(
    State(app): State<App>,
    caller: Access<Write>,
    OptionalJson(body): OptionalJson<RequestSync>,
) -> Result<(StatusCode, Json<SyncBody>), Problem> {
    let body = body.unwrap_or_default();
    let streams = streams(body.streams.unwrap_or_default())?;
    let id = match body.connection_id {
        Some(id) => caller.connection(&app, &id).await?.id,
        None => default_connection(&app, &caller).await?,
    };
    match app.syncs().request(id, body.mode.unwrap_or_default(), &streams).await {
        Ok(run) => Ok((StatusCode::ACCEPTED, Json(run.into()))),
        Err(RequestError::UnknownConnection) => Err(Problem::not_found("There is no such connection.")),
        Err(error @ RequestError::SwitchedOff) => Err(Problem::invalid_field("/streams", error.to_string())),
        Err(error @ RequestError::NotActive) => {
            Err(Problem::new(StatusCode::CONFLICT, format!("Nothing can be synced: {error}.")))
        }
        Err(error @ RequestError::Busy) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).retry_after(1))
        }
        Err(RequestError::Store(error)) => Err(error.into()),
    }
}

fn streams(names: Vec<String>) -> Result<Vec<Stream>, Problem> {
    let mut errors = Vec::new();
    let mut streams = Vec::new();
    for (i, name) in names.into_iter().enumerate() {
        match name.parse() {
            Ok(stream) => streams.push(stream),
            Err(error) => {
                let error: connector_sync::UnknownStream = error;
                errors.push(FieldError { pointer: format!("/streams/{i}"), detail: error.to_string() });
            }
        }
    }
    if errors.is_empty() { Ok(streams) } else { Err(Problem::invalid(errors)) }
}

async fn default_connection(app: &App, caller: &Caller) -> Result<ConnectionId, Problem> {
    let none = || Problem::new(StatusCode::CONFLICT, "No Atlassian account is connected. Connect one first.");
    let owner = caller.owner(app, None).await?.ok_or_else(none)?;
    Ok(app.connections().current(owner).await?.ok_or_else(none)?.id)
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// Only the runs of this connection.
    connection_id: Option<String>,
    /// The most runs to answer with, 1 to 1000.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// List the sync runs, the latest first.
#[utoipa::path(get, path = "/api/syncs", tag = "Syncs", params(ListQuery), responses(
    (status = 200, description = "The runs.", body = Page<SyncBody>),
    Problems,
))]
pub(crate) async fn list_syncs(
    State(app): State<App>,
    caller: Access<Read>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<SyncBody>>, Problem> {
    let scope = caller.scope(&app)?;
    let connection = match query.connection_id {
        Some(id) => Some(caller.connection(&app, &id).await?.id),
        None => None,
    };
    let limit = query.limit.unwrap_or(cursor::USUAL);
    cursor::limit(Some(limit))?;
    let before = cursor::decode::<SyncRunId>(query.cursor.as_deref())?;
    let mut runs = app.store().list_sync_runs(scope, connection, before, limit + 1).await?;
    let more = cursor::cut(&mut runs, Some(limit));
    let next_cursor = runs.last().filter(|_| more).map(|last| cursor::encode(&last.id));
    Ok(Json(Page { items: runs.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Find a sync run by id.
#[utoipa::path(get, path = "/api/syncs/{id}", tag = "Syncs", params(("id" = String, Path)), responses(
    (status = 200, description = "The run.", body = SyncBody),
    Problems,
))]
pub(crate) async fn find_sync(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id): Path<String>,
) -> Result<Json<SyncBody>, Problem> {
    Ok(Json(find(&app, &caller, &id).await?.into()))
}

async fn find(app: &App, caller: &Caller, id: &str) -> Result<SyncRun, Problem> {
    let missing = || Problem::not_found("There is no such sync run.");
    let id: SyncRunId = id.parse().map_err(|_| missing())?;
    let run = app.store().find_sync_run(id).await?.ok_or_else(missing)?;
    match caller.connection(app, &run.connection_id.to_string()).await {
        Ok(_) => Ok(run),
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Err(missing()),
        Err(problem) => Err(problem),
    }
}

/// Follow a sync run as server-sent events.
///
/// Each event is named `progress` and holds the run; the last one is the one with a final status.
#[utoipa::path(get, path = "/api/syncs/{id}/events", tag = "Syncs", params(("id" = String, Path)), responses(
    (status = 200, description = "Events.", body = SyncBody, content_type = "text/event-stream"),
    Problems,
))]
pub(crate) async fn follow_sync(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id): Path<String>,
) -> Result<Sse<impl futures::Stream<Item = Result<Event, Infallible>>>, Problem> {
    // Listening begins before looking, so that no change between the two is lost.
    let changes = app.syncs().watch();
    let run = find(&app, &caller, &id).await?;
    let follower = Follower { app, caller, id: run.id, changes, next: Some(run), shown: String::new() };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.event().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

struct Follower {
    app: App,
    caller: Access<Read>,
    id: SyncRunId,
    changes: broadcast::Receiver<SyncRunId>,
    /// What is to be shown without waiting.
    next: Option<SyncRun>,
    /// What was shown last; empty once there is nothing more to show.
    shown: String,
}

impl Follower {
    /// The next state that differs from the one shown last; `None` after the final one.
    async fn event(&mut self) -> Option<Event> {
        loop {
            let run = match self.next.take() {
                Some(run) => run,
                None => self.changed().await?,
            };
            let is_final = run.status.is_final();
            let json = serde_json::to_string(&SyncBody::from(run)).unwrap_or_default();
            if json != self.shown {
                let event = Event::default().event("progress").data(&json);
                self.shown = if is_final { String::new() } else { json };
                return Some(event);
            }
        }
    }

    async fn changed(&mut self) -> Option<SyncRun> {
        if self.shown.is_empty() {
            return None;
        }
        loop {
            tokio::select! {
                () = self.app.stop().cancelled() => return None,
                () = announced(&mut self.changes, self.id) => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            // Whoever has logged out meanwhile, or whose key was revoked, sees no more.
            if !self.caller.is_still_there(&self.app).await {
                return None;
            }
            match self.app.store().find_sync_run(self.id).await {
                Ok(run) => return run,
                // The end of the events would be taken for the end of the run.
                Err(error) => {
                    tracing::debug!(sync.id = %self.id, %error, "a sync that is followed cannot be read");
                }
            }
        }
    }
}

/// Waits until something of a run has changed in this process, or may have.
async fn announced(changes: &mut broadcast::Receiver<SyncRunId>, run: SyncRunId) {
    use broadcast::error::RecvError;
    loop {
        match changes.recv().await {
            Ok(id) if id != run => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
