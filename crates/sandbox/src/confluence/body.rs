//! Bodies of pages in the formats that a caller may ask for.

use serde_json::{Value, json};

use super::error::ConfluenceError;
use crate::{
    document::{Document, page_body},
    gateway::View,
    params::Params,
    world::pages::{Page, PageVersion},
};

/// A format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    Storage,
    AtlasDocFormat,
    /// One of the formats made for browsers, by its name.
    Rendered(&'static str),
}

const RENDERED: [&str; 5] = ["view", "export_view", "anonymous_export_view", "styled_view", "editor"];

impl BodyFormat {
    /// Lists know `storage` and `atlas_doc_format`; a single page comes in more formats.
    pub fn read(params: &Params, single: bool) -> Result<Option<Self>, ConfluenceError> {
        let Some(name) = params.get("body-format") else { return Ok(None) };
        let rendered = RENDERED.into_iter().find(|rendered| single && *rendered == name);
        match (name, rendered) {
            ("storage", _) => Ok(Some(Self::Storage)),
            ("atlas_doc_format", _) => Ok(Some(Self::AtlasDocFormat)),
            (_, Some(rendered)) => Ok(Some(Self::Rendered(rendered))),
            _ => Err(ConfluenceError::invalid(format!(
                "Provided value {{{name}}} for 'body-format' is not supported"
            ))),
        }
    }
}

/// The `body` member: empty, but present, when no format was asked for.
pub fn body(view: View<'_>, page: &Page, format: Option<BodyFormat>) -> Value {
    let Some(format) = format else { return json!({}) };
    let document = document(view, page);
    let storage = page.body.clone().unwrap_or_else(|| document.storage());
    format.body(&document, storage)
}

/// The `body` member of an earlier version.
pub fn body_of_version(
    view: View<'_>,
    page: &Page,
    version: &PageVersion,
    format: Option<BodyFormat>,
) -> Value {
    let Some(format) = format else { return json!({}) };
    let document = document_of_version(view, page, version);
    let storage = version.body.clone().unwrap_or_else(|| document.storage());
    format.body(&document, storage)
}

/// What a page said: before people changed it here it grew evenly, version by version.
fn document_of_version(view: View<'_>, page: &Page, version: &PageVersion) -> Document {
    if let Some(storage) = &version.body {
        return Document::from_storage(storage);
    }
    let mut document = page_body(view.site.seed, page.id, &view.world.people);
    let complete = page.earlier.first().map_or(page.version, |first| first.number) as usize;
    let blocks = document.0.len() * complete.min(version.number as usize) / complete.max(1);
    document.0.truncate(blocks);
    document
}

impl BodyFormat {
    /// A document in this format; the storage format may be what a person wrote.
    pub fn body(self, document: &Document, storage: String) -> Value {
        let (name, value) = match self {
            Self::Storage => ("storage", storage),
            // JSON inside a string: it has to be read twice.
            Self::AtlasDocFormat => ("atlas_doc_format", document.adf().to_string()),
            Self::Rendered(name) => (name, document.html()),
        };
        json!({ name: { "representation": name, "value": value } })
    }
}

/// What a page says.
pub fn document(view: View<'_>, page: &Page) -> Document {
    match &page.body {
        Some(storage) => Document::from_storage(storage),
        None => page_body(view.site.seed, page.id, &view.world.people),
    }
}
