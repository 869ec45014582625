//! What is asked of the database, one file per subject.

pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod choices;
pub(crate) mod connect_links;
pub(crate) mod connections;
pub(crate) mod deployment;
pub(crate) mod erase_user;
pub(crate) mod erased_accounts;
pub(crate) mod figures;
pub(crate) mod grant_intents;
pub(crate) mod grant_lock;
pub(crate) mod grant_schedule;
pub(crate) mod grant_spares;
pub(crate) mod grants;
pub(crate) mod jobs;
pub(crate) mod key_checks;
pub(crate) mod key_rotations;
pub(crate) mod login_attempts;
pub(crate) mod mirror;
pub(crate) mod pages;
pub(crate) mod projects;
pub(crate) mod sealed;
pub(crate) mod sessions;
pub(crate) mod sites;
pub(crate) mod spaces;
pub(crate) mod sync_runs;
pub(crate) mod sync_state;
pub(crate) mod token_pauses;
pub(crate) mod users;

use std::collections::HashSet;
use std::str::FromStr;

use crate::StoreError;

/// Text of a column that this program wrote, as the value it stands for.
fn parsed<T>(table: &'static str, row: &str, text: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| StoreError::Corrupt {
        table,
        row: row.to_owned(),
        what: error.to_string(),
    })
}

/// JSON of a column that this program wrote.
fn from_json<T: serde::de::DeserializeOwned>(
    table: &'static str,
    row: &str,
    json: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Corrupt {
        table,
        row: row.to_owned(),
        what: error.to_string(),
    })
}

/// The rows without those that a later one with the same id replaces: PostgreSQL refuses a statement that writes a
/// row twice, and pages of a list that changes while it is read overlap.
fn last_of_each<'a, T>(rows: &'a [T], id: impl Fn(&'a T) -> &'a str) -> Vec<&'a T> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> = rows.iter().rev().filter(|row| seen.insert(id(row))).collect();
    last.reverse();
    last
}
