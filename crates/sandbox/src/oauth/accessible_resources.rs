//! The sites that a token reaches.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{Bearer, Product};
use crate::{app::Sandbox, world::site::Site};

/// `GET /oauth/token/accessible-resources`: one entry per site *and product*. Both entries of a site have the
/// same id; what tells them apart are their scopes.
pub async fn list(State(sandbox): State<Sandbox>, bearer: Bearer) -> Json<Vec<Value>> {
    let world = sandbox.world();
    let entry = |site: &Site, product: Product| {
        let scopes = bearer.scopes.of(product);
        let installed = product == Product::Jira || site.confluence;
        let resource = json!({
            "id": site.cloud_id,
            "url": sandbox.site_url(&site.name),
            "name": site.name,
            "scopes": scopes,
            "avatarUrl": format!("{}/avatars/site/{}", sandbox.base_url(), site.name),
        });
        (installed && !scopes.is_empty()).then_some(resource)
    };
    let sites = bearer.sites.iter().map(|index| &world.sites[*index]);
    Json(
        sites
            .flat_map(|site| [entry(site, Product::Confluence), entry(site, Product::Jira)])
            .flatten()
            .collect(),
    )
}
