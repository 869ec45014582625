//! The three ways in which Jira pages lists: by position with `isLast`, by position with a named array, by token.

use serde_json::{Value, json};

use super::{error::JiraError, urls::Urls};
use crate::params::Params;

/// A part of a list, by position.
#[derive(Clone, Copy)]
pub struct Part {
    pub start: usize,
    pub limit: usize,
}

impl Part {
    /// Reads `startAt` and `maxResults`; a page that is asked to be too large gets shorter without an error.
    pub fn read(params: &Params, default: usize, largest: usize) -> Result<Self, JiraError> {
        let start = number(params, "startAt")?.unwrap_or(0);
        let limit = number(params, "maxResults")?.unwrap_or(default).min(largest);
        Ok(Self { start, limit })
    }

    pub fn of<T>(self, list: &[T]) -> &[T] {
        let start = self.start.min(list.len());
        &list[start..list.len().min(start + self.limit)]
    }

    /// A page whose rows stand under a name of their own, without `isLast`.
    pub fn named(self, name: &str, total: usize, rows: Vec<Value>) -> Value {
        json!({ "startAt": self.start, "maxResults": self.limit, "total": total, name: rows })
    }

    /// A page whose rows stand under `values`, with `isLast` and links to itself and the next.
    pub fn linked(
        self,
        urls: Urls<'_>,
        path: &str,
        params: &Params,
        total: usize,
        rows: Vec<Value>,
    ) -> Value {
        let next = self.start + rows.len();
        let is_last = next >= total || rows.is_empty();
        let here = |start: usize| {
            let sized = Params::parse(params.with("maxResults", Some(&self.limit.to_string())).as_bytes());
            urls.resource(&format!("{path}?{}", sized.with("startAt", Some(&start.to_string()))))
        };
        let mut page = json!({
            "self": here(self.start),
            "maxResults": self.limit,
            "startAt": self.start,
            "total": total,
            "isLast": is_last,
            "values": rows,
        });
        if !is_last {
            page["nextPage"] = json!(here(next));
        }
        page
    }
}

/// A parameter that is a number.
pub fn number(params: &Params, name: &str) -> Result<Option<usize>, JiraError> {
    let message = |_| {
        JiraError::bad_request(format!("The parameter '{name}' has to be a number that is not negative."))
    };
    params.get(name).map(|value| value.parse().map_err(message)).transpose()
}
