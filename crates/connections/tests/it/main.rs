//! The vault as the service uses it, on both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixtures;
mod place;
mod rotation;
mod sealed_columns;
