//! The program as its operator has it: the real binary, its output, its signals and its exit codes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adopt;
mod api_keys;
mod arguments;
mod callers;
mod demo;
mod doctor;
mod foreground_sync;
mod keys;
mod kills;
mod migrate;
mod program;
mod refusals;
mod restart;
mod rotate;
mod secrets;
mod signals;
mod storms;
mod time_zones;
mod workplace;
