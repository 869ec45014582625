//! The bearer token of a request to `api.atlassian.com`.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{Product, ScopeSet};
use crate::{
    app::Sandbox,
    gateway::product_of,
    switches::ExpiredToken,
    world::{people::PersonIndex, site::SiteIndex},
};

/// Who a valid access token speaks for.
#[derive(Clone, Debug)]
pub struct Bearer {
    pub person: PersonIndex,
    pub scopes: ScopeSet,
    pub sites: Vec<SiteIndex>,
}

impl FromRequestParts<Sandbox> for Bearer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, Response> {
        let (token, now) = (bearer_token(&parts.headers).unwrap_or_default(), sandbox.now_millis());
        sandbox.grants().bearer(token, now).ok_or_else(|| {
            let hidden = sandbox.switches().expired_token == ExpiredToken::Hidden;
            if hidden && sandbox.grants().is_expired(token, now) {
                expired(parts.uri.path())
            } else {
                unauthorized()
            }
        })
    }
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A missing, unknown, expired and revoked token all get this answer.
pub fn unauthorized() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "code": 401, "message": "Unauthorized" }))).into_response()
}

/// What some saw of Confluence instead: as if the thing did not exist, or were forbidden.
fn expired(path: &str) -> Response {
    let (status, message) = match path {
        _ if product_of(path) == Product::Jira => return unauthorized(),
        _ if path.contains("/rest/api/") => (StatusCode::FORBIDDEN, "Forbidden"),
        _ if path.contains("/api/v2/") => (StatusCode::NOT_FOUND, "Not Found"),
        _ => return unauthorized(),
    };
    (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
}

/// A valid token without the scope for what was asked. Refreshing it does not help, and the header says so.
pub fn scope_does_not_match() -> Response {
    let body = json!({ "code": 401, "message": "Unauthorized; scope does not match" });
    (StatusCode::UNAUTHORIZED, [("X-Failure-Category", "FAILURE_CLIENT_SCOPE_CHECK")], Json(body))
        .into_response()
}
