//! The one form that all these pages have.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::html::render;

/// What a page shows.
#[derive(Default, Template)]
#[template(path = "browse.html")]
pub struct Sheet {
    /// What the thing is, such as `Bug`.
    pub kind: String,
    pub title: String,
    pub facts: Vec<(&'static str, String)>,
    /// Safe HTML.
    pub body: String,
    pub lists: Vec<Links>,
}

/// Links under a heading.
pub struct Links {
    title: &'static str,
    /// Text and address.
    entries: Vec<(String, String)>,
    /// How many more there are than the page shows.
    more: usize,
}

/// More links than this make a page hard to read.
const MOST: usize = 100;

impl Links {
    pub fn new(title: &'static str, links: impl Iterator<Item = (String, String)>) -> Self {
        let mut entries: Vec<_> = links.collect();
        let more = entries.len().saturating_sub(MOST);
        entries.truncate(MOST);
        Self { title, entries, more }
    }
}

impl Sheet {
    pub fn show(&self) -> Response {
        render(StatusCode::OK, self)
    }
}

/// The page for what does not exist.
pub fn missing() -> Response {
    let page = Sheet {
        kind: String::from("Not found"),
        title: String::from("There is nothing here"),
        body: String::from("<p>It does not exist, was deleted, or may not be seen.</p>"),
        ..Sheet::default()
    };
    render(StatusCode::NOT_FOUND, &page)
}
