//! Tokens and grants: what was exchanged, what would be accepted now, and their ends.

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Value, json};

use super::data::refusal;
use crate::{
    CLIENT_ID,
    app::Sandbox,
    oauth::{Fingerprint, GrantRow, Standing, TokenEvent, TokenRow},
    world::{Millis, World, people::PersonIndex},
};

/// One person, or everybody when nobody is named.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// Account id or e-mail address.
    account: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    account: Option<String>,
    /// The sequence number of the last event that is known already.
    #[serde(default)]
    after: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presented {
    /// Beginnings of the SHA-256 of refresh tokens, at least 12 hexadecimal digits.
    fingerprints: Vec<String>,
}

/// `POST /__sandbox/tokens/expire`: the access tokens of one person, or all, end now.
pub async fn expire(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match named(&sandbox, &body) {
        Ok(person) => sandbox.grants().expire_access_tokens(person, sandbox.now_millis()),
        Err(bad) => return bad.into_response(),
    }
    StatusCode::NO_CONTENT.into_response()
}

/// `POST /__sandbox/grants/revoke`: one person, or everybody, takes the consent back.
pub async fn revoke(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    match named(&sandbox, &body) {
        Ok(person) => sandbox.grants().revoke(person),
        Err(bad) => return bad.into_response(),
    }
    StatusCode::NO_CONTENT.into_response()
}

/// `GET /__sandbox/tokens/history`: every request to the token endpoint, in the order of the work.
pub async fn history(State(sandbox): State<Sandbox>, Query(since): Query<Since>) -> Response {
    let person = match somebody(&sandbox, since.account.as_deref()) {
        Ok(person) => person,
        Err(bad) => return bad.into_response(),
    };
    let events = sandbox.grants().history(since.after, person);
    let world = sandbox.world();
    let rows: Vec<Value> = events.iter().map(|event| event_row(event, &world)).collect();
    Json(json!({ "events": rows })).into_response()
}

/// `POST /__sandbox/tokens/standing`: which of these refresh tokens would be exchanged now.
pub async fn standing(State(sandbox): State<Sandbox>, Json(presented): Json<Presented>) -> Response {
    let fingerprints: Result<Vec<Fingerprint>, ()> =
        presented.fingerprints.iter().map(|text| text.parse()).collect();
    let Ok(fingerprints) = fingerprints else {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "a fingerprint has at least 12 hexadecimal digits");
    };
    let rows = sandbox.grants().standings(&fingerprints, sandbox.now_millis());
    let world = sandbox.world();
    let rows: Vec<Value> = rows.iter().map(|row| token_row(row, &world)).collect();
    Json(json!({ "refresh_tokens": rows })).into_response()
}

/// `GET /__sandbox/grants`: the grants in force, each with the refresh tokens that would be exchanged now.
pub async fn grants(State(sandbox): State<Sandbox>, Query(whose): Query<Whose>) -> Response {
    let person = match somebody(&sandbox, whose.account.as_deref()) {
        Ok(person) => person,
        Err(bad) => return bad.into_response(),
    };
    let rows = sandbox.grants().in_force(person, sandbox.now_millis());
    let world = sandbox.world();
    let row = |grant: &GrantRow| {
        let sites: Vec<&str> = grant.sites.iter().map(|site| world.sites[*site].cloud_id.as_ref()).collect();
        let tokens: Vec<Value> = grant.refresh_tokens.iter().map(|row| token_row(row, &world)).collect();
        json!({
            "grant": grant.id,
            "client_id": CLIENT_ID,
            "account_id": world.people[grant.person].account_id,
            "email": world.people[grant.person].email,
            "scopes": grant.scopes,
            "cloud_ids": sites,
            "alive": !tokens.is_empty(),
            "refresh_tokens": tokens,
        })
    };
    Json(json!({ "grants": rows.iter().map(row).collect::<Vec<Value>>() })).into_response()
}

/// Why nobody is meant.
struct BadAccount(StatusCode, String);

impl IntoResponse for BadAccount {
    fn into_response(self) -> Response {
        refusal(self.0, &self.1)
    }
}

/// Whom a body names: an empty one, or `null`, means everybody.
fn named(sandbox: &Sandbox, body: &[u8]) -> Result<Option<PersonIndex>, BadAccount> {
    let whose: Option<Whose> = if body.is_empty() {
        None
    } else {
        serde_json::from_slice(body)
            .map_err(|error| BadAccount(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?
    };
    somebody(sandbox, whose.and_then(|whose| whose.account).as_deref())
}

fn somebody(sandbox: &Sandbox, account: Option<&str>) -> Result<Option<PersonIndex>, BadAccount> {
    let Some(account) = account else { return Ok(None) };
    let found = sandbox.world().account_by_hint(account);
    found.map(Some).ok_or_else(|| BadAccount(StatusCode::NOT_FOUND, String::from("there is no such account")))
}

fn event_row(event: &TokenEvent, world: &World) -> Value {
    let attempt = &event.attempt;
    let issued = attempt.issued.map(|(access, refresh)| {
        json!({
            "access_token": Fingerprint::of(access).to_string(),
            "refresh_token": refresh.map(|refresh| Fingerprint::of(refresh).to_string()),
        })
    });
    let answer = event
        .answer
        .map(|answer| json!({ "status": answer.status, "error": answer.error, "delivery": answer.delivery }));
    json!({
        "sequence": event.sequence,
        "at": time(event.at),
        "kind": attempt.kind,
        "client_id": attempt.holder.map(|_| CLIENT_ID),
        "account_id": attempt.holder.map(|holder| world.people[holder.person].account_id.as_str()),
        "grant": attempt.holder.map(|holder| holder.grant),
        "login": attempt.login,
        "presented": attempt.presented.map(|presented| Fingerprint::of(presented).to_string()),
        "worked": attempt.issued.is_some(),
        "issued": issued,
        "why": attempt.why,
        "ended_login": attempt.ended_login,
        "answer": answer,
    })
}

fn token_row(row: &TokenRow, world: &World) -> Value {
    let (exchangeable, used, until, why) = match row.standing {
        Standing::Exchangeable { until, used } => (true, Some(used), Some(time(until)), None),
        Standing::Refused(why) => (false, None, None, Some(why)),
    };
    json!({
        "fingerprint": row.fingerprint.to_string(),
        "account_id": row.holder.map(|holder| world.people[holder.person].account_id.as_str()),
        "grant": row.holder.map(|holder| holder.grant),
        "login": row.login,
        "exchangeable": exchangeable,
        "used": used,
        "until": until,
        "why": why,
    })
}

fn time(at: Millis) -> String {
    DateTime::from_timestamp_millis(at).unwrap_or_default().to_rfc3339()
}
