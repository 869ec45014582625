//! The queue and its runner by their public face, on both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod death;
mod fixtures;
mod runner;
