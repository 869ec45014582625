//! Lists of version 2: a cursor, a `_links` object and a `Link` header.

use std::cmp::Ordering;

use axum::{
    http::HeaderValue,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::ConfluenceError;
use crate::{
    gateway::{Caller, Counted},
    params::Params,
};

const LARGEST_PAGE: usize = 250;

/// What a list is sorted by: the value of the sort field, then the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    Number(i64),
    Text(String),
}

/// Where a page of a list ended. It stays right when things are added or removed in between.
#[derive(Serialize, Deserialize)]
struct Cursor {
    /// The order in which the list was read; another order makes the cursor meaningless.
    sort: String,
    value: SortValue,
    id: u64,
}

/// A request for a part of a list.
pub struct ListRequest<'a> {
    /// The path behind the site, such as `/api/v2/pages`.
    path: String,
    params: &'a Params,
    sort: &'a str,
    limit: usize,
    cursor: Option<Cursor>,
}

impl<'a> ListRequest<'a> {
    /// Reads `limit`, `sort` and `cursor`; the first of the sort fields is the default.
    pub fn read(
        path: impl Into<String>,
        params: &'a Params,
        default_limit: usize,
        sorts: &[&'static str],
    ) -> Result<Self, ConfluenceError> {
        let limit = match params.get("limit") {
            None => default_limit,
            Some(text) => {
                let limit = text.parse().map_err(|_| ConfluenceError::wrong_type(text, "limit", "int"))?;
                if !(1..=LARGEST_PAGE).contains(&limit) {
                    let title =
                        format!("Provided value {{{limit}}} for 'limit' is not between 1 and {LARGEST_PAGE}");
                    return Err(ConfluenceError::invalid(title));
                }
                limit
            }
        };
        let sort = params.get("sort").unwrap_or(sorts[0]);
        if !sorts.iter().any(|known| known.trim_start_matches('-') == sort.trim_start_matches('-')) {
            return Err(ConfluenceError::invalid(format!(
                "Provided value {{{sort}}} for 'sort' is not supported"
            )));
        }
        let cursor = params.get("cursor").map(|text| Cursor::decode(text, sort)).transpose()?;
        Ok(Self { path: path.into(), params, sort, limit, cursor })
    }

    /// The field to sort by, without its direction.
    pub fn sort_field(&self) -> &'a str {
        self.sort.trim_start_matches('-')
    }

    /// The part of the list that was asked for, as an answer. `key` gives sort value and id of an element.
    pub fn answer<T>(
        &self,
        caller: &Caller,
        mut list: Vec<T>,
        key: impl Fn(&T) -> (SortValue, u64),
        row: impl Fn(&T) -> Value,
    ) -> Response {
        let descending = self.sort.starts_with('-');
        let directed = |order: Ordering| if descending { order.reverse() } else { order };
        list.sort_by(|a, b| directed(key(a).cmp(&key(b))));
        let start = self.cursor.as_ref().map_or(0, |cursor| {
            let end = (cursor.value.clone(), cursor.id);
            list.partition_point(|element| directed(key(element).cmp(&end)) != Ordering::Greater)
        });
        let rest = &list[start..];
        let page = &rest[..rest.len().min(self.limit)];
        let next = page.last().filter(|_| rest.len() > page.len()).map(|last| self.next(key(last)));
        answer(caller, page.iter().map(row).collect(), next)
    }

    /// The link to what follows. It begins at the site, whatever address was asked, and the cursor is not its last
    /// parameter.
    fn next(&self, (value, id): (SortValue, u64)) -> String {
        let cursor = Cursor { sort: String::from(self.sort), value, id }.encode();
        let cursor = Params::default().with("cursor", Some(&cursor));
        let others = Params::parse(self.params.with("cursor", None).as_bytes());
        format!("/wiki{}?{cursor}&{}", self.path, others.with("limit", Some(&self.limit.to_string())))
    }
}

/// A list's body and header. The header is there even when nothing follows: it always names the base.
pub fn answer(caller: &Caller, results: Vec<Value>, next: Option<String>) -> Response {
    let base = format!("{}/wiki", caller.site_url);
    let mut links = json!({ "base": base });
    let mut header = format!("<{base}>; rel=\"base\"");
    if let Some(next) = next {
        header = format!("<{next}>; rel=\"next\", {header}");
        links["next"] = json!(next);
    }
    let count = results.len();
    let mut response = Counted(json!({ "results": results, "_links": links }), count).into_response();
    if let Ok(header) = HeaderValue::from_str(&header) {
        response.headers_mut().insert("link", header);
    }
    response
}

impl Cursor {
    fn encode(&self) -> String {
        URL_SAFE.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn decode(text: &str, sort: &str) -> Result<Self, ConfluenceError> {
        let cursor = URL_SAFE.decode(text).ok().and_then(|json| serde_json::from_slice::<Self>(&json).ok());
        cursor
            .filter(|cursor| cursor.sort == sort)
            .ok_or_else(|| ConfluenceError::invalid("Provided cursor is invalid"))
    }
}
