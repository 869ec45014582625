//! What is asked of the database, one file per subject.

pub(crate) mod audit;
pub(crate) mod connections;
pub(crate) mod grants;
pub(crate) mod jobs;
pub(crate) mod key_checks;
pub(crate) mod login_attempts;
pub(crate) mod pages;
pub(crate) mod projects;
pub(crate) mod sessions;
pub(crate) mod sites;
pub(crate) mod spaces;
pub(crate) mod sync_runs;
pub(crate) mod users;

use std::collections::HashSet;
use std::str::FromStr;

use sea_orm::sea_query::{Expr, OnConflict};

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

/// On a conflict writes `columns`, unless the content is what is stored already: an unchanged row is not touched.
fn unless_unchanged<C>(table: &str, key: &[C], columns: &[C]) -> OnConflict
where
    C: sea_orm::sea_query::IntoIden + Copy,
{
    OnConflict::columns(key.iter().copied())
        .update_columns(columns.iter().copied())
        .action_and_where(Expr::cust(format!("{table}.content_hash IS DISTINCT FROM excluded.content_hash")))
        .to_owned()
}

/// How many rows go into one statement: SQLite takes 32,766 values, a row has at most 18.
const ROWS_PER_STATEMENT: usize = 500;

/// The rows without those that a later one with the same id replaces: PostgreSQL refuses a statement that writes a
/// row twice, and pages of a list that changes while it is read overlap.
fn last_of_each<'a, T>(rows: &'a [T], id: impl Fn(&'a T) -> &'a str) -> Vec<&'a T> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> = rows.iter().rev().filter(|row| seen.insert(id(row))).collect();
    last.reverse();
    last
}
