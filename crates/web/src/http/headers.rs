//! What every answer tells browsers.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::WebSettings;

/// Answers are data: should a browser show one as a page, nothing in it does anything.
const DATA_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The API's documentation, which sets styles by script and draws with embedded pictures.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// For two years, as browsers ask before they learn such names by heart.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");

pub(crate) fn put(settings: &WebSettings, route: &str, headers: &mut HeaderMap) {
    let policy = if route.starts_with("/docs") { DOCS_POLICY } else { DATA_POLICY };
    // Pages bring their own.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-site"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if settings.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    // Answers are personal unless their handler says otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
