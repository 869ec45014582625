//! Lists that are a bare JSON array, with the way to the next page in a header.

use std::fmt::Write as _;

use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::json::JsonBytes;

/// A list as JSON, and the `Link` to its next page where there is one (RFC 8288).
pub(crate) fn bare_list(uri: &Uri, rows: &[impl Serialize], next: Option<&str>) -> Response {
    let body = serde_json::to_vec(rows).unwrap_or_default();
    let mut response = JsonBytes(body.into()).into_response();
    if let Some(next) = next
        && let Ok(link) = HeaderValue::try_from(format!("<{}>; rel=\"next\"", with_cursor(uri, next)))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The same request with another cursor.
fn with_cursor(uri: &Uri, cursor: &str) -> String {
    let mut address = uri.path().to_owned();
    let kept = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("cursor"));
    let mut separator = '?';
    for pair in kept {
        let _ = write!(address, "{separator}{pair}");
        separator = '&';
    }
    let _ = write!(address, "{separator}cursor={cursor}");
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_other_parameters() {
        let uri: Uri = "/users?limit=2&cursor=old&x=%20".parse().unwrap();
        assert_eq!(with_cursor(&uri, "new"), "/users?limit=2&x=%20&cursor=new");
        assert_eq!(with_cursor(&"/users".parse().unwrap(), "new"), "/users?cursor=new");
    }
}
