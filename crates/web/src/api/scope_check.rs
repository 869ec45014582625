use connector_domain::{Connection, Scopes};
use connector_sync::{SiteCheck, scope_check_of};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, Reconsent};

/// What the streams that are switched on need, compared with what the consent covers.
#[derive(Serialize, ToSchema)]
#[schema(as = ScopeCheck)]
pub(crate) struct ScopeCheckBody {
    needed: Vec<String>,
    /// What the person is to consent to, so that everything that is switched on can be read.
    missing: Vec<String>,
    /// What of it this service does not ask for yet: its operator adds it to `ATLASSIAN_SCOPES` and to the app first.
    not_configured: Vec<String>,
    /// The login that asks for what is missing; null where nothing is, or where the app is not configured any more.
    login_url: Option<String>,
    sites: Vec<SiteCheckBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SiteScopeCheck)]
struct SiteCheckBody {
    cloud_id: String,
    name: String,
    missing: Vec<String>,
    /// The streams that cannot be read there for want of scopes.
    streams: Vec<LackingBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LackingStream)]
struct LackingBody {
    name: &'static str,
    missing: Vec<&'static str>,
}

impl From<&SiteCheck> for SiteCheckBody {
    fn from(check: &SiteCheck) -> Self {
        let lacking = check.streams.iter().filter(|(_, reading)| !reading.missing().is_empty());
        Self {
            cloud_id: check.site.cloud_id.to_string(),
            name: check.site.name.clone(),
            missing: words(&check.missing()),
            streams: lacking
                .map(|(stream, reading)| LackingBody {
                    name: stream.as_str(),
                    missing: reading.missing().to_vec(),
                })
                .collect(),
        }
    }
}

impl ScopeCheckBody {
    pub(crate) fn of(app: &App, connection: &Connection) -> Self {
        let check = scope_check_of(connection);
        let missing = check.missing();
        let again = Reconsent::new(app.connections().settings(), connection, &missing);
        let again = again.filter(|_| !missing.is_empty());
        Self {
            needed: words(&check.needed()),
            not_configured: again.as_ref().map(|again| words(&again.not_configured)).unwrap_or_default(),
            login_url: again.map(|again| again.url(&app.settings().public_url)),
            missing: words(&missing),
            sites: check.sites.iter().map(Into::into).collect(),
        }
    }
}

/// The scopes as a list.
pub(crate) fn words(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(str::to_owned).collect()
}
