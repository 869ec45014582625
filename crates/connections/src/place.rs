//! Which value is sealed for which place.

use connector_domain::UserId;
use connector_vault::Place;

pub(crate) fn access_token(connection: &str, generation: i64) -> Place<'_> {
    Place { table: "grants", column: "sealed_access_token", row: connection, generation: Some(generation) }
}

pub(crate) fn refresh_token(connection: &str, generation: i64) -> Place<'_> {
    Place { table: "grants", column: "sealed_refresh_token", row: connection, generation: Some(generation) }
}

pub(crate) fn code_verifier(state_hash: &str) -> Place<'_> {
    Place { table: "login_attempts", column: "sealed_code_verifier", row: state_hash, generation: None }
}

pub(crate) fn user_token(row: &str) -> Place<'_> {
    Place { table: "user_tokens", column: "sealed_token", row, generation: None }
}

pub(crate) fn user_token_row(user: UserId, provider: &str) -> String {
    format!("{user}/{provider}")
}
