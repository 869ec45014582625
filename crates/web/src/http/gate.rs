//! What is refused before any handler sees it, whatever the route.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connector_domain::Actor;
use futures::StreamExt as _;

use super::client::Client;
use super::problem::Problem;
use super::{host, origin};
use crate::{App, BODY_LIMIT};

/// The longest address, in bytes.
const LONGEST_URI: usize = 8 * 1024;
/// All header fields together, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// Asked by who knows this process by its address only, and asked often.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];
const SCRAPED: &str = "/metrics";
/// What a page of another site lacks, as the trail says it.
const OWN_ORIGIN: &str = "own_origin";
/// What is still read of a body that is refused: a client that is cut off while it sends may not see why.
const DRAINED: usize = 16 * 1024 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_secs(2);

pub(crate) async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            if problem.status() == StatusCode::PAYLOAD_TOO_LARGE {
                drain(request.into_body()).await;
            }
            let mut response = problem.into_response();
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET"));
            }
            response
        }
    }
}

fn check(app: &App, request: &Request) -> Result<(), Problem> {
    let (settings, headers) = (app.settings(), request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let Some(client) = request.extensions().get::<Client>() else { return Err(Problem::internal()) };
    check_size(request)?;
    if !PROBES.contains(&route) {
        if route != SCRAPED && !client.host.as_deref().is_some_and(|host| host::is_ours(settings, host)) {
            return Err(misdirected());
        }
        app.rates().count_address(client)?;
    }
    if request.method() == Method::HEAD && has_effect(route) {
        let detail = "HEAD asks without doing anything, and this address is for doing it. Use GET.";
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail));
    }
    origin::check(settings, request.method(), headers, client).inspect_err(|_| {
        let route = if route.is_empty() { "unknown" } else { route };
        app.connections().note_denied(Actor::Person(None), OWN_ORIGIN, word(request.method()), route);
    })
}

/// The method as the trail has it. Anybody may make up another, and texts of strangers do not belong there.
fn word(method: &Method) -> &'static str {
    const KNOWN: [&str; 4] = ["DELETE", "PATCH", "POST", "PUT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn check_size(request: &Request) -> Result<(), Problem> {
    let uri = request.uri();
    let length = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if length > LONGEST_URI {
        return Err(Problem::new(
            StatusCode::URI_TOO_LONG,
            format!("The address is longer than {LONGEST_URI} bytes. Send fewer or shorter parameters."),
        ));
    }
    if head_size(request.headers()) > LARGEST_HEAD {
        return Err(Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            format!(
                "The header fields are larger than {LARGEST_HEAD} bytes. In a browser, remove this site's cookies."
            ),
        ));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(Problem::too_large());
    }
    Ok(())
}

fn head_size(headers: &HeaderMap) -> usize {
    // A colon, a space and the end of the line.
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// GET has an effect where a browser is led through a login: an attempt begins or is used up.
fn has_effect(route: &str) -> bool {
    route.ends_with("/login") || route.contains("/callback/") || route.ends_with("}/callback")
}

fn misdirected() -> Problem {
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This service is not known by the name in `Host`. Ask by the address in CONNECTOR_PUBLIC_URL; where a proxy \
         stands before it, let it pass `Host` on. CONNECTOR_HOSTS lists further names.",
    )
}

async fn drain(body: Body) {
    let mut data = body.into_data_stream();
    let read = async {
        let mut left = DRAINED;
        while let Some(Ok(bytes)) = data.next().await {
            left = left.saturating_sub(bytes.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAINED_WITHIN, read).await;
}
