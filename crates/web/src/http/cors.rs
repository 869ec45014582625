use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// Which origins' scripts may read answers.
#[derive(Debug, Clone)]
pub enum CorsOrigins {
    /// All of them, but without cookies.
    Any,
    /// These, with cookies. Compared whole: scheme, host and port.
    Listed(Vec<HeaderValue>),
}

pub(crate) fn layer(origins: &CorsOrigins) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, HeaderName::from_static("x-request-id")])
        .expose_headers([header::LINK, HeaderName::from_static("x-request-id")])
        .max_age(std::time::Duration::from_mins(10));
    match origins {
        CorsOrigins::Any => layer.allow_origin(Any),
        CorsOrigins::Listed(origins) => {
            layer.allow_origin(AllowOrigin::list(origins.iter().cloned())).allow_credentials(true)
        }
    }
}
