use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

/// Whether a browser waits for a page: programs ask for JSON or for anything.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|part| part.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
}

/// 302 to an address that this service has made.
pub(crate) fn found(location: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// `frontend` with `path` behind its own path, and `parameters` behind its own query.
///
/// `frontend` is an address or a path of this service; it comes from the settings, never from a request.
pub(crate) fn frontend_address(frontend: &str, path: &str, parameters: &[(&str, &str)]) -> String {
    // A relative address needs some base to be taken apart; the base is cut off again.
    const BASE: &str = "http://relative.invalid";
    let relative = frontend.starts_with('/');
    let text = if relative { format!("{BASE}{frontend}") } else { frontend.to_owned() };
    let Ok(mut url) = Url::parse(&text) else { return "/connected".to_owned() };
    if !path.is_empty() {
        let joined = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
    }
    url.query_pairs_mut().extend_pairs(parameters);
    if relative { url.as_str()[BASE.len()..].to_owned() } else { url.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_the_frontend_address_has() {
        let status = [("status", "success")];
        assert_eq!(frontend_address("/connected", "", &status), "/connected?status=success");
        assert_eq!(
            frontend_address("https://app.example/done?tab=1#top", "", &status),
            "https://app.example/done?tab=1&status=success#top"
        );
        assert_eq!(
            frontend_address("http://localhost:3000/", "/oauth/callback", &status),
            "http://localhost:3000/oauth/callback?status=success"
        );
        assert_eq!(
            frontend_address("/connected", "/oauth/callback", &[("message", "a b&c\r\n")]),
            "/connected/oauth/callback?message=a+b%26c%0D%0A"
        );
    }

    #[test]
    fn only_a_browser_wants_a_page() {
        let with = |accept: &'static str| {
            HeaderMap::from_iter([(header::ACCEPT, axum::http::HeaderValue::from_static(accept))])
        };
        assert!(wants_page(&with("text/html,application/xhtml+xml;q=0.9")));
        assert!(
            !wants_page(&with("*/*"))
                && !wants_page(&with("application/json"))
                && !wants_page(&HeaderMap::new())
        );
    }
}
