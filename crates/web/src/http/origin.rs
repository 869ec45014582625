//! Which pages may have a browser change something here (cross-site request forgery).
//!
//! One rule for every request that may change something, whoever the caller is: what a browser says comes from another
//! site counts only where the page's origin is listed. A session cookie is held by browsers only, and each of them
//! says where a request comes from: with a cookie and without a word on it, a request is refused. Programs say nothing
//! and have no cookie; they go on.

use axum::http::{HeaderMap, HeaderName, Method, header};

use super::client::Client;
use super::problem::Problem;
use super::{cookies, host};
use crate::{CorsOrigins, WebSettings};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// # Errors
/// 403 for a request that may change something and is not from one of our pages or a listed origin's.
pub(crate) fn check(
    settings: &WebSettings,
    method: &Method,
    headers: &HeaderMap,
    client: &Client,
) -> Result<(), Problem> {
    // HEAD and OPTIONS too: they have no effect (RFC 9110, 9.2.1).
    if method.is_safe() {
        return Ok(());
    }
    let site = text(headers, &FETCH_SITE);
    if site == Some("same-origin") {
        return Ok(());
    }
    if headers.contains_key(header::ORIGIN) {
        let origin = text(headers, &header::ORIGIN).unwrap_or_default();
        let listed = is_listed(&settings.cors_origins, origin)
            || host::is_own_origin(settings, origin, client.host.as_deref());
        return if listed { Ok(()) } else { Err(Problem::cross_site()) };
    }
    if matches!(site, Some("cross-site" | "same-site")) {
        return Err(Problem::cross_site());
    }
    if cookies::session(settings, headers).is_some() {
        return Err(Problem::unknown_origin());
    }
    Ok(())
}

pub(crate) fn is_listed(origins: &CorsOrigins, origin: &str) -> bool {
    match origins {
        // Everybody may read; that is no list of those who may change something.
        CorsOrigins::Any => false,
        CorsOrigins::Listed(listed) => listed.iter().any(|known| known.as_bytes() == origin.as_bytes()),
    }
}

/// The one value of a header. Two are as good as a foreign one.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok();
    if values.next().is_some() { Some("") } else { value }
}
