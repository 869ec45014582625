//! The store by its public face, on both engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod answer_cache;
mod audit;
mod connections;
mod documented_queries;
mod erased_accounts;
mod fixtures;
mod grant_model;
mod grant_races;
mod grants;
mod jobs;
mod key_checks;
mod login_attempts;
mod migrations;
mod mirror;
mod pages;
mod paging;
mod postgres;
mod projects;
mod round_trips;
mod sessions;
mod spaces;
mod sqlite;
mod sync_runs;
mod sync_state;
mod users;
