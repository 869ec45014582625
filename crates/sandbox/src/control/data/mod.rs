//! Changes to the data, as a person would make them in the browser.

pub mod activity;
pub mod attached;
pub mod issues;
pub mod pages;
pub mod projects;
pub mod spaces;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::Sandbox,
    world::{edit::Refusal, people::PersonIndex, site::Site},
};

#[derive(Deserialize)]
pub struct SitePath {
    pub site: String,
}

/// One thing of a site.
#[derive(Deserialize)]
pub struct ThingPath {
    pub site: String,
    pub id: String,
}

#[derive(Deserialize)]
pub struct Purge {
    #[serde(default)]
    pub purge: bool,
}

/// An answer of the control interface to a request that it cannot carry out.
pub fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

impl Sandbox {
    /// The people behind account ids or e-mail addresses, or the one that is nobody's.
    fn accounts(&self, hints: Option<&[String]>) -> Result<Option<Vec<PersonIndex>>, String> {
        let Some(hints) = hints else { return Ok(None) };
        let world = self.world();
        let find = |hint: &String| {
            world.account_by_hint(hint).ok_or_else(|| format!("nobody has the account {hint}"))
        };
        hints.iter().map(find).collect::<Result<_, _>>().map(Some)
    }

    /// Changes a site and answers with what the change gives.
    fn change<R: IntoResponse>(
        &self,
        site: &str,
        change: impl FnOnce(&mut Site) -> Result<R, Refusal>,
    ) -> Response {
        let mut world = self.world_mut();
        let Some(index) = world.site_by_name(site) else {
            return refusal(StatusCode::NOT_FOUND, "there is no such site");
        };
        match change(&mut world.sites[index]) {
            Ok(done) => done.into_response(),
            Err(Refusal::Missing(what)) => {
                refusal(StatusCode::NOT_FOUND, &format!("there is no such {what}"))
            }
            Err(Refusal::Invalid(why)) => refusal(StatusCode::UNPROCESSABLE_ENTITY, why),
        }
    }
}
