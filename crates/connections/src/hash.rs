use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_domain::{Entropy, Secret};
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal. Fit for what has 256 random bits; a password would need a slow hash.
pub(crate) fn sha256_hex(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// 256 random bits as base64url: for a cookie or a `state`.
pub(crate) fn random_token(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    Secret::new(URL_SAFE_NO_PAD.encode(bytes))
}
