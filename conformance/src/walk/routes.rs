//! The routes that are walked: whatever the documents say can be got. The sandbox has some of them; which ones is
//! written down here.

use std::collections::BTreeSet;

use crate::openapi::{Api, Documents};
use crate::report::Report;

/// A route of an API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub api: Api,
    /// Behind the API's prefix, with nameless parameters: `/issue/{}/comment`.
    pub template: String,
}

impl Api {
    /// What stands between the address of a site and the route.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Jira => "/rest/api/3",
            Self::Confluence => "/wiki/api/v2",
            Self::ConfluenceOld => "/wiki/rest/api",
        }
    }
}

/// Everything that can be got.
pub fn all(documents: &Documents) -> Vec<Route> {
    let mut all = Vec::new();
    for (api, path) in documents.readable() {
        // The document of Confluence v2 leaves its prefix out.
        let route = path.strip_prefix(api.prefix()).unwrap_or(path);
        all.push(Route { api, template: nameless(route) });
    }
    // Lists before what is in them.
    all.sort_by_key(|route| (route.api, route.template.matches("{}").count(), route.template.clone()));
    all
}

fn nameless(route: &str) -> String {
    let parts = route.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The operations that the sandbox plays, one line for each resource; the methods stand before the paths.
const PLAYED: &[(Api, &str)] = &[
    (Api::Jira, "GET /project /project/search /project/{} /search /search/jql /issue/{} /issue/{}/changelog"),
    (
        Api::Jira,
        "GET /issue/{}/comment /issue/{}/comment/{} /issue/{}/worklog /worklog/updated /worklog/deleted",
    ),
    (Api::Jira, "GET /attachment/{} /attachment/content/{} /field /issuetype /priority /priority/search"),
    (Api::Jira, "GET /resolution /status /status/{} /serverInfo /webhook"),
    (Api::Jira, "GET /myself /user /user/bulk /users/search"),
    (Api::Jira, "POST /search/jql /search/approximate-count /issue/bulkfetch /changelog/bulkfetch"),
    (Api::Jira, "POST /comment/list /worklog/list /webhook"),
    (Api::Jira, "PUT /webhook/refresh"),
    (Api::Jira, "DELETE /webhook"),
    (Api::Confluence, "GET /spaces /spaces/{} /spaces/{}/pages /spaces/{}/blogposts"),
    (Api::Confluence, "GET /pages /pages/{} /pages/{}/versions /pages/{}/versions/{} /pages/{}/labels"),
    (Api::Confluence, "GET /pages/{}/attachments /pages/{}/footer-comments /pages/{}/inline-comments"),
    (
        Api::Confluence,
        "GET /pages/{}/children /pages/{}/direct-children /pages/{}/descendants /pages/{}/ancestors",
    ),
    (Api::Confluence, "GET /blogposts /blogposts/{} /blogposts/{}/versions /blogposts/{}/versions/{}"),
    (Api::Confluence, "GET /blogposts/{}/labels /blogposts/{}/attachments"),
    (Api::Confluence, "GET /blogposts/{}/footer-comments /blogposts/{}/inline-comments"),
    (Api::Confluence, "GET /folders/{} /folders/{}/descendants /attachments /attachments/{}"),
    (Api::Confluence, "GET /footer-comments /footer-comments/{} /footer-comments/{}/children"),
    (Api::Confluence, "GET /inline-comments /inline-comments/{} /inline-comments/{}/children"),
    // Content and spaces, which the sandbox has at sites' own addresses, are out of the document already.
    (Api::ConfluenceOld, "GET /search /user/current"),
];

/// What the sandbox plays: the API, the method and the route.
pub fn played() -> impl Iterator<Item = (Api, &'static str, &'static str)> {
    PLAYED.iter().flat_map(|(api, line)| {
        let (method, routes) = line.split_once(' ').unwrap_or((line, ""));
        routes.split(' ').map(move |route| (*api, method, route))
    })
}

/// Where the list and the answers of success disagree.
pub fn misplayed(report: &Report) -> Vec<String> {
    let answered: BTreeSet<(Api, String)> = report
        .answered()
        .filter_map(|(api, name)| {
            let (method, path) = name.split_once(' ')?;
            let route = path.strip_prefix(api.prefix()).unwrap_or(path);
            Some((api, format!("{method} {}", nameless(route))))
        })
        .collect();
    let played: BTreeSet<(Api, String)> =
        played().map(|(api, method, route)| (api, format!("{method} {route}"))).collect();
    let told = |what: &'static str| {
        move |(api, operation): &(Api, String)| format!("{operation} of {}: {what}", api.name())
    };
    let missing = played.difference(&answered).map(told("the sandbox does not answer it"));
    let unlisted = answered.difference(&played).map(told("the list of what the sandbox plays lacks it"));
    missing.chain(unlisted).collect()
}
