//! Witnesses that the authors of this product did not write.
//!
//! Nobody here can reach Atlassian, so what the sandbox answers and what the client asks is compared with two things
//! that others made: the OpenAPI documents that Atlassian publishes ([`documents`]), and the clients that other people
//! use against the real thing ([`clients`]). `cargo xtask conformance` runs both, and a third, which
//! calls the service's own API by its own document ([`api`]).
//!
//! The documents are not part of this repository; their folder is an argument. Where they and real answers are known
//! to disagree, [`allowed`] says so, entry by entry, with the reason.

pub mod allowed;
pub mod api;
pub mod check;
pub mod clients;
pub mod documents;
pub mod openapi;
pub mod recorded;
pub mod report;
pub mod requests;
pub mod schema;
pub mod walk;
