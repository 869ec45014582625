//! Jira Cloud platform REST API, version 3 (and 2, where text is a string instead of a document).

mod error;
mod project;
mod server_info;
mod time;

mod urls;
mod user;

use axum::{
    Extension, Router,
    routing::{any, get},
};

pub use time::timestamp;

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
        .route("/project/search", needs(get(project::search), &[JIRA_WORK, PROJECT]))
        .route("/project/{id}", needs(get(project::show), &[JIRA_WORK, PROJECT]))
        .route("/myself", needs(get(user::myself), &[JIRA_USER, USER]))
        .route("/serverInfo", get(server_info::show))
        .route("/{*path}", any(error::unknown_route))
        .layer(Extension(version))
}

// Classic scopes.
const JIRA_WORK: &[&str] = &["read:jira-work"];
const JIRA_USER: &[&str] = &["read:jira-user"];

// Granular scopes; every one of a list is needed.
const PROJECT: &[&str] = &[
    "read:issue-type:jira",
    "read:project:jira",
    "read:project.property:jira",
    "read:user:jira",
    "read:application-role:jira",
    "read:avatar:jira",
    "read:group:jira",
    "read:issue-type-hierarchy:jira",
    "read:project-category:jira",
    "read:project-version:jira",
    "read:project.component:jira",
];
const USER: &[&str] =
    &["read:application-role:jira", "read:group:jira", "read:user:jira", "read:avatar:jira"];
