//! Which worklogs changed, on the whole site, and worklogs by their ids.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{fields::Selection, row::Renderer, worklog::row};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted},
    jira::{ApiVersion, error::JiraError, urls::Urls},
    params::Params,
    world::{
        Millis,
        activity::{owner_of, worklogs},
    },
};

const PAGE: usize = 1000;
/// How many ids may be asked for at once.
const MOST_IDS: usize = 1000;
/// What changed in the last minute is not listed yet.
const SETTLING: Millis = 60_000;

/// `GET /worklog/updated?since=`: created or changed, oldest first.
pub async fn updated(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let since = since(&params)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let worklogs = view.issues().flat_map(|issue| worklogs(view.site, issue));
    let changes = worklogs.map(|worklog| (worklog.updated, worklog.id)).collect();
    Ok(page(Urls::new(view, version), "updated", since, sandbox.now_millis(), changes))
}

/// `GET /worklog/deleted?since=`
pub async fn deleted(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let since = since(&params)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    view.person().ok_or_else(JiraError::unauthorized)?;
    let changes = view.site.deleted_worklogs.iter().map(|(id, at)| (*at, *id)).collect();
    Ok(page(Urls::new(view, version), "deleted", since, sandbox.now_millis(), changes))
}

fn since(params: &Params) -> Result<Millis, JiraError> {
    let text = params.get("since").unwrap_or("0");
    text.parse().map_err(|_| JiraError::bad_request("The value of 'since' is not a number."))
}

/// A page of changes. One that is full goes on to the last change of its last moment, so that the next page, which
/// begins after that moment, misses none.
fn page(urls: Urls<'_>, name: &str, since: Millis, now: Millis, mut changes: Vec<(Millis, u64)>) -> Counted {
    changes.retain(|(at, _)| *at > since && *at <= now - SETTLING);
    changes.sort_unstable();
    let total = changes.len();
    if let Some((last, _)) = changes.get(PAGE - 1).copied() {
        changes.truncate(changes.partition_point(|(at, _)| *at <= last));
    }
    let last_page = changes.len() == total;
    let until = changes.last().map_or(since, |(at, _)| *at);
    let link = |since: Millis| urls.resource(&format!("worklog/{name}?since={since}"));
    let values: Vec<Value> = changes
        .iter()
        .map(|(at, id)| json!({ "worklogId": id, "updatedTime": at, "properties": [] }))
        .collect();
    let count = values.len();
    let mut body = json!({
        "values": values,
        "since": since,
        "until": until,
        "self": link(since),
        "lastPage": last_page,
    });
    if !last_page {
        body["nextPage"] = json!(link(until));
    }
    Counted(body, count)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    ids: Vec<u64>,
}

/// `POST /worklog/list`: a bare array; what is not found is left out.
pub async fn list_by_ids(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    request: Result<Json<ListRequest>, JsonRejection>,
) -> Result<Counted, JiraError> {
    let Json(ListRequest { mut ids }) = request.map_err(JiraError::from_body)?;
    if ids.len() > MOST_IDS {
        return Err(JiraError::bad_request("The number of worklog ids must not exceed 1000."));
    }
    ids.sort_unstable();
    ids.dedup();
    let world = sandbox.world();
    let view = caller.view(&world);
    let selection = Selection::read(&[], "id");
    let renderer = Renderer::new(view, version, &selection, &[]);
    let find = |id: &u64| {
        let issue = view.issue(&owner_of(*id).to_string())?;
        let worklog = worklogs(view.site, issue).into_iter().find(|worklog| worklog.id == *id)?;
        Some(row(&renderer, issue, &worklog))
    };
    let rows: Vec<Value> = ids.iter().filter_map(find).collect();
    let count = rows.len();
    Ok(Counted(Value::Array(rows), count))
}
