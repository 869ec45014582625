//! Many people, and many consents.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::data::refusal;
use crate::{
    app::Sandbox,
    oauth::{CodeRequest, ScopeSet},
    world::{World, people::PersonIndex, site::SiteIndex},
};

/// More than this at once is a slip.
const MOST: usize = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hire {
    count: usize,
    /// The site that they are members of; the default one when it is left out.
    site: Option<String>,
}

/// Consents as if each of these people had been asked by the app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consents {
    /// Account ids or e-mail addresses.
    people: Vec<String>,
    /// Name of the site; each person's first one when it is left out.
    site: Option<String>,
    scopes: String,
    redirect_uri: String,
    /// PKCE challenge, method S256.
    code_challenge: Option<String>,
}

/// `POST /__sandbox/people`
pub async fn hire(State(sandbox): State<Sandbox>, Json(request): Json<Hire>) -> Response {
    let mut world = sandbox.world_mut();
    let Some(site) = request.site.as_deref().map_or(Some(0), |name| world.site_by_name(name)) else {
        return refusal(StatusCode::NOT_FOUND, "there is no such site");
    };
    if request.count > MOST {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "not so many at once");
    }
    let new = world.hire(site, request.count);
    let rows: Vec<Value> = new.map(|person| account(&world, person)).collect();
    (StatusCode::CREATED, Json(json!({ "people": rows }))).into_response()
}

/// `POST /__sandbox/grants`: all these people consent; the answer has a code for each, to be exchanged as usual.
pub async fn consent(State(sandbox): State<Sandbox>, Json(request): Json<Consents>) -> Response {
    if !sandbox.app().allows_redirect_to(&request.redirect_uri) {
        return refusal(StatusCode::UNPROCESSABLE_ENTITY, "this is none of the app's callbacks");
    }
    let world = sandbox.world();
    let who: Result<Vec<(PersonIndex, SiteIndex)>, String> =
        request.people.iter().map(|hint| member(&world, hint, request.site.as_deref())).collect();
    let who = match who {
        Ok(who) => who,
        Err(why) => return refusal(StatusCode::NOT_FOUND, &why),
    };
    let scopes = ScopeSet::parse(&request.scopes);
    let code = CodeRequest { redirect_uri: request.redirect_uri, challenge: request.code_challenge };
    let row = |(person, site)| {
        let code = sandbox.grants().consent(
            (person, site),
            scopes.clone(),
            code.clone(),
            sandbox.switches(),
            sandbox.now_millis(),
        );
        let mut row = account(&world, person);
        row["cloud_id"] = json!(world.sites[site].cloud_id);
        row["code"] = json!(code);
        row
    };
    let rows: Vec<Value> = who.into_iter().map(row).collect();
    (StatusCode::CREATED, Json(json!({ "grants": rows }))).into_response()
}

fn member(world: &World, hint: &str, site: Option<&str>) -> Result<(PersonIndex, SiteIndex), String> {
    let (person, home) = world.at_home(Some(hint)).ok_or_else(|| format!("nobody has the account {hint}"))?;
    let site = site.map_or(Some(home), |name| world.site_by_name(name));
    let reached = site.filter(|site| world.sites[*site].has_member(person));
    reached.map(|site| (person, site)).ok_or_else(|| format!("{hint} has no access to this site"))
}

fn account(world: &World, person: PersonIndex) -> Value {
    let person = &world.people[person];
    json!({ "account_id": person.account_id, "email": person.email, "name": person.name })
}
