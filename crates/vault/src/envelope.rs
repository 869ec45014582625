//! The bytes of a sealed value:
//! version 0x01 | length of the key id (1 byte) | key id | nonce (24) | ciphertext | tag (16).

use crate::parse::check_id;

const VERSION: u8 = 1;
pub(crate) const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;

/// A sealed value taken apart.
pub(crate) struct Envelope<'a> {
    /// Version and key id, as they stand: they are sealed along with the value.
    pub header: &'a [u8],
    pub key_id: &'a str,
    pub nonce: &'a [u8; NONCE_LENGTH],
    /// With its tag.
    pub ciphertext: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// The error says what is wrong, without any of the bytes but the version.
    pub fn parse(sealed: &'a [u8]) -> Result<Self, String> {
        let cut = || "it is cut short".to_owned();
        let (&version, rest) = sealed.split_first().ok_or_else(cut)?;
        if version != VERSION {
            return Err(format!("version {version} is not known"));
        }
        let (&id_length, rest) = rest.split_first().ok_or_else(cut)?;
        let (key_id, rest) = rest.split_at_checked(usize::from(id_length)).ok_or_else(cut)?;
        let key_id = str::from_utf8(key_id)
            .ok()
            .filter(|id| check_id(id).is_ok())
            .ok_or_else(|| "its key id has another form".to_owned())?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or_else(cut)?;
        if ciphertext.len() < TAG_LENGTH {
            return Err(cut());
        }
        let (header, _) = sealed.split_at_checked(sealed.len() - rest.len()).ok_or_else(cut)?;
        Ok(Self { header, key_id, nonce, ciphertext })
    }
}

/// Version and key id, with room for a nonce and a text of `length` bytes.
pub(crate) fn header(key_id: &str, length: usize) -> Vec<u8> {
    // Ids have at most 32 bytes, which the ring has checked.
    let id_length = u8::try_from(key_id.len()).unwrap_or(u8::MAX);
    let mut header = Vec::with_capacity(2 + key_id.len() + NONCE_LENGTH + length + TAG_LENGTH);
    header.extend_from_slice(&[VERSION, id_length]);
    header.extend_from_slice(key_id.as_bytes());
    header
}
