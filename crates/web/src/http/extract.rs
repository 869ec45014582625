//! axum's extractors with our problems in place of their texts.

use axum::RequestPartsExt as _;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::shape;
use crate::App;

/// A JSON body. The fault of a field is told by its JSON pointer.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if !is_json(request.headers().get(header::CONTENT_TYPE)) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be JSON: send it with `Content-Type: application/json`.",
            ));
        }
        parse(&body(request, app).await?).map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned> FromRequest<App> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let is_json = is_json(request.headers().get(header::CONTENT_TYPE));
        let bytes = body(request, app).await?;
        if bytes.is_empty() || &bytes[..] == b"null" {
            return Ok(Self(None));
        }
        if !is_json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be JSON: send it with `Content-Type: application/json`.",
            ));
        }
        parse(&bytes).map(|body| Self(Some(body)))
    }
}

fn is_json(content_type: Option<&axum::http::HeaderValue>) -> bool {
    let kind = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

async fn body(request: Request, app: &App) -> Result<Bytes, Problem> {
    let within = app.settings().edge.body_within;
    let read = tokio::time::timeout(within, Bytes::from_request(request, app));
    let read = read.await.map_err(|_| {
        let detail = format!("The body did not come to its end within {} s.", within.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
    })?;
    read.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Problem::too_large(),
        _ => Problem::new(StatusCode::BAD_REQUEST, "The body broke off before its end."),
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    shape::check(bytes)?;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut json);
    let value = parsed.map_err(|error| {
        let pointer = pointer(error.path());
        fault(pointer, error.inner())
    })?;
    json.end().map_err(|error| fault("/".to_owned(), &error))?;
    Ok(value)
}

fn fault(pointer: String, error: &serde_json::Error) -> Problem {
    if error.is_data() {
        // Behind it stands where in the text it is, which the pointer says better.
        let text = error.to_string();
        let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(detail, _)| detail);
        // A missing field is not on the path to it.
        let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        return match missing {
            Some(field) => Problem::invalid_field(
                format!("{}/{field}", pointer.trim_end_matches('/')),
                "is missing: it must be given",
            ),
            None => Problem::invalid_field(pointer, detail),
        };
    }
    let detail = format!("The body is not JSON (line {}, column {}).", error.line(), error.column());
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    if pointer.is_empty() { "/".to_owned() } else { pointer }
}

/// PostgreSQL takes no text with this character, so nothing that is stored can have it.
fn refuse_nul(encoded: &str, pointer: &str) -> Result<(), Problem> {
    if encoded.contains("%00") {
        return Err(Problem::invalid_field(pointer, "holds a NUL character"));
    }
    Ok(())
}

/// Parameters of the query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        refuse_nul(parts.uri.query().unwrap_or_default(), "/query")?;
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|rejection| {
            // "Failed to deserialize query string: limit: invalid digit found in string"
            let text = rejection.body_text();
            let detail = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            match detail.split_once(": ") {
                Some((field, detail)) => Problem::invalid_field(format!("/query/{field}"), detail),
                None => Problem::invalid_field("/query", detail),
            }
        })
    }
}

/// The one parameter of the path, of which `T` is the type.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        refuse_nul(parts.uri.path(), "/path")?;
        match parts.extract::<axum::extract::Path<T>>().await {
            Ok(path) => Ok(Self(path.0)),
            Err(_) => {
                let name = parts
                    .extract::<axum::extract::RawPathParams>()
                    .await
                    .ok()
                    .and_then(|parameters| parameters.iter().next().map(|(name, _)| name.to_owned()));
                let name = name.unwrap_or_default();
                Err(Problem::invalid_field(format!("/path/{name}"), "is not an id of this kind"))
            }
        }
    }
}
