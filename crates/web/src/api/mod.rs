//! The API: one list of routes.

mod confluence_pages;
mod confluence_spaces;
mod connection_events;
mod connections;
mod health;
mod integrations;
mod jira_projects;
mod me;
mod oauth_callback;
mod oauth_login;
mod oauth_session;
mod rows;
mod syncs;
mod users;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Connector",
        description = "Connects an application to Atlassian Cloud: Jira projects and Confluence spaces and pages, \
                       mirrored into the team's own database.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(oauth_login::Provider)),
    tags(
        (name = "Health", description = "Whether the service is up."),
        (name = "Users", description = "The people who connect."),
        (name = "OAuth", description = "Connecting an Atlassian account."),
        (name = "Connections", description = "What is connected."),
        (name = "Syncs", description = "Keeping the mirror up to date."),
        (name = "Integrations", description = "The state of each product, and what was fetched from it."),
        (name = "Jira", description = "Mirrored projects, and those put in by hand."),
        (name = "Confluence", description = "Mirrored spaces and pages, and pages put in by hand."),
    ),
)]
struct Document;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::show_service))
        .routes(routes!(health::check_liveness))
        .routes(routes!(health::check_readiness))
        .routes(routes!(users::create_user, users::list_users))
        .routes(routes!(users::find_user))
        .routes(routes!(oauth_login::start_atlassian_login))
        .routes(routes!(oauth_login::start_legacy_login))
        .routes(routes!(oauth_login::start_legacy_login_under_api))
        .routes(routes!(oauth_callback::finish_atlassian_login))
        .routes(routes!(oauth_callback::finish_legacy_login))
        .routes(routes!(oauth_callback::finish_legacy_login_under_api))
        .routes(routes!(oauth_session::refresh_token))
        .routes(routes!(oauth_session::list_resources))
        .routes(routes!(me::show_caller))
        .routes(routes!(me::log_out))
        .routes(routes!(connections::list_connections))
        .routes(routes!(connections::find_connection, connections::disconnect))
        .routes(routes!(connections::refresh_connection))
        .routes(routes!(connection_events::list_connection_events))
        .routes(routes!(syncs::request_sync, syncs::list_syncs))
        .routes(routes!(syncs::find_sync))
        .routes(routes!(syncs::follow_sync))
        .routes(routes!(integrations::connect_jira))
        .routes(routes!(integrations::connect_confluence))
        .routes(routes!(integrations::fetch_jira_projects))
        .routes(routes!(integrations::fetch_confluence_pages))
        .routes(routes!(jira_projects::upsert_project))
        .routes(routes!(jira_projects::list_projects_of_owner))
        .routes(routes!(jira_projects::list_projects))
        .routes(routes!(confluence_pages::upsert_page))
        .routes(routes!(confluence_pages::list_pages_of_owner))
        .routes(routes!(confluence_pages::list_pages))
        .routes(routes!(confluence_pages::find_page))
        .routes(routes!(confluence_spaces::list_spaces))
}
