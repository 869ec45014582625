//! Behaviour that differs between reports.

use axum::{Json, extract::State};
use serde::Deserialize;

use crate::{
    app::Sandbox,
    switches::{AppSharing, DeadGrant, ExpiredToken, GrantReach, PeopleSearch, Siblings, Switches},
};

/// What to change; members that are left out stay as they are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    dead_grant: Option<DeadGrant>,
    siblings: Option<Siblings>,
    expired_token: Option<ExpiredToken>,
    ignore_pkce: Option<bool>,
    app: Option<AppSharing>,
    grants: Option<GrantReach>,
    index_lag: Option<u64>,
    date_skew: Option<i64>,
    /// 0 takes the limit away.
    token_limit: Option<u32>,
    people_search: Option<PeopleSearch>,
}

/// `GET /__sandbox/switches`
pub async fn show(State(sandbox): State<Sandbox>) -> Json<Switches> {
    Json(sandbox.switches())
}

/// `PATCH /__sandbox/switches`
pub async fn change(State(sandbox): State<Sandbox>, Json(change): Json<Change>) -> Json<Switches> {
    let present = sandbox.switches();
    let changed = Switches {
        dead_grant: change.dead_grant.unwrap_or(present.dead_grant),
        siblings: change.siblings.unwrap_or(present.siblings),
        expired_token: change.expired_token.unwrap_or(present.expired_token),
        ignore_pkce: change.ignore_pkce.unwrap_or(present.ignore_pkce),
        app: change.app.unwrap_or(present.app),
        grants: change.grants.unwrap_or(present.grants),
        index_lag: change.index_lag.unwrap_or(present.index_lag),
        date_skew: change.date_skew.unwrap_or(present.date_skew),
        token_limit: change
            .token_limit
            .map_or(present.token_limit, |limit| Some(limit).filter(|_| limit > 0)),
        people_search: change.people_search.unwrap_or(present.people_search),
    };
    sandbox.set_switches(changed);
    Json(changed)
}
