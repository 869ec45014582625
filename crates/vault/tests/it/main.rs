//! The vault by its public face.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod open;
mod ring;

use connector_domain::{SeededEntropy, SystemEntropy};
use connector_vault::{KeyRing, Place};

/// A ring with the keys of `ids`; the same id is the same key in every ring of the same `seed`.
fn ring_of(seed: u64, ids: &[&str]) -> KeyRing {
    let entries: Vec<_> = ids.iter().map(|id| entry(seed, id)).collect();
    KeyRing::parse(&entries.join(",")).unwrap()
}

fn entry(seed: u64, id: &str) -> String {
    let seed = id.bytes().fold(seed, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
    KeyRing::generate(&SeededEntropy::new(seed), id).unwrap().expose().to_owned()
}

const PLACE: Place<'static> =
    Place { table: "grants", column: "sealed_refresh", row: "42", generation: Some(7) };

fn seal(ring: &KeyRing, place: &Place<'_>, plaintext: &[u8]) -> Vec<u8> {
    ring.seal(place, plaintext, &SystemEntropy)
}
