//! Which value is sealed for which place, and the one list of all columns of sealed values.

use connector_domain::UserId;
use connector_store::{KeyColumn, SealedColumn, SealedRow};
use connector_vault::Place;

const ACCESS_TOKEN: SealedColumn = SealedColumn {
    table: "grants",
    column: "sealed_access_token",
    key: &[KeyColumn::Text("connection_id")],
    generation: Some("generation"),
};
const REFRESH_TOKEN: SealedColumn = SealedColumn { column: "sealed_refresh_token", ..ACCESS_TOKEN };
const CODE_VERIFIER: SealedColumn = SealedColumn {
    table: "login_attempts",
    column: "sealed_code_verifier",
    key: &[KeyColumn::Text("state_hash")],
    generation: None,
};
const USER_TOKEN: SealedColumn = SealedColumn {
    table: "user_tokens",
    column: "sealed_token",
    key: &[KeyColumn::Integer("user_id"), KeyColumn::Text("provider")],
    generation: None,
};

const SPARE_ACCESS_TOKEN: SealedColumn = SealedColumn {
    table: "grant_spares",
    column: "sealed_access_token",
    key: &[KeyColumn::Text("id")],
    generation: None,
};
const SPARE_REFRESH_TOKEN: SealedColumn =
    SealedColumn { column: "sealed_refresh_token", ..SPARE_ACCESS_TOKEN };

/// Every column that holds sealed values. What is not in this list is neither verified nor sealed anew when the key
/// changes; a test compares it with the tables.
pub const SEALED: [SealedColumn; 6] =
    [ACCESS_TOKEN, REFRESH_TOKEN, SPARE_ACCESS_TOKEN, SPARE_REFRESH_TOKEN, CODE_VERIFIER, USER_TOKEN];

const fn place<'a>(column: &SealedColumn, row: &'a str, generation: Option<i64>) -> Place<'a> {
    Place { table: column.table, column: column.column, row, generation }
}

/// The name that a row has in its place: its primary key.
pub(crate) fn row_name(row: &SealedRow) -> String {
    row.key.join("/")
}

/// The place of a value of `column`, whose row has this name.
pub(crate) fn of_row<'a>(column: &SealedColumn, row: &SealedRow, name: &'a str) -> Place<'a> {
    place(column, name, row.generation)
}

pub(crate) fn access_token(connection: &str, generation: i64) -> Place<'_> {
    place(&ACCESS_TOKEN, connection, Some(generation))
}

pub(crate) fn refresh_token(connection: &str, generation: i64) -> Place<'_> {
    place(&REFRESH_TOKEN, connection, Some(generation))
}

pub(crate) fn spare_access_token(id: &str) -> Place<'_> {
    place(&SPARE_ACCESS_TOKEN, id, None)
}

pub(crate) fn spare_refresh_token(id: &str) -> Place<'_> {
    place(&SPARE_REFRESH_TOKEN, id, None)
}

/// A file of the spool.
pub(crate) fn spooled(name: &str) -> Place<'_> {
    Place { table: "spool", column: "content", row: name, generation: None }
}

pub(crate) fn code_verifier(state_hash: &str) -> Place<'_> {
    place(&CODE_VERIFIER, state_hash, None)
}

pub(crate) fn user_token(row: &str) -> Place<'_> {
    place(&USER_TOKEN, row, None)
}

pub(crate) fn user_token_row(user: UserId, provider: &str) -> String {
    format!("{user}/{provider}")
}
