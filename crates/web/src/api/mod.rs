//! The API: one list of routes.

mod completeness;
mod confluence_blog_posts;
mod confluence_pages;
mod confluence_spaces;
mod connection_events;
mod connections;
mod content;
mod health;
mod integrations;
mod jira_issues;
mod jira_projects;
mod me;
mod mirrored;
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
        description = "Connects an application to Atlassian Cloud: Jira projects and issues, Confluence spaces, pages \
                       and blog posts, mirrored into the team's own database.",
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
        (name = "Jira", description = "Mirrored projects and issues, and projects put in by hand."),
        (name = "Confluence", description = "Mirrored spaces, pages and blog posts, and pages put in by hand."),
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
        .routes(routes!(completeness::show_completeness))
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
        .routes(routes!(jira_issues::list_issues))
        .routes(routes!(jira_issues::find_issue))
        .routes(routes!(jira_issues::list_issue_comments))
        .routes(routes!(jira_issues::list_issue_worklogs))
        .routes(routes!(jira_issues::list_issue_changes))
        .routes(routes!(confluence_pages::upsert_page))
        .routes(routes!(confluence_pages::list_pages_of_owner))
        .routes(routes!(confluence_pages::list_pages))
        .routes(routes!(confluence_pages::find_page))
        .routes(routes!(content::list_page_comments))
        .routes(routes!(content::list_page_labels))
        .routes(routes!(content::list_page_attachments))
        .routes(routes!(confluence_blog_posts::list_blog_posts))
        .routes(routes!(confluence_blog_posts::find_blog_post))
        .routes(routes!(content::list_blog_post_comments))
        .routes(routes!(content::list_blog_post_labels))
        .routes(routes!(content::list_blog_post_attachments))
        .routes(routes!(confluence_spaces::list_spaces))
}
