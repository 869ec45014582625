//! Atlassian's two rich text formats, rendered as Markdown and as plain text.
//!
//! | format | where it comes from | read by |
//! |---|---|---|
//! | Atlassian Document Format, JSON | Jira descriptions, comments, worklogs (REST v3); Confluence bodies asked for as `atlas_doc_format`, there as a JSON *string* | [`adf_to_markdown`], [`adf_to_text`] |
//! | Confluence storage format, XHTML with `ac:` and `ri:` elements | Confluence bodies asked for as `storage` | [`storage_to_markdown`], [`storage_to_text`] |
//!
//! Sources: *Atlassian Document Format* (developer.atlassian.com, Jira platform, "Document structure") and *Confluence
//! Storage Format* (confluence.atlassian.com, documentation of Confluence Data Center).
//!
//! # What holds for every input
//!
//! - **No text is lost.** Nodes and elements that are not known pass their text on; malformed markup is read tolerantly,
//!   as a browser's tokenizer reads it. Left out are settings (colours, sizes, ids, flags) and comments.
//! - **Text stays text.** Whatever a person typed is escaped so that a CommonMark or GitHub parser shows the same
//!   characters. The only HTML that comes out is `<br>` in table cells, and `<u>`, `<sub>`, `<sup>`, without attributes.
//!   Links with a scheme that runs code (`javascript:`, `vbscript:`, `data:`) keep their text and lose their target.
//! - **It never panics, and time and memory grow linearly.** Nesting deeper than an editor makes is flattened.
//!
//! # What becomes what
//!
//! | in the document | in Markdown |
//! |---|---|
//! | panel, information macro | quote that begins with its kind in bold: `> **Warning**` |
//! | expand | its title in bold, then its content |
//! | task, decision | `- [x] …`, `- **Decision:** …` |
//! | table | GitHub table; blocks of a cell are joined by `<br>` |
//! | status | its text in bold |
//! | mention | `@Name`, or `@` and the account id where no name is there |
//! | date | `2026-01-31` (UTC) |
//! | page, attachment, media file | link or image to `page:SPACE/Title`, `attachment:name`, `media:id`: names without an address, for the reader to resolve |
//! | macro | title and parameters that hold text, then its body; a plain text body is a code block |
//!
//! Plain text has one line per paragraph, and tabs between the cells of a table. It is meant for full-text search.

mod adf;
mod builder;
mod macros;
mod markdown;
mod model;
mod storage;
mod text;

use serde_json::Value;

/// Renders an ADF document as Markdown, without a line end at the end.
///
/// Takes `{"type": "doc", "version": 1, "content": [...]}`, any single node, a list of nodes, or a string that holds one
/// of these as JSON. A string that does not is taken for plain text (Jira's v2 shape). `null` renders as nothing.
///
/// ```
/// let document = serde_json::json!({
///     "type": "doc", "version": 1,
///     "content": [{"type": "paragraph", "content": [
///         {"type": "text", "text": "Ship it", "marks": [{"type": "strong"}]},
///         {"type": "text", "text": " on *Friday*"},
///     ]}],
/// });
/// assert_eq!(connector_richtext::adf_to_markdown(&document), r"**Ship it** on \*Friday\*");
/// ```
pub fn adf_to_markdown(document: &Value) -> String {
    markdown::render(&adf::read(document))
}

/// The text of an ADF document, without markup. Takes what [`adf_to_markdown`] takes.
pub fn adf_to_text(document: &Value) -> String {
    text::render(&adf::read(document))
}

/// Renders a body in Confluence's storage format as Markdown, without a line end at the end.
///
/// ```
/// let body = r#"<p>See <ac:link><ri:page ri:content-title="Runbook" /></ac:link>.</p>"#;
/// assert_eq!(connector_richtext::storage_to_markdown(body), "See [Runbook](page:Runbook).");
/// ```
pub fn storage_to_markdown(body: &str) -> String {
    markdown::render(&storage::read(body))
}

/// The text of a body in Confluence's storage format, without markup.
pub fn storage_to_text(body: &str) -> String {
    text::render(&storage::read(body))
}
