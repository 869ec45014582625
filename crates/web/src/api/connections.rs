use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use connector_domain::{Connection, ConnectionSite, DataFate, Timestamp};
use connector_sync::Stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rows::Page;
use super::scope_check::{ScopeCheckBody, words};
use crate::App;
use crate::http::access::{Access, Read, Write};
use crate::http::extract::{Path, Query};
use crate::http::problem::{Problem, Problems};

/// A connection. Never a token.
#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
pub(crate) struct ConnectionBody {
    id: String,
    user_id: i64,
    /// Atlassian's id of the account.
    account_id: Option<String>,
    /// `active`, `needs_reconnect` or `disconnected`.
    #[schema(example = "active")]
    status: &'static str,
    /// Why, where it is not active.
    status_reason: Option<String>,
    scopes: Vec<String>,
    /// What the consent before covered and this one does not.
    lost_scopes: Vec<String>,
    sites: Vec<SiteBody>,
    /// The ids of the sites that are chosen to be synchronized; null for all.
    chosen_sites: Option<Vec<String>>,
    /// The names of the streams that are chosen to be synchronized; null for all that the consent covers.
    chosen_streams: Option<Vec<String>>,
    /// The streams there are.
    streams: Vec<StreamBody>,
    scope_check: ScopeCheckBody,
    /// When the access token ends; it is renewed before, or where nobody has used it for a while, when it is needed.
    #[schema(value_type = Option<String>, format = DateTime)]
    access_expires_at: Option<Timestamp>,
    /// When Atlassian ends the consent, a year after it; null where it is not active.
    #[schema(value_type = Option<String>, format = DateTime)]
    consent_expires_at: Option<Timestamp>,
    /// Set from 14 days before that on: the person should connect again before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    renew_by: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    connected_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// An Atlassian site.
#[derive(Serialize, ToSchema)]
#[schema(as = Site)]
struct SiteBody {
    cloud_id: String,
    name: String,
    url: String,
    avatar_url: Option<String>,
    /// `jira`, `confluence`.
    products: Vec<&'static str>,
    scopes: Vec<String>,
    /// Since when Atlassian lists it no more; what was read of it stays.
    #[schema(value_type = Option<String>, format = DateTime)]
    gone_at: Option<Timestamp>,
}

/// A kind of records that can be synchronized.
#[derive(Serialize, ToSchema)]
#[schema(as = Stream)]
struct StreamBody {
    #[schema(example = "jira_issues")]
    name: &'static str,
    /// `jira` or `confluence`.
    product: &'static str,
    /// Whether it is switched on.
    chosen: bool,
    /// The scopes that it needs.
    needs: Vec<&'static str>,
}

impl From<ConnectionSite> for SiteBody {
    fn from(ConnectionSite { site, gone_at }: ConnectionSite) -> Self {
        Self {
            gone_at,
            products: site.products().into_iter().map(connector_domain::Product::as_str).collect(),
            scopes: words(&site.scopes),
            cloud_id: site.cloud_id.to_string(),
            name: site.name,
            url: site.url,
            avatar_url: site.avatar_url,
        }
    }
}

impl ConnectionBody {
    pub(super) fn of(app: &App, connection: Connection) -> Self {
        let scope_check = ScopeCheckBody::of(app, &connection);
        let stream = |stream: Stream| StreamBody {
            name: stream.as_str(),
            product: stream.product().as_str(),
            chosen: connection.wants_stream(stream.as_str()),
            needs: stream.needs().to_vec(),
        };
        let streams = Stream::ALL.map(stream).into();
        let end = app.connections().consent_end(&connection);
        Self {
            streams,
            scope_check,
            consent_expires_at: end.map(|end| end.expires_at),
            renew_by: end.and_then(|end| end.renew_by),
            id: connection.id.to_string(),
            user_id: connection.user_id.0,
            account_id: connection.account_id.map(|id| id.to_string()),
            status: connection.status.as_str(),
            status_reason: connection.status_reason,
            scopes: words(&connection.scopes),
            lost_scopes: words(&connection.lost_scopes),
            chosen_sites: connection.chosen_sites.map(|all| all.iter().map(ToString::to_string).collect()),
            chosen_streams: connection.chosen_streams.map(|all| all.into_iter().collect()),
            sites: connection.sites.into_iter().map(Into::into).collect(),
            access_expires_at: connection.access_expires_at,
            connected_at: connection.connected_at,
            updated_at: connection.updated_at,
        }
    }
}

/// List the connections, the latest consent first.
#[utoipa::path(get, path = "/api/connections", tag = "Connections", responses(
    (status = 200, description = "The connections.", body = Page<ConnectionBody>),
    Problems,
))]
pub(crate) async fn list_connections(
    State(app): State<App>,
    caller: Access<Read>,
) -> Result<Json<Page<ConnectionBody>>, Problem> {
    let connections = app.store().list_connections(caller.scope(&app)?).await?;
    Ok(Json(Page {
        items: connections.into_iter().map(|one| ConnectionBody::of(&app, one)).collect(),
        next_cursor: None,
    }))
}

/// Find a connection by id.
#[utoipa::path(get, path = "/api/connections/{id}", tag = "Connections", params(("id" = String, Path)), responses(
    (status = 200, description = "The connection.", body = ConnectionBody),
    Problems,
))]
pub(crate) async fn find_connection(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id): Path<String>,
) -> Result<Json<ConnectionBody>, Problem> {
    Ok(Json(ConnectionBody::of(&app, caller.connection(&app, &id).await?)))
}

/// Where a person takes back what an app may do. Atlassian has no way for the app to do it.
pub(crate) const REVOKE_AT: &str = "https://id.atlassian.com/manage-profile/apps";

/// What becomes of the mirrored rows.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Data {
    #[default]
    Keep,
    Erase,
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct DisconnectQuery {
    /// `keep` leaves the mirrored rows where they are. `erase` deletes them in the background, also after a restart,
    /// and notes in the trail how many; rows that were put in by hand stay, and so do those that another active
    /// connection of the person keeps up to date.
    #[serde(default)]
    #[param(inline, default = "keep")]
    data: Data,
}

/// Disconnect: destroys the tokens, ends the syncs under way, and keeps or erases the mirrored data.
///
/// Atlassian has no way for an app to give a grant back; the person removes it at
/// <https://id.atlassian.com/manage-profile/apps>, which the answer names in its `Link` header.
#[utoipa::path(delete, path = "/api/connections/{id}", tag = "Connections",
    params(("id" = String, Path), DisconnectQuery),
    responses(
        (status = 204, description = "There are no tokens of it any more.", headers(
            ("Link" = String, description = "Where the person takes the consent back at Atlassian."),
        )),
        Problems,
    )
)]
pub(crate) async fn disconnect(
    State(app): State<App>,
    caller: Access<Write>,
    Path(id): Path<String>,
    Query(query): Query<DisconnectQuery>,
) -> Result<impl IntoResponse, Problem> {
    let connection = caller.connection(&app, &id).await?;
    let data = match query.data {
        Data::Keep => DataFate::Kept,
        Data::Erase => DataFate::Erased,
    };
    app.syncs().disconnect(connection.id, data, caller.actor()).await?;
    let link = format!("<{REVOKE_AT}>; rel=\"related\"; title=\"Connected apps at Atlassian\"");
    Ok((StatusCode::NO_CONTENT, [(header::LINK, link)]))
}

/// Exchange the connection's refresh token for a new pair now.
#[utoipa::path(post, path = "/api/connections/{id}/refresh", tag = "Connections", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The connection, with its new expiry.", body = ConnectionBody),
        Problems,
    )
)]
pub(crate) async fn refresh_connection(
    State(app): State<App>,
    caller: Access<Write>,
    Path(id): Path<String>,
) -> Result<Json<ConnectionBody>, Problem> {
    let connection = caller.connection(&app, &id).await?;
    app.connections().refresh_now(connection.id).await?;
    Ok(Json(ConnectionBody::of(&app, caller.connection(&app, &id).await?)))
}
