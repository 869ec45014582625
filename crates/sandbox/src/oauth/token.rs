//! The token endpoint.

use axum::{
    Extension, Json,
    body::Bytes,
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::grants::{Attempt, CodeRefusal, RefreshRefusal, Sequence, TokenSet};
use crate::{app::Sandbox, control::GrantType};

/// The members of both kinds of request. Unknown ones (such as `redirect_uri` on a refresh) are ignored.
#[derive(Default, Deserialize)]
struct TokenRequest {
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
}

/// What a request wants to exchange.
enum Presented<'a> {
    RefreshToken(&'a str),
    Code { code: &'a str, redirect_uri: &'a str },
}

/// The member `error` of an answer, for the history.
#[derive(Clone, Copy)]
pub struct ErrorCode(pub &'static str);

/// A refusal: status, `error`, `error_description`.
struct TokenError(StatusCode, &'static str, String);

/// `POST /oauth/token` with a JSON body, as documented, or a form, as many clients send it.
pub async fn exchange(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let now = sandbox.now_millis();
    if let Some(seconds) = sandbox.token_limit().exceeded(sandbox.switches().token_limit, now) {
        let noted = note_unworked(&sandbox, &headers, &body);
        let error = TokenError(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            String::from("Rate limit exceeded"),
        );
        return (Extension(noted), [(RETRY_AFTER, seconds.to_string())], error).into_response();
    }
    let request = match TokenRequest::read(&headers, &body) {
        Ok(request) => request,
        Err(error) => {
            let noted = sandbox.grants().note(Attempt::unreadable(), sandbox.now_millis());
            return (Extension(noted), error).into_response();
        }
    };
    let (result, noted) = sandbox.exchange(&request);
    if let Some(grant_type) = request.kind() {
        sandbox.stats().count_exchange(grant_type, result.is_ok());
    }
    match result {
        Ok(tokens) => (Extension(noted), tokens).into_response(),
        Err(error) => (Extension(noted), error).into_response(),
    }
}

/// Notes a request to the token endpoint that a fault answers before any work is done.
pub fn note_unworked(sandbox: &Sandbox, headers: &HeaderMap, body: &[u8]) -> Sequence {
    let attempt =
        TokenRequest::read(headers, body).map_or(Attempt::unreadable(), |request| request.attempt());
    sandbox.grants().note(attempt, sandbox.now_millis())
}

impl TokenRequest {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenError> {
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if content_type.starts_with("application/x-www-form-urlencoded") {
            let mut request = Self::default();
            for (name, value) in form_urlencoded::parse(body) {
                request.set(&name, value.into_owned());
            }
            return Ok(request);
        }
        serde_json::from_slice(body).map_err(|_| {
            TokenError(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                String::from("The body is neither JSON nor a form"),
            )
        })
    }

    fn set(&mut self, name: &str, value: String) {
        let member = match name {
            "grant_type" => &mut self.grant_type,
            "client_id" => &mut self.client_id,
            "client_secret" => &mut self.client_secret,
            "code" => &mut self.code,
            "redirect_uri" => &mut self.redirect_uri,
            "code_verifier" => &mut self.code_verifier,
            "refresh_token" => &mut self.refresh_token,
            _ => return,
        };
        *member = Some(value);
    }
}

impl TokenRequest {
    fn kind(&self) -> Option<GrantType> {
        match self.grant_type.as_deref() {
            Some("authorization_code") => Some(GrantType::AuthorizationCode),
            Some("refresh_token") => Some(GrantType::RefreshToken),
            _ => None,
        }
    }

    /// The request as the history knows it before any work is done.
    fn attempt(&self) -> Attempt {
        match self.kind() {
            Some(kind @ GrantType::AuthorizationCode) => Attempt::new(kind, self.code.as_deref()),
            Some(kind @ GrantType::RefreshToken) => Attempt::new(kind, self.refresh_token.as_deref()),
            None => Attempt::unreadable(),
        }
    }
}

impl Sandbox {
    fn exchange(&self, request: &TokenRequest) -> (Result<TokenSet, TokenError>, Sequence) {
        let now = self.now_millis();
        match self.admit(request) {
            Err(error) => (Err(error), self.grants().note(request.attempt(), now)),
            Ok(Presented::RefreshToken(token)) => {
                let (result, noted) = self.grants().refresh(token, self.switches(), now);
                (result.map_err(TokenError::from), noted)
            }
            Ok(Presented::Code { code, redirect_uri }) => {
                let verify =
                    |challenge: Option<&str>| self.pkce_holds(challenge, request.code_verifier.as_deref());
                let (result, noted) = self.grants().exchange_code(code, redirect_uri, verify, now);
                (result.map_err(TokenError::from), noted)
            }
        }
    }

    /// What a request presents, if it comes from the app and is complete.
    fn admit<'a>(&self, request: &'a TokenRequest) -> Result<Presented<'a>, TokenError> {
        let grant_type = needed(request.grant_type.as_deref(), "grant_type")?;
        if !matches!(grant_type, "authorization_code" | "refresh_token") {
            let message = format!("Unsupported grant type: {grant_type}");
            return Err(TokenError(StatusCode::BAD_REQUEST, "unsupported_grant_type", message));
        }
        let client_id = needed(request.client_id.as_deref(), "client_id")?;
        // A missing secret gets the same answer as a wrong one, even with a right PKCE verifier.
        if client_id != self.app().client_id
            || request.client_secret.as_deref() != Some(self.app().client_secret)
        {
            return Err(TokenError(StatusCode::UNAUTHORIZED, "access_denied", String::from("Unauthorized")));
        }
        if grant_type == "refresh_token" {
            return needed(request.refresh_token.as_deref(), "refresh_token").map(Presented::RefreshToken);
        }
        let code = needed(request.code.as_deref(), "code")?;
        let redirect_uri = needed(request.redirect_uri.as_deref(), "redirect_uri")?;
        Ok(Presented::Code { code, redirect_uri })
    }

    /// PKCE (RFC 7636), method S256: checked when the authorization request had a challenge.
    fn pkce_holds(&self, challenge: Option<&str>, verifier: Option<&str>) -> bool {
        match (challenge, verifier) {
            _ if self.switches().ignore_pkce => true,
            (None, _) => true,
            (Some(_), None) => false,
            (Some(challenge), Some(verifier)) => {
                URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
            }
        }
    }
}

fn needed<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, TokenError> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        TokenError(StatusCode::BAD_REQUEST, "invalid_request", format!("Missing required parameter: {name}"))
    })
}

impl From<CodeRefusal> for TokenError {
    fn from(refusal: CodeRefusal) -> Self {
        let (error, description) = match refusal {
            CodeRefusal::UnknownOrUsed => ("invalid_grant", "Invalid authorization code"),
            CodeRefusal::WrongVerifier => ("invalid_grant", "Failed to verify code verifier"),
            // At this step `unauthorized_client` means that the app and its callback do not fit together.
            CodeRefusal::WrongRedirectUri => {
                ("unauthorized_client", "The redirect URI is not the one that the code was asked for with")
            }
        };
        Self(StatusCode::FORBIDDEN, error, String::from(description))
    }
}

impl From<RefreshRefusal> for TokenError {
    fn from(refusal: RefreshRefusal) -> Self {
        let (error, description) = match refusal {
            RefreshRefusal::InvalidGrant => ("invalid_grant", "Unknown or invalid refresh token."),
            RefreshRefusal::UnauthorizedClient => ("unauthorized_client", "refresh_token is invalid"),
        };
        Self(StatusCode::FORBIDDEN, error, String::from(description))
    }
}

impl IntoResponse for TokenSet {
    fn into_response(self) -> Response {
        let mut body = json!({
            "access_token": self.access_token,
            "expires_in": self.expires_in,
            "scope": self.scopes.to_string(),
            "token_type": "Bearer",
        });
        if let Some(refresh_token) = self.refresh_token {
            body["refresh_token"] = refresh_token.into();
        }
        ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let Self(status, error, description) = self;
        let body = Json(json!({ "error": error, "error_description": description }));
        (status, Extension(ErrorCode(error)), body).into_response()
    }
}
