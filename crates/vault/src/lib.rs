//! Key ring that seals secrets to their place in a database.
//!
//! A value is sealed with XChaCha20-Poly1305 under the ring's first key, together with the [`Place`] where it
//! will lie: table, column, row and, where there is one, generation. It opens there only. Moved to another row,
//! changed by one bit, or looked at with another key, it does not open. The id of its key stands in front of it,
//! so that keys can be changed while old values still open.
//!
//! ```
//! use connector_domain::SystemEntropy;
//! use connector_vault::{KeyRing, Place};
//!
//! let entry = KeyRing::generate(&SystemEntropy, "k1")?;
//! let ring = KeyRing::parse(entry.expose())?;
//! let place = Place { table: "grants", column: "sealed_refresh", row: "42", generation: Some(7) };
//! let sealed = ring.seal(&place, b"a refresh token", &SystemEntropy);
//!
//! assert_eq!(ring.open_text(&place, &sealed)?.expose(), "a refresh token");
//! assert!(ring.open(&Place { row: "43", ..place }, &sealed).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod envelope;
mod key;
mod open_error;
mod parse;
mod place;
mod ring;

pub use open_error::OpenError;
pub use parse::{EntryFault, KeyRingError};
pub use place::Place;
pub use ring::KeyRing;
