use std::time::Duration;

use connector_domain::{
    AccessToken, AuthorizationCode, ClientSecret, CodeVerifier, RefreshToken, Scopes, Secret,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::TokenError;
use crate::client::Atlassian;
use crate::endpoints::join;
use crate::http::{self, Answer};
use crate::token_error::Step;

const BODY_LIMIT: usize = 64 * 1024;
/// A longer life than this is a mistake of the answer.
const LONGEST_LIFE: Duration = Duration::from_hours(24 * 366);

/// An app of Atlassian's developer console.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    /// Atlassian demands it from every app but its own.
    pub client_secret: Option<ClientSecret>,
}

/// What a code or a refresh token was exchanged for (RFC 6749 section 5.1).
#[derive(Debug, Clone)]
pub struct TokenGrant {
    /// Opaque, and good at all sites of the grant.
    pub access_token: AccessToken,
    /// The one to use next; the one it was exchanged for is going to end. `None` after a code exchange means
    /// that `offline_access` was not asked for; after a refresh, that the old one stays.
    pub refresh_token: Option<RefreshToken>,
    /// How long the access token lives, from now on; `None` where the answer does not say so usably.
    pub expires_in: Option<Duration>,
    /// What the grant covers, over all sites.
    pub scopes: Option<Scopes>,
}

/// The body of a token request. Never logged; it has no `Debug`.
#[derive(Serialize)]
struct TokenRequest<'a> {
    grant_type: &'static str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(flatten)]
    proof: Proof<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Proof<'a> {
    Code { code: &'a str, redirect_uri: &'a str, code_verifier: &'a str },
    Refresh { refresh_token: &'a str },
}

impl Atlassian {
    /// Exchanges the code of a consent (RFC 6749 section 4.1.3). A code is good for one exchange.
    pub async fn exchange_code(
        &self,
        app: &App,
        code: &AuthorizationCode,
        redirect_uri: &str,
        verifier: &CodeVerifier,
    ) -> Result<TokenGrant, TokenError> {
        let (code, code_verifier) = (code.expose(), verifier.expose());
        let proof = Proof::Code { code, redirect_uri, code_verifier };
        self.token(app, Step::Exchange, proof, &[code, code_verifier]).await
    }

    /// Exchanges a refresh token for a new pair (RFC 6749 section 6).
    ///
    /// Atlassian lets the same token be exchanged again for ten minutes, so that a lost answer
    /// ([`TokenError::Unavailable`]) can be asked for again; after that it ends the whole grant.
    pub async fn refresh(&self, app: &App, refresh_token: &RefreshToken) -> Result<TokenGrant, TokenError> {
        let refresh_token = refresh_token.expose();
        self.token(app, Step::Refresh, Proof::Refresh { refresh_token }, &[refresh_token]).await
    }

    async fn token(
        &self,
        app: &App,
        step: Step,
        proof: Proof<'_>,
        sent: &[&str],
    ) -> Result<TokenGrant, TokenError> {
        let client_secret = app.client_secret.as_ref().map(ClientSecret::expose);
        let body =
            TokenRequest { grant_type: step.grant_type(), client_id: &app.client_id, client_secret, proof };
        let url = join(&self.endpoints.auth_url, &["oauth", "token"]);
        let request = self.http.post(url).timeout(self.token_timeout).json(&body);
        let exchanged = match http::send("/oauth/token", request, BODY_LIMIT).await {
            Ok(answer) if answer.status.is_success() => TokenGrant::read(&answer),
            Ok(answer) => {
                let secrets: Vec<_> = sent.iter().copied().chain(client_secret).collect();
                Err(TokenError::of(step, &answer, &secrets))
            }
            Err(error) => Err(error.into()),
        };
        let outcome = exchanged.as_ref().map_or_else(TokenError::outcome, |_| "granted");
        let grant_type = step.grant_type();
        metrics::counter!("connector_token_exchanges_total", "grant_type" => grant_type, "outcome" => outcome)
            .increment(1);
        exchanged
    }
}

impl TokenGrant {
    /// Takes whatever is usable: a pair that was given must not be lost to a field beside it.
    fn read(answer: &Answer) -> Result<Self, TokenError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(deserialize_with = "secret")]
            access_token: Option<Secret>,
            #[serde(default, deserialize_with = "secret")]
            refresh_token: Option<Secret>,
            #[serde(default)]
            expires_in: Value,
            #[serde(default)]
            scope: Value,
        }

        let mangled = || TokenError::lost("an answer without an access token");
        let body: Body = serde_json::from_slice(&answer.body).map_err(|_| mangled())?;
        let access_token = body.access_token.ok_or_else(mangled)?;
        Ok(Self {
            access_token: AccessToken::new(access_token.expose()),
            refresh_token: body.refresh_token.map(|token| RefreshToken::new(token.expose())),
            expires_in: read_life(&body.expires_in),
            scopes: read_scopes(&body.scope),
        })
    }
}

/// A secret that may be absent, null, empty or of another type.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(Secret),
        Other(serde::de::IgnoredAny),
    }

    Ok(match Form::deserialize(deserializer)? {
        Form::Text(secret) if !secret.expose().trim().is_empty() => Some(secret),
        Form::Text(_) | Form::Other(_) => None,
    })
}

/// Seconds, as a number or as text.
fn read_life(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|life| !life.is_zero() && *life <= LONGEST_LIFE)
}

fn read_scopes(value: &Value) -> Option<Scopes> {
    let scopes: Scopes = match value {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    Some(scopes).filter(|scopes| !scopes.is_empty())
}
