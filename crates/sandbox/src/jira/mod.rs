//! Jira Cloud platform REST API, version 3 (and 2, where text is a string instead of a document).

mod avatar;
mod error;
pub mod events;
mod issue;
mod issuetype;
mod jql;
mod paging;
mod priority;
mod project;
mod resolution;
mod scopes;
mod server_info;
mod status;
mod time;
pub mod truth;
mod urls;
mod user;
mod webhook;

use axum::{
    Extension, Router,
    routing::{any, delete, get, post, put},
};

pub use issue::row::description;
pub use time::timestamp;
pub use webhook::EVENTS;

use self::scopes::{JIRA_USER, JIRA_WEBHOOK, JIRA_WORK};
use crate::{app::Sandbox, gateway::needs};

/// The version of the API that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiVersion {
    V2,
    V3,
}

/// All operations, under `/rest/api/2` and `/rest/api/3`.
pub fn routes() -> Router<Sandbox> {
    Router::new().nest("/rest/api/2", version(ApiVersion::V2)).nest("/rest/api/3", version(ApiVersion::V3))
}

fn version(version: ApiVersion) -> Router<Sandbox> {
    Router::new()
        .route("/project", needs(get(project::list), &[JIRA_WORK, scopes::PROJECT]))
        .route("/project/search", needs(get(project::search), &[JIRA_WORK, scopes::PROJECT]))
        .route("/project/{id}", needs(get(project::show), &[JIRA_WORK, scopes::PROJECT]))
        .route(
            "/search",
            needs(get(issue::old_search::get), &[JIRA_WORK, scopes::SEARCH_GET])
                .merge(needs(post(issue::old_search::post), &[JIRA_WORK, scopes::SEARCH_POST])),
        )
        .route(
            "/search/jql",
            needs(get(issue::search::get), &[JIRA_WORK, scopes::SEARCH_GET])
                .merge(needs(post(issue::search::post), &[JIRA_WORK, scopes::SEARCH_POST])),
        )
        .route(
            "/search/approximate-count",
            needs(post(issue::search::approximate_count), &[JIRA_WORK, scopes::SEARCH_POST]),
        )
        .route("/issue/bulkfetch", needs(post(issue::bulkfetch::fetch), &[JIRA_WORK, scopes::ISSUE]))
        .route("/issue/{id}", needs(get(issue::show), &[JIRA_WORK, scopes::ISSUE]))
        .route("/issue/{id}/comment", needs(get(issue::comment::list), &[JIRA_WORK, scopes::COMMENT]))
        .route(
            "/issue/{id}/comment/{comment}",
            needs(get(issue::comment::show), &[JIRA_WORK, scopes::COMMENT]),
        )
        .route("/issue/{id}/worklog", needs(get(issue::worklog::list), &[JIRA_WORK, scopes::WORKLOG]))
        .route("/issue/{id}/changelog", needs(get(issue::changelog::list), &[JIRA_WORK, scopes::CHANGELOG]))
        .route(
            "/changelog/bulkfetch",
            needs(post(issue::changelog_bulk::fetch), &[JIRA_WORK, scopes::CHANGELOG]),
        )
        .route(
            "/worklog/updated",
            needs(get(issue::worklog_changes::updated), &[JIRA_WORK, scopes::WORKLOG_CHANGES]),
        )
        .route(
            "/worklog/deleted",
            needs(get(issue::worklog_changes::deleted), &[JIRA_WORK, scopes::WORKLOG_CHANGES]),
        )
        .route(
            "/worklog/list",
            needs(post(issue::worklog_changes::list_by_ids), &[JIRA_WORK, scopes::WORKLOG_LIST]),
        )
        .route("/comment/list", needs(post(issue::comment::list_by_ids), &[JIRA_WORK, scopes::COMMENT_LIST]))
        .route("/attachment/{id}", needs(get(issue::attachment::show), &[JIRA_WORK, scopes::ATTACHMENT]))
        .route(
            "/attachment/content/{id}",
            needs(get(issue::attachment::content), &[JIRA_WORK, scopes::ATTACHMENT_CONTENT]),
        )
        .route("/field", needs(get(issue::fields::list_fields), &[JIRA_WORK, scopes::FIELD]))
        .route("/status", needs(get(status::list), &[JIRA_WORK, scopes::STATUS]))
        .route("/status/{id}", needs(get(status::show), &[JIRA_WORK, scopes::STATUS]))
        .route("/priority", needs(get(priority::list), &[JIRA_WORK, scopes::PRIORITY]))
        .route("/priority/search", needs(get(priority::search), &[JIRA_WORK, scopes::PRIORITY]))
        .route("/resolution", needs(get(resolution::list), &[JIRA_WORK, scopes::RESOLUTION]))
        .route("/issuetype", needs(get(issuetype::list), &[JIRA_WORK, scopes::ISSUE_TYPE]))
        .route("/myself", needs(get(user::myself), &[JIRA_USER, scopes::MYSELF]))
        .route("/user", needs(get(user::show), &[JIRA_USER, scopes::MYSELF]))
        .route("/user/bulk", needs(get(user::bulk), &[JIRA_USER, scopes::MYSELF]))
        .route("/users/search", needs(get(user::search_all), &[JIRA_USER, scopes::MYSELF]))
        .route("/universal_avatar/view/type/{kind}/avatar/{id}", needs(get(avatar::show), &[JIRA_WORK]))
        .route(
            "/webhook",
            needs(get(webhook::list), &[JIRA_WEBHOOK, scopes::WEBHOOK_READ])
                .merge(needs(post(webhook::register), &[JIRA_WEBHOOK, scopes::WEBHOOK_WRITE]))
                .merge(needs(delete(webhook::remove), &[JIRA_WEBHOOK, scopes::WEBHOOK_DELETE])),
        )
        .route("/webhook/failed", needs(get(webhook::failed), &[JIRA_WEBHOOK, scopes::WEBHOOK_FAILED]))
        .route("/webhook/refresh", needs(put(webhook::refresh), &[JIRA_WEBHOOK, scopes::WEBHOOK_REFRESH]))
        .route("/serverInfo", get(server_info::show))
        .route("/{*path}", any(error::unknown_route))
        .layer(Extension(version))
}

/// The host that attachments are downloaded from.
pub fn media_routes() -> Router<Sandbox> {
    Router::new().route("/media/{media_type}/{size}", get(issue::attachment::media))
}
