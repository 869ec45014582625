use url::Url;

/// Where Atlassian answers. Both may have a path, which stays in front of every call's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Serves `/authorize` and `/oauth/token`.
    pub auth_url: Url,
    /// Serves `/me`, `/oauth/token/accessible-resources` and the gateway's `/ex/{product}/{cloudId}`.
    pub api_url: Url,
}

impl Default for Endpoints {
    /// Atlassian's own.
    #[expect(clippy::expect_used, reason = "the two addresses are constants, and a test reads them")]
    fn default() -> Self {
        let parse = |text: &str| Url::parse(text).expect("a constant address");
        Self { auth_url: parse("https://auth.atlassian.com"), api_url: parse("https://api.atlassian.com") }
    }
}

/// `base` with `segments` behind its path, each percent-encoded by itself: none can reach another path.
pub(crate) fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    // An address that cannot have a path (`data:…`) stays as it is; sending to it fails.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prefix_survives_with_and_without_a_slash() {
        for base in
            ["http://localhost:9400/auth", "http://localhost:9400/auth/", "http://localhost:9400/auth?x=1#y"]
        {
            let url = join(&Url::parse(base).unwrap(), &["oauth", "token"]);
            assert_eq!(url.as_str(), "http://localhost:9400/auth/oauth/token");
        }
        let url = join(&Endpoints::default().api_url, &["ex", "jira", "a/../b?c", "rest"]);
        assert_eq!(url.as_str(), "https://api.atlassian.com/ex/jira/a%2F..%2Fb%3Fc/rest");
    }
}
