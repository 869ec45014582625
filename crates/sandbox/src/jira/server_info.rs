//! The Jira instance itself; no scope is needed to read it.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::time::timestamp;
use crate::{app::Sandbox, gateway::Caller};

/// `GET /serverInfo`
pub async fn show(State(sandbox): State<Sandbox>, caller: Caller) -> Json<Value> {
    let world = sandbox.world();
    let site = caller.view(&world).site;
    Json(json!({
        "baseUrl": caller.site_url,
        "displayUrl": caller.site_url,
        "displayUrlConfluence": caller.site_url,
        "displayUrlServicedeskHelpCenter": caller.site_url,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_298,
        "buildDate": timestamp(crate::world::LAST_DAY, site.zone),
        "serverTime": timestamp(sandbox.now_millis(), site.zone),
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": site.title,
        "defaultLocale": { "locale": "en_US" },
        "serverTimeZone": site.zone.name(),
    }))
}
