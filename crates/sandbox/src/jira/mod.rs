//! Jira Cloud platform REST API, version 3 (and 2, where text is a string instead of a document).

mod error;
mod issue;
mod issuetype;
mod jql;
mod paging;
mod priority;
mod project;
mod scopes;
mod server_info;
mod status;
mod time;

mod urls;
mod user;

use axum::{
    Extension, Router,
    routing::{any, get, post},
};

pub use time::timestamp;

use self::scopes::{JIRA_USER, JIRA_WORK};
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
        .route("/project/search", needs(get(project::search), &[JIRA_WORK, scopes::PROJECT]))
        .route("/project/{id}", needs(get(project::show), &[JIRA_WORK, scopes::PROJECT]))
        .route("/search", needs(get(issue::search::removed).post(issue::search::removed), &[JIRA_WORK]))
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
        .route("/issuetype", needs(get(issuetype::list), &[JIRA_WORK, scopes::ISSUE_TYPE]))
        .route("/myself", needs(get(user::myself), &[JIRA_USER, scopes::MYSELF]))
        .route("/user", needs(get(user::show), &[JIRA_USER, scopes::MYSELF]))
        .route("/user/bulk", needs(get(user::bulk), &[JIRA_USER, scopes::MYSELF]))
        .route("/users/search", needs(get(user::search_all), &[JIRA_USER, scopes::MYSELF]))
        .route("/serverInfo", get(server_info::show))
        .route("/{*path}", any(error::unknown_route))
        .layer(Extension(version))
}

/// The host that attachments are downloaded from.
pub fn media_routes() -> Router<Sandbox> {
    Router::new().route("/media/{media_type}/{size}", get(issue::attachment::media))
}
