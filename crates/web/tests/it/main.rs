//! The service as its callers see it: over real HTTP, on both databases, against the sandbox.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api_keys;
mod audit;
mod background_refresh;
mod by_hand;
mod census;
mod choice;
mod connect_links;
mod custody;
mod differential;
mod disconnect;
mod edge;
mod erase;
mod grant_end;
mod health;
mod identity;
mod incremental;
mod integrations;
mod late_answers;
mod late_consents;
mod legacy;
mod login;
mod login_failures;
mod login_races;
mod main_path;
mod metrics;
mod mirror;
mod mirrored_content;
mod mirrored_issues;
mod open_redirects;
mod openapi;
mod points;
mod policy;
mod problems;
mod required;
mod revocation;
mod sealed;
mod secrets;
mod sessions;
mod sync_faults;
mod sync_interrupted;
mod sync_partial;
mod syncs;
mod tenancy;
mod tokens;
mod two_accounts;
mod users;

use serde_json::Value;

/// One member of each object of a list.
fn column<'v>(rows: &'v Value, name: &str) -> Vec<&'v str> {
    let rows = rows.as_array().unwrap_or_else(|| panic!("not a list: {rows}"));
    rows.iter().map(|row| row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}"))).collect()
}
