use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// Which origins' scripts may read answers.
#[derive(Debug, Clone)]
pub enum CorsOrigins {
    /// All of them, but without cookies.
    Any,
    /// These, with cookies. Compared whole: scheme, host and port.
    Listed(Vec<HeaderValue>),
}

const ALLOWED: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

pub(crate) fn layer(origins: &CorsOrigins) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, HeaderName::from_static("x-request-id")])
        .expose_headers([header::LINK, header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
        // A cache between must not give one page what another was answered.
        .vary([header::ORIGIN])
        .max_age(std::time::Duration::from_mins(10));
    match origins {
        CorsOrigins::Any => layer.allow_origin(Any),
        CorsOrigins::Listed(origins) => {
            layer.allow_origin(AllowOrigin::list(origins.iter().cloned())).allow_credentials(true)
        }
    }
}

/// Takes back what [`layer`] says of routes that are not for scripts of other origins, and the rest of it where it does
/// not allow the origin.
pub(crate) async fn keep_apart(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let apart = is_apart(route);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if apart || !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        for name in &ALLOWED {
            headers.remove(name);
        }
    }
    response
}

/// Logins are for navigation, the console and the documentation for our own pages, figures for programs.
fn is_apart(route: &str) -> bool {
    const PAGES: [&str; 7] =
        ["/console", "/connected", "/connect/", "/assets/", "/docs", "/redoc", "/metrics"];
    PAGES.iter().any(|page| route.starts_with(page))
        || route.ends_with("/login")
        || route.contains("/callback")
}
