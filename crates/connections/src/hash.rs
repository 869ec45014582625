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

#[cfg(test)]
mod tests {
    use connector_domain::SystemEntropy;

    use super::*;

    /// Session ids, states of logins, secrets of browsers and of connect links. A bit is set in half of a million ids,
    /// give or take 500 (one standard deviation): that one of 256 is off by eight of them happens in one of a million
    /// million runs.
    #[test]
    fn a_million_ids_differ_and_each_of_their_256_bits_is_as_often_set_as_not() {
        const IDS: usize = 1_000_000;
        let mut ids = Vec::with_capacity(IDS);
        let mut set = [0_u64; 256];
        for _ in 0..IDS {
            let text = random_token(&SystemEntropy);
            let text = text.expose();
            assert_eq!(text.len(), 43);
            // Also says that it is of the alphabet A-Z a-z 0-9 - _ and nothing else.
            let id: [u8; 32] = URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap();
            for (byte, eight) in id.iter().zip(set.chunks_exact_mut(8)) {
                for (bit, set) in eight.iter_mut().enumerate() {
                    *set += u64::from(byte >> bit & 1);
                }
            }
            ids.push(id);
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), IDS);
        for (bit, set) in set.iter().enumerate() {
            assert!(set.abs_diff(500_000) < 8 * 500, "bit {bit} is set in {set}");
        }
    }
}
