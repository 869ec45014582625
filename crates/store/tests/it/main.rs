//! The store by its public face, on both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod connections;
mod fixtures;
mod grant_races;
mod grants;
mod jobs;
mod projects;
mod users;
