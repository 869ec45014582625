//! Lists in other shapes than usual: shorter pages than asked for, and pages that tell things twice.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Uri, header},
    response::Response,
};
use serde_json::Value;

use crate::params::Params;

/// The same request, asking for at most `most` things a page. A client must not take a page that is shorter than it
/// asked for as the last.
pub async fn shortened(request: Request, most: usize) -> Request {
    let (mut parts, body) = request.into_parts();
    let name = if parts.uri.path().contains("/confluence/") { "limit" } else { "maxResults" };
    let asked = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let shorter = |asked: Option<usize>| asked.map_or(most, |asked| asked.min(most));
    let limit = shorter(asked.get(name).and_then(|text| text.parse().ok()));
    let uri = format!("{}?{}", parts.uri.path(), asked.with(name, Some(&limit.to_string())));
    parts.uri = uri.parse::<Uri>().unwrap_or(parts.uri);
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = match serde_json::from_slice::<Value>(&body) {
        Ok(mut asked) if asked.get("maxResults").is_some() => {
            let limit = shorter(asked["maxResults"].as_u64().and_then(|number| usize::try_from(number).ok()));
            asked["maxResults"] = Value::from(limit);
            Body::from(asked.to_string())
        }
        _ => Body::from(body),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Request::from_parts(parts, body)
}

/// The same answer, in which everything in the list stands twice.
pub async fn doubled(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(mut told) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    for name in ["results", "values", "issues", "comments", "worklogs", "issueChangeLogs"] {
        if let Some(list) = told.get_mut(name).and_then(Value::as_array_mut) {
            list.extend_from_within(..);
        }
    }
    if let Some(list) = told.as_array_mut() {
        list.extend_from_within(..);
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(told.to_string()))
}
