//! `api.atlassian.com/ex/{product}/{cloudId}`.

use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{Caller, limits::Tenant, unknown_path};
use crate::{
    app::Sandbox,
    oauth::{Bearer, Product},
};

#[derive(Deserialize)]
pub struct CloudPath {
    cloud_id: String,
}

pub async fn enter_jira(
    State(sandbox): State<Sandbox>,
    Path(path): Path<CloudPath>,
    bearer: Bearer,
    request: Request,
    next: Next,
) -> Response {
    enter(&sandbox, Product::Jira, &path.cloud_id, bearer, request, next).await
}

pub async fn enter_confluence(
    State(sandbox): State<Sandbox>,
    Path(path): Path<CloudPath>,
    bearer: Bearer,
    request: Request,
    next: Next,
) -> Response {
    enter(&sandbox, Product::Confluence, &path.cloud_id, bearer, request, next).await
}

async fn enter(
    sandbox: &Sandbox,
    product: Product,
    cloud_id: &str,
    bearer: Bearer,
    mut request: Request,
    next: Next,
) -> Response {
    let found = {
        let world = sandbox.world();
        let index = world.site_by_cloud_id(cloud_id);
        index.map(|index| (index, world.sites[index].name.clone(), world.sites[index].confluence))
    };
    let Some((site, name, confluence)) = found else {
        return unknown_path().await;
    };
    if !bearer.sites.contains(&site) {
        return not_installed();
    }
    if product == Product::Confluence && !confluence {
        return unknown_path().await;
    }
    let folder = match product {
        Product::Jira => "jira",
        Product::Confluence => "confluence",
    };
    request.extensions_mut().insert(Caller {
        site,
        person: Some(bearer.person),
        scopes: Some(bearer.scopes),
        root: format!("{}/ex/{folder}/{cloud_id}", sandbox.base_url()),
        site_url: sandbox.site_url(&name),
    });
    let tenant = Tenant { site, product, pays_points: true };
    sandbox.limits().admit(sandbox.now(), tenant, request, next).await
}

/// A site that exists but is not part of the grant.
fn not_installed() -> Response {
    let body = json!({ "code": 403, "message": "The app is not installed on this instance" });
    (StatusCode::FORBIDDEN, Json(body)).into_response()
}
