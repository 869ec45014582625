//! Randomness for codes and tokens. The data is deterministic; what opens it is not.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// `LENGTH` random bytes as base64url text.
pub fn random_text<const LENGTH: usize>() -> String {
    let mut bytes = [0; LENGTH];
    fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[expect(clippy::disallowed_methods, reason = "the one place where the sandbox takes randomness")]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}
