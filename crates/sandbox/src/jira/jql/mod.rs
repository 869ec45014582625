//! A part of JQL: enough to restrict and order issues. What is not understood is refused, never ignored.

mod bind;
mod order;

pub use bind::{Context, Predicate};
pub use order::{Position, compare};

use super::error::JiraError;
use crate::query::{self, Query, SyntaxError};

/// Reads a query.
pub fn parse(text: &str) -> Result<Query, JiraError> {
    query::parse(text).map_err(|SyntaxError(message)| syntax_error(&message))
}

fn syntax_error(message: &str) -> JiraError {
    JiraError::bad_request(format!("Error in the JQL Query: {message}"))
}
