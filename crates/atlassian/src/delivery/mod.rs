//! Deliveries of webhooks: who sent one, and what it is about.
//!
//! The token of a delivery does not cover its body, and deliveries come late, twice, in any order or not at all: what
//! one says is a hint of what to fetch, never the data itself.

mod hint;
mod verify;

pub use hint::{DeliveryHeaders, Hint};
pub use verify::{Claims, Untrusted, verify_signature, verify_token};
