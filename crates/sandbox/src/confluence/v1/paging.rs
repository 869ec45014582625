//! Lists of version 1: by position, with the next link relative to `/wiki`.

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::{
    gateway::{Caller, Counted},
    params::Params,
};

/// A part of a list.
pub struct Part {
    start: usize,
    limit: usize,
}

impl Part {
    /// Numbers that are none count as left out.
    pub fn read(params: &Params, default: usize, largest: usize) -> Self {
        let number = |name: &str| params.get(name).and_then(|text| text.parse().ok());
        Self { start: number("start").unwrap_or(0), limit: number("limit").unwrap_or(default).min(largest) }
    }

    /// The part as an answer; `path` is what stands behind `/rest/api/`.
    pub fn answer<T>(
        &self,
        caller: &Caller,
        path: &str,
        params: &Params,
        list: &[T],
        row: impl Fn(&T) -> Value,
    ) -> Response {
        let Self { start, limit } = *self;
        let rows: Vec<Value> = list.iter().skip(start).take(limit).map(row).collect();
        let (size, end) = (rows.len(), start + rows.len());
        let mut links = json!({
            "base": format!("{}/wiki", caller.site_url),
            "context": "/wiki",
            "self": format!("{}/wiki/rest/api/{path}", caller.site_url),
        });
        if end < list.len() && size > 0 {
            let sized = Params::parse(params.with("limit", Some(&limit.to_string())).as_bytes());
            links["next"] =
                json!(format!("/rest/api/{path}?{}", sized.with("start", Some(&end.to_string()))));
        }
        let body = json!({ "results": rows, "start": start, "limit": limit, "size": size, "_links": links });
        Counted(body, size).into_response()
    }
}
