//! Looks for secrets in what is not to hold any. For tests and for torture runs.

use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Looks for secrets in what is not to hold any: as they are, and in the forms in which they slip out.
#[derive(Debug)]
pub struct LeakScanner {
    searcher: AhoCorasick,
    /// Name of the secret and of the form, for each pattern.
    names: Vec<(String, &'static str)>,
}

/// So much of a secret's beginning is a leak too.
const PREFIX: usize = 12;

impl LeakScanner {
    /// `secrets` are named, for the message.
    ///
    /// # Panics
    /// When one is shorter than what is looked for of each.
    pub fn new<'s>(secrets: impl IntoIterator<Item = (&'s str, &'s [u8])>) -> Self {
        let (mut patterns, mut names) = (Vec::new(), Vec::new());
        for (name, secret) in secrets {
            assert!(secret.len() >= PREFIX, "`{name}` is too short to be looked for");
            for (form, pattern) in forms(secret) {
                patterns.push(pattern);
                names.push((name.to_owned(), form));
            }
        }
        let searcher = AhoCorasick::new(&patterns).unwrap_or_else(|error| panic!("the patterns: {error}"));
        Self { searcher, names }
    }

    /// What was found, each name and form once.
    pub fn find(&self, bytes: &[u8]) -> Vec<String> {
        let mut found: Vec<_> = self
            .searcher
            .find_overlapping_iter(bytes)
            .map(|hit| &self.names[hit.pattern().as_usize()])
            .map(|(name, form)| format!("{name} ({form})"))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// # Panics
    /// When there is a secret in `bytes`.
    #[track_caller]
    pub fn assert_clean(&self, place: &str, bytes: &[u8]) {
        let found = self.find(bytes);
        assert!(found.is_empty(), "{place} holds {found:?}");
    }
}

/// The ways in which a secret may be written down.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let escaped = serde_json::to_string(&String::from_utf8_lossy(secret)).unwrap_or_default();
    let mut forms = vec![
        ("plain", secret.to_vec()),
        ("beginning", secret[..PREFIX].to_vec()),
        ("reversed", secret.iter().rev().copied().collect()),
        ("upper-case hexadecimal", hex.to_uppercase().into_bytes()),
        ("hexadecimal", hex.into_bytes()),
        ("percent-encoded", url::form_urlencoded::byte_serialize(secret).collect::<String>().into_bytes()),
        ("JSON-escaped", escaped.trim_matches('"').as_bytes().to_vec()),
    ];
    // Inside a longer text that is encoded as a whole, a secret begins at any of three places within its group.
    for before in 0..3 {
        let padded = [&vec![0; before][..], secret].concat();
        let whole = padded.len() / 3 * 4;
        let start = (before * 8).div_ceil(6);
        forms.push(("base64", STANDARD.encode(&padded).as_bytes()[start..whole].to_vec()));
        forms.push(("base64url", URL_SAFE.encode(&padded).as_bytes()[start..whole].to_vec()));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"ey-J\"x+/\xc3\xa9 the secret itself";

    fn found(planted: &[u8]) -> Vec<String> {
        let around = [&b"something before "[..], planted, b" and behind"].concat();
        LeakScanner::new([("it", SECRET)]).find(&around)
    }

    #[test]
    fn finds_every_form_that_is_planted() {
        for (form, planted) in forms(SECRET) {
            assert!(found(&planted).contains(&format!("it ({form})")), "{form}: {:?}", found(&planted));
        }
    }

    #[test]
    fn finds_a_secret_inside_a_longer_text_that_was_encoded() {
        for before in ["", "a", "ab", "abc", "{\"token\":\""] {
            let text = [before.as_bytes(), SECRET, b"\"}"].concat();
            assert!(!found(STANDARD.encode(&text).as_bytes()).is_empty(), "{before}");
            assert!(!found(URL_SAFE.encode(&text).as_bytes()).is_empty(), "{before}");
        }
    }

    #[test]
    fn finds_nothing_where_nothing_is() {
        assert_eq!(found(b"the secret was not written down"), [""; 0]);
    }
}
