//! The API: one list of routes.

mod api_keys;
mod audit;
mod choice;
mod completeness;
mod confluence_blog_posts;
mod confluence_pages;
mod confluence_spaces;
mod connect_links;
mod connection_events;
mod connections;
mod content;
mod health;
mod integrations;
mod jira_issues;
mod jira_projects;
mod me;
mod metrics;
mod mirrored;
mod oauth_callback;
mod oauth_login;
mod oauth_session;
mod rows;
mod scope_check;
mod sessions;
mod syncs;
mod users;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::http::access::{KEY_SCHEME, SESSION_SCHEME, operation};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Connector",
        description = "Connects an application to Atlassian Cloud: Jira projects and issues, Confluence spaces, pages \
                       and blog posts, mirrored into the team's own database.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(oauth_login::Provider)),
    modifiers(&Schemes),
    tags(
        (name = "Health", description = "Whether the service is up."),
        (name = "Users", description = "The people who connect."),
        (name = "OAuth", description = "Connecting an Atlassian account."),
        (name = "Sessions", description = "Where one is signed in."),
        (name = "API keys", description = "How programs call this API."),
        (name = "Audit", description = "Who did what."),
        (name = "Connections", description = "What is connected."),
        (name = "Syncs", description = "Keeping the mirror up to date."),
        (name = "Integrations", description = "The state of each product, and what was fetched from it."),
        (name = "Jira", description = "Mirrored projects and issues, and projects put in by hand."),
        (name = "Confluence", description = "Mirrored spaces, pages and blog posts, and pages put in by hand."),
    ),
)]
struct Document;

/// The credentials that operations name.
struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let key = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("jcc_…")
            .description(Some("An API key (`connector api-keys create`), for programs."));
        components.add_security_scheme(KEY_SCHEME, SecurityScheme::Http(key.build()));
        let cookie =
            ApiKeyValue::with_description("sid", "The session of a person; over HTTPS `__Host-sid`.");
        components.add_security_scheme(SESSION_SCHEME, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(operation!(health::show_service))
        .routes(operation!(health::check_liveness))
        .routes(operation!(health::check_readiness))
        .routes(operation!(metrics::show_metrics))
        .routes(operation!(users::create_user))
        .routes(operation!(users::list_users))
        .routes(operation!(users::find_user))
        .routes(operation!(users::delete_user))
        .routes(operation!(users::delete_user_under_api))
        .routes(operation!(oauth_login::start_atlassian_login))
        .routes(operation!(connect_links::create_connect_link))
        .routes(operation!(oauth_login::open_connect_link))
        .routes(operation!(oauth_login::start_legacy_login))
        .routes(operation!(oauth_login::start_legacy_login_under_api))
        .routes(operation!(oauth_callback::finish_atlassian_login))
        .routes(operation!(oauth_callback::finish_legacy_login))
        .routes(operation!(oauth_callback::finish_legacy_login_under_api))
        .routes(operation!(oauth_session::refresh_token))
        .routes(operation!(oauth_session::list_resources))
        .routes(operation!(me::show_caller))
        .routes(operation!(me::log_out))
        .routes(operation!(sessions::list_sessions))
        .routes(operation!(sessions::end_all_sessions))
        .routes(operation!(sessions::end_session))
        .routes(operation!(api_keys::create_key))
        .routes(operation!(api_keys::list_keys))
        .routes(operation!(api_keys::revoke_key))
        .routes(operation!(audit::search_audit))
        .routes(operation!(connections::list_connections))
        .routes(operation!(connections::find_connection))
        .routes(operation!(choice::choose))
        .routes(operation!(connections::disconnect))
        .routes(operation!(connections::refresh_connection))
        .routes(operation!(completeness::show_completeness))
        .routes(operation!(connection_events::list_connection_events))
        .routes(operation!(syncs::request_sync))
        .routes(operation!(syncs::list_syncs))
        .routes(operation!(syncs::find_sync))
        .routes(operation!(syncs::follow_sync))
        .routes(operation!(integrations::connect_jira))
        .routes(operation!(integrations::connect_confluence))
        .routes(operation!(integrations::fetch_jira_projects))
        .routes(operation!(integrations::fetch_confluence_pages))
        .routes(operation!(jira_projects::upsert_project))
        .routes(operation!(jira_projects::list_projects_of_owner))
        .routes(operation!(jira_projects::list_projects))
        .routes(operation!(jira_issues::list_issues))
        .routes(operation!(jira_issues::find_issue))
        .routes(operation!(jira_issues::list_issue_comments))
        .routes(operation!(jira_issues::list_issue_worklogs))
        .routes(operation!(jira_issues::list_issue_changes))
        .routes(operation!(confluence_pages::upsert_page))
        .routes(operation!(confluence_pages::list_pages_of_owner))
        .routes(operation!(confluence_pages::list_pages))
        .routes(operation!(confluence_pages::find_page))
        .routes(operation!(content::list_page_comments))
        .routes(operation!(content::list_page_labels))
        .routes(operation!(content::list_page_attachments))
        .routes(operation!(confluence_blog_posts::list_blog_posts))
        .routes(operation!(confluence_blog_posts::find_blog_post))
        .routes(operation!(content::list_blog_post_comments))
        .routes(operation!(content::list_blog_post_labels))
        .routes(operation!(content::list_blog_post_attachments))
        .routes(operation!(confluence_spaces::list_spaces))
}
