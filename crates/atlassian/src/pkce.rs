//! Proof Key for Code Exchange (RFC 7636).
//!
//! Atlassian does not document it for apps of the developer console and does not rely on it; it is sent with
//! every login all the same, beside the client secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::{CodeVerifier, Entropy};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What the authorization request shows of a verifier: `BASE64URL(SHA256(verifier))` (RFC 7636 section 4.2,
/// method `S256`). Not a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    pub fn of(verifier: &CodeVerifier) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A new verifier of 64 characters (384 random bits) and its challenge.
pub fn generate(entropy: &dyn Entropy) -> (CodeVerifier, CodeChallenge) {
    let mut random = Zeroizing::new([0; 48]);
    entropy.fill(random.as_mut_slice());
    let verifier = CodeVerifier::new(URL_SAFE_NO_PAD.encode(random.as_slice()));
    let challenge = CodeChallenge::of(&verifier);
    (verifier, challenge)
}

#[cfg(test)]
mod tests {
    use connector_domain::SystemEntropy;

    use super::*;

    #[test]
    fn agrees_with_the_example_of_rfc_7636_appendix_b() {
        let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(CodeChallenge::of(&verifier).as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn generates_verifiers_of_the_allowed_form() {
        let (first, challenge) = generate(&SystemEntropy);
        let (second, _) = generate(&SystemEntropy);
        assert_ne!(first.expose(), second.expose());
        assert_eq!((first.expose().len(), challenge.as_str().len()), (64, 43));
        assert!(first.expose().chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)));
    }
}
