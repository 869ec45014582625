//! Addresses for people.

use url::Url;

/// Where an issue or a project is found on the site at `site_url`.
pub fn browse(site_url: &str, key: &str) -> String {
    format!("{}/browse/{key}", site_url.trim_end_matches('/'))
}

/// `base` and the path `webui` behind it; `None` where that is no web address.
pub fn below(base: &str, webui: &str) -> Option<String> {
    let path = webui.strip_prefix('/').unwrap_or(webui);
    let link = format!("{}/{path}", base.trim_end_matches('/'));
    let url = Url::parse(&link).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_with_one_slash() {
        assert_eq!(browse("https://acme.example/", "KAN"), "https://acme.example/browse/KAN");
        for (base, webui) in
            [("https://acme.example/wiki", "/spaces/A"), ("https://acme.example/wiki/", "spaces/A")]
        {
            assert_eq!(below(base, webui).unwrap(), "https://acme.example/wiki/spaces/A");
        }
    }

    #[test]
    fn gives_web_addresses_only() {
        for base in ["javascript:alert(1)//", "", "/wiki", "data:text/html,"] {
            assert_eq!(below(base, "/spaces/A"), None, "{base}");
        }
    }
}
