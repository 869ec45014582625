//! Keys by which programs call the API.
//!
//! `jcc_live_` or `jcc_admin_`, an id of 12 letters and digits, `_`, a secret of 32 (190 random bits), and 6 that check
//! all before them (CRC-32): one word on a double click, and found by secret scanners as
//! `jcc_(live|admin)_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}`. Of the secret only a hash is kept.

use std::time::Duration;

use connector_domain::{
    Actor, ApiKey, ApiKeyId, Audit, AuditEvent, Entropy, KeyScope, KeyScopes, Secret, Timestamp, UserId,
};
use connector_store::{Store, StoreError};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::Connections;
use crate::hash::sha256_hex;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID: usize = 12;
const SECRET: usize = 32;
const CHECK: usize = 6;
/// The last use is noted no more often than this.
const NOTED_EVERY: Duration = Duration::from_mins(1);
/// Compared where there is no such key, so that an unknown id takes as long as a wrong secret.
const NOBODYS_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    pub name: String,
    pub scopes: KeyScopes,
    /// Whose rows alone it opens; `None` for everybody's.
    pub user_id: Option<UserId>,
    pub lifetime: Duration,
}

/// Makes a key, and keeps what is needed to know it again. The text is nowhere else: it is shown once.
pub async fn create_api_key(
    store: &Store,
    entropy: &dyn Entropy,
    now: Timestamp,
    actor: Actor,
    new: NewApiKey,
) -> Result<(ApiKey, Secret), StoreError> {
    let kind = if new.scopes.cover(KeyScope::Admin) { "admin" } else { "live" };
    let id = random_word(entropy, ID);
    let secret = random_word(entropy, SECRET);
    let before = format!("jcc_{kind}_{id}_{secret}");
    let text = Secret::new(format!("{before}{}", check_digits(&before)));
    let key = ApiKey {
        id: ApiKeyId::new(id),
        name: new.name,
        scopes: new.scopes,
        user_id: new.user_id,
        created_at: now,
        expires_at: now.plus(new.lifetime),
        last_used_at: None,
        revoked_at: None,
    };
    let record = Audit::new(entropy, now, actor).record(AuditEvent::ApiKeyCreated {
        key_id: key.id.to_string(),
        name: key.name.clone(),
        scopes: key.scopes.iter().map(|scope| scope.to_string()).collect(),
    });
    let record = record.about(key.user_id);
    store.insert_api_key(&key, &sha256_hex(&secret), &record).await?;
    Ok((key, text))
}

/// Ends a key; `None` where there is none of this id. It opens nothing from the moment on at which this returns, in any
/// process.
pub async fn revoke_api_key(
    store: &Store,
    entropy: &dyn Entropy,
    now: Timestamp,
    actor: Actor,
    id: &ApiKeyId,
) -> Result<Option<ApiKey>, StoreError> {
    let Some((key, _)) = store.find_api_key(id).await? else { return Ok(None) };
    let event = AuditEvent::ApiKeyRevoked { key_id: id.to_string(), name: key.name.clone() };
    store.revoke_api_key(id, now, &Audit::new(entropy, now, actor).record(event)).await?;
    Ok(store.find_api_key(id).await?.map(|(key, _)| key))
}

impl Connections {
    /// The key that a caller shows, if it is one and alive. A text that is none is refused without a look into the
    /// database.
    pub async fn authenticate_key(&self, text: &Secret) -> Result<Option<ApiKey>, StoreError> {
        let Some((id, secret)) = take_apart(text.expose()) else {
            self.note_refused_key(None);
            return Ok(None);
        };
        let id = ApiKeyId::new(id);
        let found = self.inner.store.find_api_key(&id).await?;
        let expected = found.as_ref().map_or(NOBODYS_HASH, |(_, hash)| hash);
        let fits: bool = sha256_hex(secret).as_bytes().ct_eq(expected.as_bytes()).into();
        let now = self.now();
        let known = found.is_some();
        let Some((key, _)) = found.filter(|(key, _)| fits && key.is_alive(now)) else {
            self.note_refused_key(known.then_some(&id));
            return Ok(None);
        };
        self.note_key_use(&key);
        if key.last_used_at.is_none_or(|last| now.since(last) > NOTED_EVERY) {
            self.inner.store.touch_api_key(&id, now).await?;
        }
        Ok(Some(key))
    }

    /// See [`create_api_key`].
    pub async fn create_api_key(&self, actor: Actor, new: NewApiKey) -> Result<(ApiKey, Secret), StoreError> {
        create_api_key(&self.inner.store, &*self.inner.entropy, self.now(), actor, new).await
    }

    /// See [`revoke_api_key`].
    pub async fn revoke_api_key(&self, actor: Actor, id: &ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        revoke_api_key(&self.inner.store, &*self.inner.entropy, self.now(), actor, id).await
    }
}

/// (id, secret) of a text that has the form of a key and whose check digits fit.
fn take_apart(text: &str) -> Option<(&str, &str)> {
    let (before, check) = text.split_at_checked(text.len().checked_sub(CHECK)?)?;
    let rest = before.strip_prefix("jcc_live_").or_else(|| before.strip_prefix("jcc_admin_"))?;
    let (id, secret) = rest.split_once('_')?;
    let is_word =
        |word: &str, length| word.len() == length && word.bytes().all(|byte| DIGITS.contains(&byte));
    (is_word(id, ID) && is_word(secret, SECRET) && check_digits(before) == check).then_some((id, secret))
}

/// CRC-32 of a text as six digits of base 62.
fn check_digits(text: &str) -> String {
    let mut left = crc32fast::hash(text.as_bytes()) as usize;
    let mut digits = [b'0'; CHECK];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[left % DIGITS.len()];
        left /= DIGITS.len();
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// Letters and digits, each as likely as any other.
fn random_word(entropy: &dyn Entropy, length: usize) -> String {
    let mut word = String::with_capacity(length);
    let mut bytes = Zeroizing::new([0; 64]);
    while word.len() < length {
        entropy.fill(bytes.as_mut_slice());
        // 248 is the largest multiple of 62 in a byte; what is above would make some digits more likely.
        let fair = bytes.iter().filter(|byte| **byte < 248).take(length - word.len());
        word.extend(fair.map(|byte| char::from(DIGITS[usize::from(*byte) % DIGITS.len()])));
    }
    word
}

#[cfg(test)]
mod tests {
    use connector_domain::{SeededEntropy, SystemEntropy};

    use super::*;

    /// Each digit comes in one of 62 of 32 million places, give or take 713 (one standard deviation). That one is off by
    /// seven of them happens in one of 6 billion runs; bytes modulo 62 would be off by 150.
    #[test]
    fn a_million_secrets_of_keys_differ_and_no_digit_is_more_likely() {
        const KEYS: usize = 1_000_000;
        let mut secrets = Vec::with_capacity(KEYS);
        let mut seen = [0_u64; 256];
        for _ in 0..KEYS {
            let secret: [u8; SECRET] = random_word(&SystemEntropy, SECRET).into_bytes().try_into().unwrap();
            for byte in secret {
                seen[usize::from(byte)] += 1;
            }
            secrets.push(secret);
        }
        secrets.sort_unstable();
        secrets.dedup();
        assert_eq!(secrets.len(), KEYS);
        for byte in 0..=u8::MAX {
            let seen = seen[usize::from(byte)];
            if DIGITS.contains(&byte) {
                assert!(seen.abs_diff(516_129) < 7 * 713, "{} comes {seen} times", char::from(byte));
            } else {
                assert_eq!(seen, 0, "{byte} is no digit");
            }
        }
    }

    #[test]
    fn a_key_is_taken_apart_and_a_typing_error_is_seen() {
        let entropy = SeededEntropy::new(7);
        let (id, secret) = (random_word(&entropy, ID), random_word(&entropy, SECRET));
        for kind in ["live", "admin"] {
            let before = format!("jcc_{kind}_{id}_{secret}");
            let key = format!("{before}{}", check_digits(&before));
            assert_eq!(take_apart(&key), Some((id.as_str(), secret.as_str())));
            for at in 0..key.len() {
                let mut wrong = key.clone().into_bytes();
                wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
                assert_eq!(take_apart(&String::from_utf8(wrong).unwrap()), None, "at {at}");
            }
            assert_eq!(take_apart(&key[1..]), None);
            assert_eq!(take_apart(&key[..key.len() - 1]), None);
        }
        for text in ["", "é", "jcc_live_", "jcc_live_éééééééééééé_x", &"j".repeat(10_000)] {
            assert_eq!(take_apart(text), None);
        }
    }
}
