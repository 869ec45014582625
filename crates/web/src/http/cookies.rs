use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use connector_domain::Secret;

use crate::WebSettings;

/// Cookies over HTTPS carry the prefix by which browsers promise that this host alone has set them.
const HOST_PREFIX: &str = "__Host-";
const SESSION: &str = "sid";
const LOGIN: &str = "la_";
const LINK: &str = "cl_";

fn name(settings: &WebSettings, name: &str) -> String {
    if settings.is_https() { format!("{HOST_PREFIX}{name}") } else { name.to_owned() }
}

/// The session cookie's value.
pub(crate) fn session(settings: &WebSettings, headers: &HeaderMap) -> Option<Secret> {
    // Most callers have no cookies at all.
    headers.get(header::COOKIE)?;
    CookieJar::from_headers(headers).get(&name(settings, SESSION)).map(|cookie| Secret::new(cookie.value()))
}

/// (suffix, value) of the cookies of open logins.
pub(crate) fn logins(settings: &WebSettings, headers: &HeaderMap) -> Vec<(String, Secret)> {
    with_prefix(settings, headers, LOGIN)
}

/// (suffix, value) of the cookies that tie connect links to this browser.
pub(crate) fn links(settings: &WebSettings, headers: &HeaderMap) -> Vec<(String, Secret)> {
    with_prefix(settings, headers, LINK)
}

fn with_prefix(settings: &WebSettings, headers: &HeaderMap, prefix: &str) -> Vec<(String, Secret)> {
    let prefix = name(settings, prefix);
    CookieJar::from_headers(headers)
        .iter()
        .filter_map(|cookie| {
            Some((cookie.name().strip_prefix(&prefix)?.to_owned(), Secret::new(cookie.value())))
        })
        .collect()
}

pub(crate) fn set_session(settings: &WebSettings, value: &Secret, lifetime: Duration) -> HeaderValue {
    set(settings, SESSION, value.expose(), lifetime)
}

pub(crate) fn clear_session(settings: &WebSettings) -> HeaderValue {
    set(settings, SESSION, "", Duration::ZERO)
}

pub(crate) fn set_login(
    settings: &WebSettings,
    suffix: &str,
    value: &Secret,
    lifetime: Duration,
) -> HeaderValue {
    set(settings, &format!("{LOGIN}{suffix}"), value.expose(), lifetime)
}

pub(crate) fn set_link(settings: &WebSettings, cookie: &connector_connections::LinkCookie) -> HeaderValue {
    set(settings, &format!("{LINK}{}", cookie.suffix), cookie.value.expose(), cookie.lifetime)
}

pub(crate) fn clear_login(settings: &WebSettings, suffix: &str) -> HeaderValue {
    set(settings, &format!("{LOGIN}{suffix}"), "", Duration::ZERO)
}

/// `Lax`: the return from Atlassian is a navigation from another site, which `Strict` would send without cookies.
fn set(settings: &WebSettings, cookie: &str, value: &str, lifetime: Duration) -> HeaderValue {
    let cookie = Cookie::build((name(settings, cookie), value.to_owned()))
        .path("/")
        .http_only(true)
        .secure(settings.is_https())
        .same_site(SameSite::Lax)
        .max_age(lifetime.try_into().unwrap_or_default())
        .build();
    let mut header =
        HeaderValue::try_from(cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}
