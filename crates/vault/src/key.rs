use std::fmt;

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::parse::EntryFault;

pub(crate) const KEY_LENGTH: usize = 32;

/// What a key's bytes are used for. Every use has a key of its own, derived by its label (HKDF-SHA256,
/// RFC 5869), so that no mistake in one use weakens another. Labels are for ever.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Seal,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Seal => b"connector vault 1 seal",
        }
    }
}

/// One key of the ring. All of it is wiped when it is dropped.
pub(crate) struct Key {
    pub id: String,
    root: Zeroizing<[u8; KEY_LENGTH]>,
}

impl Key {
    pub fn new(id: &str, root: Zeroizing<[u8; KEY_LENGTH]>) -> Result<Self, EntryFault> {
        if is_random(&root) { Ok(Self { id: id.to_owned(), root }) } else { Err(EntryFault::NotRandom) }
    }

    pub fn sealing_cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.derive(Purpose::Seal)).into())
    }

    #[expect(clippy::expect_used, reason = "SHA-256 expands to as much as 255 times what is asked for")]
    fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; KEY_LENGTH]> {
        let mut derived = Zeroizing::new([0; KEY_LENGTH]);
        Hkdf::<Sha256>::new(None, self.root.as_slice())
            .expand(purpose.label(), derived.as_mut_slice())
            .expect("32 bytes are not too many");
        derived
    }

    pub fn same_bytes(&self, other: &Self) -> bool {
        self.root.as_slice().ct_eq(other.root.as_slice()).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether the bytes may have come from a random source.
///
/// 32 random bytes have about 30 different values; fewer than 16 happen once in 10^16 keys. Zeros, a repeated
/// word or an encoded password have fewer; counted-up bytes have one step between them.
fn is_random(bytes: &[u8; KEY_LENGTH]) -> bool {
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    let different = seen.iter().filter(|seen| **seen).count();
    let mut steps = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    let first = steps.next();
    different >= 16 && steps.any(|step| Some(step) != first)
}

#[cfg(test)]
mod tests {
    use connector_domain::{Entropy, SystemEntropy};

    use super::*;

    #[test]
    fn refuses_bytes_that_nobody_drew() {
        let counted: [u8; KEY_LENGTH] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let repeated: [u8; KEY_LENGTH] = std::array::from_fn(|i| b"password"[i % 8]);
        for bytes in [[0; KEY_LENGTH], [7; KEY_LENGTH], counted, repeated, counted.map(|byte| 255 - 3 * byte)]
        {
            assert!(!is_random(&bytes), "{bytes:?}");
        }
        for _ in 0..1000 {
            let mut bytes = [0; KEY_LENGTH];
            SystemEntropy.fill(&mut bytes);
            assert!(is_random(&bytes), "{bytes:?}");
        }
    }
}
