//! The text form of a key ring: `id:base64`, comma-separated.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::key::{KEY_LENGTH, Key};

/// Why a text is no key ring. Says which entry, never what it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    #[error("there is no key")]
    Empty,
    /// `position` counts from 1. `id` is there only where it has the form of one: a misplaced secret must not
    /// be shown.
    #[error("entry {position}{}: {fault}", .id.as_ref().map(|id| format!(" (`{id}`)")).unwrap_or_default())]
    Entry { position: usize, id: Option<String>, fault: EntryFault },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    #[error("is not `id:key`")]
    NoColon,
    #[error("has no id in front of the colon")]
    EmptyId,
    #[error("the id must be 1 to 32 letters, digits, `-` or `_`")]
    InvalidId,
    #[error("has the id of an earlier entry")]
    DuplicateId,
    #[error("the key is not base64")]
    NotBase64,
    #[error("the key has {0} bytes instead of 32")]
    WrongLength(usize),
    #[error("the key is not random: make one with a generator of random bytes")]
    NotRandom,
    #[error("has the key of an earlier entry, under another id")]
    DuplicateKey,
}

/// Standard alphabet; the padding at the end may be missing.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(crate) fn keys(text: &str) -> Result<Vec<Key>, KeyRingError> {
    if text.trim().is_empty() {
        return Err(KeyRingError::Empty);
    }
    let mut keys: Vec<Key> = Vec::new();
    for (i, text) in text.split(',').enumerate() {
        keys.push(entry(text.trim(), &keys).map_err(|(id, fault)| KeyRingError::Entry {
            position: i + 1,
            id: id.map(str::to_owned),
            fault,
        })?);
    }
    Ok(keys)
}

/// Reads one entry; the error has its id where that is known.
fn entry<'a>(text: &'a str, earlier: &[Key]) -> Result<Key, (Option<&'a str>, EntryFault)> {
    let (id, encoded) = text.split_once(':').ok_or((None, EntryFault::NoColon))?;
    let (id, encoded) = (id.trim(), encoded.trim());
    check_id(id).map_err(|fault| (None, fault))?;
    let key = decode(encoded).and_then(|bytes| Key::new(id, bytes)).and_then(|key| {
        if earlier.iter().any(|earlier| earlier.id == id) {
            Err(EntryFault::DuplicateId)
        } else if earlier.iter().any(|earlier| earlier.same_bytes(&key)) {
            Err(EntryFault::DuplicateKey)
        } else {
            Ok(key)
        }
    });
    key.map_err(|fault| (Some(id), fault))
}

pub(crate) fn check_id(id: &str) -> Result<(), EntryFault> {
    if id.is_empty() {
        Err(EntryFault::EmptyId)
    } else if id.len() > 32 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        Err(EntryFault::InvalidId)
    } else {
        Ok(())
    }
}

/// Decodes into memory that is wiped in every case.
fn decode(encoded: &str) -> Result<Zeroizing<[u8; KEY_LENGTH]>, EntryFault> {
    let mut buffer = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
    let length = BASE64.decode_slice(encoded, &mut buffer).map_err(|_| EntryFault::NotBase64)?;
    let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
    if length != KEY_LENGTH {
        return Err(EntryFault::WrongLength(length));
    }
    bytes.iter_mut().zip(buffer.iter()).for_each(|(to, from)| *to = *from);
    Ok(bytes)
}
