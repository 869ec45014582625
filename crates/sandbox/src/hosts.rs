//! Sites by host name: `acme.localhost` and `acme.atlassian.net` are `/sites/acme`, so that links that begin at the
//! root of a site lead to it. At any other host, paths that only sites have are the default site's.

use axum::{
    extract::Request,
    http::{Uri, header::HOST, uri::PathAndQuery},
};

const DEFAULT_SITE: &str = "acme";
const DOMAINS: [&str; 2] = [".localhost", ".atlassian.net"];

/// Puts a request to a site's host under the path where the site is.
pub async fn enter_by_host(mut request: Request) -> Request {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if let Some(uri) = moved(request.uri(), site(host)) {
        *request.uri_mut() = uri;
    }
    request
}

fn site(host: &str) -> Option<&str> {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    DOMAINS.iter().find_map(|domain| name.strip_suffix(domain))
}

/// Links that name the whole address keep working.
fn moved(uri: &Uri, site: Option<&str>) -> Option<Uri> {
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| path.starts_with(beginning));
    let site = match site {
        Some(site) if !begins(&["/sites/", "/avatars/", "/media/", "/__sandbox/"]) => site,
        None if begins(&["/rest/", "/wiki/", "/browse/", "/download/"]) => DEFAULT_SITE,
        _ => return None,
    };
    format!("/sites/{site}{path}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_names_a_site() {
        let moved = |host: &str, uri: &str| moved(&uri.parse().ok()?, site(host)).map(|uri| uri.to_string());
        let api = "/wiki/api/v2/pages?limit=1";
        assert_eq!(
            moved("acme.localhost:4001", api).as_deref(),
            Some("/sites/acme/wiki/api/v2/pages?limit=1")
        );
        assert_eq!(moved("fjord.atlassian.net", "/").as_deref(), Some("/sites/fjord/"));
        assert_eq!(moved("acme.localhost", "/sites/acme/browse/SEC-1"), None);
        for host in ["127.0.0.1:4001", "localhost:4001"] {
            assert_eq!(moved(host, "/wiki/x/1").as_deref(), Some("/sites/acme/wiki/x/1"));
            assert_eq!(moved(host, "/oauth/token"), None);
        }
    }
}
