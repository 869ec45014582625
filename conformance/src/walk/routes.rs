//! The routes that are walked: whatever the documents say can be got. The sandbox has some of them; which ones it is
//! to have at least is written down here.

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
    (
        Api::Jira,
        "GET /project/search /project/{} /search/jql /issue/{} /issue/{}/comment /issue/{}/comment/{}",
    ),
    (Api::Jira, "GET /issue/{}/worklog /issue/{}/changelog /worklog/updated /worklog/deleted"),
    (Api::Jira, "GET /attachment/{} /field /status /status/{} /priority /priority/search /issuetype"),
    (Api::Jira, "GET /myself /user /user/bulk /users/search /serverInfo /webhook"),
    (
        Api::Jira,
        "POST /search/jql /search/approximate-count /issue/bulkfetch /changelog/bulkfetch /comment/list",
    ),
    (Api::Jira, "POST /worklog/list /webhook"),
    (Api::Jira, "PUT /webhook/refresh"),
    (Api::Confluence, "GET /spaces /spaces/{} /spaces/{}/pages /pages /pages/{} /pages/{}/children"),
    (Api::Confluence, "GET /pages/{}/direct-children /pages/{}/ancestors /folders/{} /pages/{}/versions"),
    (Api::Confluence, "GET /pages/{}/versions/{} /pages/{}/labels /pages/{}/attachments /attachments/{}"),
    (Api::Confluence, "GET /pages/{}/footer-comments /pages/{}/inline-comments /footer-comments/{}/children"),
    (Api::Confluence, "GET /inline-comments/{}/children /blogposts /blogposts/{} /spaces/{}/blogposts"),
    // Content and spaces, which the sandbox has at sites' own addresses, are out of the document already.
    (Api::ConfluenceOld, "GET /search /user/current"),
];

/// What is to be there, and was not answered with success.
pub fn missing(report: &Report) -> Vec<String> {
    let answered: Vec<(Api, String)> = report
        .answered()
        .filter_map(|(api, name)| {
            let (method, path) = name.split_once(' ')?;
            let route = path.strip_prefix(api.prefix()).unwrap_or(path);
            Some((api, format!("{method} {}", nameless(route))))
        })
        .collect();
    let played = PLAYED.iter().flat_map(|(api, line)| {
        let (method, routes) = line.split_once(' ').unwrap_or((line, ""));
        routes.split(' ').map(move |route| (*api, format!("{method} {route}")))
    });
    let missing = played.filter(|operation| !answered.contains(operation));
    missing
        .map(|(api, operation)| format!("{operation} of {}: the sandbox does not answer it", api.name()))
        .collect()
}
