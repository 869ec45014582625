use base64::Engine as _;
use chacha20poly1305::aead::{Aead, Payload};
use connector_domain::{Entropy, Secret};
use zeroize::Zeroizing;

use crate::envelope::{self, Envelope, NONCE_LENGTH};
use crate::key::{KEY_LENGTH, Key};
use crate::parse::{self, BASE64, KeyRingError, check_id};
use crate::{EntryFault, OpenError, Place};

/// What a key's check holds.
const CANARY: &[u8] = b"connector key check";

/// The keys that open sealed values, and the one that seals new ones.
///
/// Its `Debug` shows the ids only; the keys are wiped when it is dropped.
#[derive(Debug)]
pub struct KeyRing {
    /// Seals.
    first: Key,
    /// Only open.
    others: Vec<Key>,
}

impl KeyRing {
    /// Reads `id:key` entries with commas between them. A key is the base64 of 32 random bytes. The first one
    /// seals, all of them open.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys = parse::keys(text)?.into_iter();
        let first = keys.next().ok_or(KeyRingError::Empty)?;
        Ok(Self { first, others: keys.collect() })
    }

    /// A new entry for [`KeyRing::parse`].
    pub fn generate(entropy: &dyn Entropy, id: &str) -> Result<Secret, EntryFault> {
        check_id(id)?;
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        entropy.fill(key.as_mut_slice());
        let encoded = Zeroizing::new(BASE64.encode(key.as_slice()));
        // With room for all of it: a text that grows leaves copies of itself behind.
        let mut entry = String::with_capacity(id.len() + 1 + encoded.len());
        entry.extend([id, ":", encoded.as_str()]);
        Ok(Secret::new(entry))
    }

    pub fn sealing_key_id(&self) -> &str {
        &self.first.id
    }

    /// All ids, the sealing key's first.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(|key| key.id.as_str())
    }

    /// The id of the key that `sealed` was sealed with; `None` where these are no sealed bytes.
    pub fn key_id_of(sealed: &[u8]) -> Option<&str> {
        Envelope::parse(sealed).ok().map(|envelope| envelope.key_id)
    }

    /// The values that `key_id` has sealed, wherever they are, compared byte by byte: those from the first on and
    /// before the second of these. For telling them apart without opening them.
    pub fn sealed_range(key_id: &str) -> (Vec<u8>, Vec<u8>) {
        let from = envelope::header(key_id, 0);
        let mut to = from.clone();
        // Ids end with a letter, a digit, `-` or `_`: there is a next byte.
        if let Some(last) = to.last_mut() {
            *last += 1;
        }
        (from, to)
    }

    /// Seals `plaintext` to `place` with the first key. No two results are alike.
    pub fn seal(&self, place: &Place<'_>, plaintext: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        seal_with(&self.first, place, plaintext, entropy)
    }

    /// Opens what was sealed to `place` with any key of the ring.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let envelope = Envelope::parse(sealed).map_err(|what| OpenError::malformed(place, what))?;
        let Some(key) = self.key(envelope.key_id) else {
            return Err(OpenError::UnknownKey {
                place: place.to_string(),
                key_id: envelope.key_id.to_owned(),
            });
        };
        let aad = place.associated_data(envelope.header);
        key.sealing_cipher()
            .decrypt(envelope.nonce.into(), Payload { msg: envelope.ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Refused { place: place.to_string(), key_id: key.id.clone() })
    }

    /// Like [`KeyRing::open`], for text.
    pub fn open_text(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Secret, OpenError> {
        let bytes = self.open(place, sealed)?;
        match str::from_utf8(&bytes) {
            Ok(text) => Ok(Secret::new(text)),
            Err(_) => Err(OpenError::malformed(place, "what it holds is not text")),
        }
    }

    /// A sealed constant, for the row `key_id` of a table of key checks: as long as it opens
    /// ([`KeyRing::verify_check`]), the ring has the same key under this id as when it was made.
    ///
    /// `None` where the ring has no such key.
    pub fn check(&self, key_id: &str, entropy: &dyn Entropy) -> Option<Vec<u8>> {
        Some(seal_with(self.key(key_id)?, &check_place(key_id), CANARY, entropy))
    }

    /// Opens the check of `key_id`. An error means that the key under this id is missing or another one.
    pub fn verify_check(&self, key_id: &str, sealed: &[u8]) -> Result<(), OpenError> {
        let place = check_place(key_id);
        if *self.open(&place, sealed)? == CANARY {
            Ok(())
        } else {
            Err(OpenError::malformed(&place, "it is no key check"))
        }
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn key(&self, id: &str) -> Option<&Key> {
        self.keys().find(|key| key.id == id)
    }
}

fn check_place(key_id: &str) -> Place<'_> {
    Place { table: "key_checks", column: "sealed", row: key_id, generation: None }
}

#[expect(clippy::expect_used, reason = "only texts of more than 256 GB cannot be sealed")]
fn seal_with(key: &Key, place: &Place<'_>, plaintext: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
    let mut sealed = envelope::header(&key.id, plaintext.len());
    let aad = place.associated_data(&sealed);
    // Random: 192 bits never repeat, however many values there are.
    let mut nonce = [0; NONCE_LENGTH];
    entropy.fill(&mut nonce);
    let ciphertext = key
        .sealing_cipher()
        .encrypt((&nonce).into(), Payload { msg: plaintext, aad: &aad })
        .expect("a text that fits into memory");
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    sealed
}
