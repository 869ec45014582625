use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::{ClientSecret, Secret, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

/// How far the clocks of Atlassian and of this machine may be apart.
const SKEW: Duration = Duration::from_mins(1);
/// Atlassian's are some hundred characters.
const LONGEST_TOKEN: usize = 8 * 1024;

/// What the token of a delivery claims. Which claims there are is not documented.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Claims {
    #[serde(default, rename = "iss", deserialize_with = "crate::lenient::text")]
    pub issuer: Option<String>,
    /// Seconds since the epoch, as the other.
    #[serde(default, rename = "iat")]
    pub issued_at: Option<f64>,
    #[serde(default, rename = "exp")]
    pub expires_at: Option<f64>,
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("it has no token or signature of the expected form")]
    Malformed,
    /// Anything but HS256: `none`, or an algorithm that would take the secret for a public key.
    #[error("its token is not signed by HS256")]
    WrongAlgorithm,
    #[error("its signature is not made with this secret")]
    WrongSignature,
    #[error("its token has expired")]
    Expired,
    #[error("its token is of the future")]
    NotYetValid,
}

/// Checks the `Authorization` of a delivery of a dynamic webhook: `Bearer` or `JWT` and a token that is signed by
/// HS256 with the app's client secret (RFC 7519, RFC 7515).
pub fn verify_token(authorization: &str, secret: &ClientSecret, now: Timestamp) -> Result<Claims, Untrusted> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
        /// Extensions that must be understood (RFC 7515 section 4.1.11). None is.
        #[serde(default)]
        crit: Option<serde::de::IgnoredAny>,
    }

    let token = bearer(authorization).ok_or(Untrusted::Malformed)?;
    let (signed, signature) = token.rsplit_once('.').ok_or(Untrusted::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Untrusted::Malformed)?;
    let header: Header = part(header)?;
    if header.alg != "HS256" {
        return Err(Untrusted::WrongAlgorithm);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Untrusted::Malformed)?;
    verify(secret.expose(), signed.as_bytes(), &signature)?;
    if header.crit.is_some() {
        return Err(Untrusted::Malformed);
    }
    let claims: Claims = part(claims)?;
    let moment = |seconds: f64| Timestamp::from_millis(millis(seconds));
    if claims.expires_at.is_some_and(|end| now >= moment(end).plus(SKEW)) {
        return Err(Untrusted::Expired);
    }
    if claims.issued_at.is_some_and(|start| moment(start) > now.plus(SKEW)) {
        return Err(Untrusted::NotYetValid);
    }
    Ok(claims)
}

/// Checks the `X-Hub-Signature` of a delivery of a webhook that an administrator has made with a secret:
/// `sha256=` and the HMAC of the body as it came, in hexadecimal.
pub fn verify_signature(signature: &str, body: &[u8], secret: &Secret) -> Result<(), Untrusted> {
    let digits = signature.trim().strip_prefix("sha256=").ok_or(Untrusted::Malformed)?;
    let signature = unhex(digits).ok_or(Untrusted::Malformed)?;
    verify(secret.expose(), body, &signature)
}

/// Compares in constant time. An empty secret signs nothing: anybody has it.
fn verify(secret: &str, signed: &[u8], signature: &[u8]) -> Result<(), Untrusted> {
    if secret.is_empty() {
        return Err(Untrusted::WrongSignature);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| Untrusted::WrongSignature)?;
    mac.update(signed);
    mac.verify_slice(signature).map_err(|_| Untrusted::WrongSignature)
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("jwt");
    (is_known && token.len() <= LONGEST_TOKEN).then(|| token.trim())
}

fn part<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Untrusted> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Untrusted::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Untrusted::Malformed)
}

#[expect(clippy::cast_possible_truncation, reason = "a cast from a float ends at the integer's limits")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
