use std::time::Duration;

use axum::extract::OriginalUri;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector_connections::TokenUnavailable;
use connector_store::StoreError;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// The one shape of an error (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem it is; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The same for every problem of the kind.
    title: &'static str,
    #[schema(value_type = u16, example = 404)]
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    /// What is wrong this time, and what mends it.
    detail: String,
    /// Names this request in the log.
    request_id: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the parameter's name behind `/query/` or `/path/`.
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            request_id: String::new(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "There is no session. Sign in by Connect (GET /api/oauth/atlassian/login), or send an API key \
             (Authorization: Bearer).",
        )
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// For a key that is wrong, has ended, or was revoked: which of them is nobody's business.
    pub(crate) fn invalid_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "The API key opens nothing: it is mistyped, has expired, or was revoked. `connector api-keys list` shows \
             those that are alive.",
        )
    }

    /// For what a browser says was begun by a page of another origin.
    pub(crate) fn cross_site() -> Self {
        Self {
            kind: "urn:connector:problem:cross-site",
            title: "The request comes from another site",
            ..Self::forbidden(
                "A page of another origin may not change anything here. Where it is your frontend, the operator lists \
                 its origin in BACKEND_CORS_ORIGINS (scheme, host and port).",
            )
        }
    }

    /// For a session cookie without a word on the page that sent it.
    pub(crate) fn unknown_origin() -> Self {
        Self {
            detail: "A request with a session cookie that changes something must say which page it comes from: send \
                     `Origin`, as browsers do. Programs use an API key (Authorization: Bearer) and no cookie."
                .to_owned(),
            ..Self::cross_site()
        }
    }

    /// For what cannot be undone, where the session began too long ago.
    pub(crate) fn login_again(within: Duration) -> Self {
        let minutes = within.as_secs() / 60;
        Self {
            kind: "urn:connector:problem:login-again",
            title: "A new login is needed",
            ..Self::forbidden(format!(
                "This cannot be undone, so you must have logged in within the last {minutes} minutes. Log in again by \
                 Connect (GET /api/oauth/atlassian/login), and repeat it."
            ))
        }
    }

    pub(crate) fn too_many(detail: String, wait_seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(wait_seconds)
    }

    pub(crate) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is larger than {} bytes.", crate::BODY_LIMIT),
        )
    }

    /// 422 with one entry per fault.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{} {}", one.pointer, one.detail),
            many => format!("{} fields are not valid.", many.len()),
        };
        Self {
            kind: "urn:connector:problem:validation",
            title: "The request is not valid",
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    pub(crate) fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }

    /// For what the log explains and the caller cannot mend.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here. The log of this service names it by the request id.",
        )
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn title(&self) -> &'static str {
        self.title
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The answer, once the request's id is known.
    pub(crate) fn render(mut self, request_id: &str) -> Response {
        self.request_id.push_str(request_id);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// The outermost layer writes the body: only it knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        (&error).into()
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        if let StoreError::Unavailable(_) = error {
            tracing::error!(error = %report(error), "the database is not available");
            let detail = "The database is not available right now. Try again in a few seconds.";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5);
        }
        if let StoreError::Sessions(_) = error {
            tracing::error!(error = %report(error), "the session store is not available");
            let detail = "The session store is not available right now. Try again in a few seconds.";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5);
        }
        tracing::error!(error = %report(error), "the database failed");
        Self::internal()
    }
}

impl From<TokenUnavailable> for Problem {
    fn from(error: TokenUnavailable) -> Self {
        let unavailable = |detail: &str| Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        match error {
            TokenUnavailable::Store(error) => (&*error).into(),
            TokenUnavailable::NeedsReconnect { reason } => {
                let detail = format!("The Atlassian account must be connected again: {reason}.");
                Self {
                    kind: "urn:connector:problem:needs-reconnect",
                    ..Self::new(StatusCode::CONFLICT, detail)
                }
            }
            TokenUnavailable::Disconnected => {
                let detail =
                    "No Atlassian account is connected. Connect one (GET /api/oauth/atlassian/login).";
                Self::new(StatusCode::CONFLICT, detail)
            }
            TokenUnavailable::Temporarily { what, retry_after } => {
                let seconds = retry_after.map_or(30, |after| after.as_secs().max(1));
                unavailable(&format!("There is no access token right now: {what}.")).retry_after(seconds)
            }
            TokenUnavailable::Busy { what, retry_after } => {
                unavailable(&format!("There is no access token right now: {what}."))
                    .retry_after(retry_after.as_secs().max(1))
            }
            TokenUnavailable::Paused { retry_after } => {
                unavailable("There is no access token right now: Atlassian asks for fewer token requests.")
                    .retry_after(retry_after.as_secs().max(1))
            }
            TokenUnavailable::Misconfigured { reason } => {
                tracing::error!(reason, "the app's settings are wrong");
                let detail = "Atlassian does not accept this service's app. Its operator must check the client id and secret.";
                unavailable(detail)
            }
            TokenUnavailable::NotAdopted { why } => {
                tracing::error!(why, "the database is not adopted");
                let detail = "There is temporarily no access token: this service works on a copy of another one's data. Its \
                              operator must run `connector adopt`.";
                Self {
                    kind: "urn:connector:problem:not-adopted",
                    title: "The data is another service's",
                    ..unavailable(detail)
                }
            }
            TokenUnavailable::Sealed(error) => {
                tracing::error!(%error, "a stored token cannot be opened");
                let detail = "The stored token cannot be opened: its encryption key is not among those of this service. Its \
                              operator must restore the key, or the account must be connected again.";
                Self {
                    kind: "urn:connector:problem:sealed",
                    title: "The token cannot be opened",
                    ..unavailable(detail)
                }
            }
            TokenUnavailable::Api(error) => {
                tracing::warn!(%error, "a call of Atlassian failed");
                let problem = Self::new(
                    StatusCode::BAD_GATEWAY,
                    "Atlassian did not answer as expected. Try again later.",
                );
                match error.retry_after() {
                    Some(after) => problem.retry_after(after.as_secs().max(1)),
                    None => problem,
                }
            }
        }
    }
}

/// An error with its causes, in one line.
pub(crate) fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

pub(crate) async fn unknown_route(OriginalUri(uri): OriginalUri) -> Problem {
    let path: String = uri.path().chars().take(100).collect();
    Problem::not_found(format!("There is nothing at {path}. The routes are listed at /docs."))
}

pub(crate) async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    let path: String = uri.path().chars().take(100).collect();
    let detail = format!("{path} does not take {method}. The routes are listed at /docs.");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}

/// What any operation may answer instead of its result, for the OpenAPI document.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers, is never made")]
pub(crate) enum Problems {
    /// The request cannot be understood.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Problem),
    /// There is no session.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The caller may not do this, or the person said no at Atlassian.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// It does not exist, or is another's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// The body did not come within its time.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(Problem),
    /// The state of things forbids it: nothing is connected, or it must be connected anew.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The address is too long.
    #[response(status = 414, content_type = "application/problem+json")]
    UriTooLong(Problem),
    /// The body is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    WrongType(Problem),
    /// The name in `Host` is not this service's.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Problem),
    /// A field is not valid; `errors` names it.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// The caller sends too many requests; `Retry-After` says when it may go on.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// The header fields are too large.
    #[response(status = 431, content_type = "application/problem+json")]
    HeadersTooLarge(Problem),
    /// Something went wrong here.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// Atlassian did not answer as expected.
    #[response(status = 502, content_type = "application/problem+json")]
    BadGateway(Problem),
    /// The database, or Atlassian, is not available right now.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
