//! Atlassian Document Format: the JSON that Jira v3 has for descriptions and comments and that Confluence has
//! (as a string) under `atlas_doc_format`.

use serde_json::{Value, json};

use super::{Block, Document, Span};

impl Document {
    /// The document as an ADF object.
    pub fn adf(&self) -> Value {
        json!({ "type": "doc", "version": 1, "content": self.0.iter().map(block).collect::<Vec<_>>() })
    }
}

fn block(block: &Block) -> Value {
    match block {
        Block::Heading(level, text) => {
            json!({ "type": "heading", "attrs": { "level": level }, "content": [plain(text)] })
        }
        Block::Paragraph(spans) => {
            json!({ "type": "paragraph", "content": spans.iter().map(span).collect::<Vec<_>>() })
        }
        Block::Bullets(items) => json!({ "type": "bulletList", "content": list_items(items) }),
        Block::Numbered(items) => {
            json!({ "type": "orderedList", "attrs": { "order": 1 }, "content": list_items(items) })
        }
        Block::Table(rows) => {
            let rows = rows.iter().enumerate().map(|(index, row)| {
                let kind = if index == 0 { "tableHeader" } else { "tableCell" };
                let cells =
                    row.iter().map(|text| json!({ "type": kind, "attrs": {}, "content": [paragraph(text)] }));
                json!({ "type": "tableRow", "content": cells.collect::<Vec<_>>() })
            });
            json!({
                "type": "table",
                "attrs": { "isNumberColumnEnabled": false, "layout": "default" },
                "content": rows.collect::<Vec<_>>(),
            })
        }
        Block::Code(language, text) => {
            json!({ "type": "codeBlock", "attrs": { "language": language }, "content": [plain(text)] })
        }
        Block::Panel(kind, text) => {
            json!({ "type": "panel", "attrs": { "panelType": kind }, "content": [paragraph(text)] })
        }
        Block::Tasks(tasks) => {
            let tasks = tasks.iter().zip(1..).map(|((done, text), id)| {
                let state = if *done { "DONE" } else { "TODO" };
                json!({
                    "type": "taskItem",
                    "attrs": { "localId": id.to_string(), "state": state },
                    "content": [plain(text)],
                })
            });
            json!({ "type": "taskList", "attrs": { "localId": "" }, "content": tasks.collect::<Vec<_>>() })
        }
        Block::TableOfContents => json!({
            "type": "extension",
            "attrs": {
                "layout": "default",
                "extensionType": "com.atlassian.confluence.macro.core",
                "extensionKey": "toc",
                "parameters": { "macroParams": {}, "macroMetadata": { "schemaVersion": { "value": "1" } } },
            },
        }),
        Block::Rule => json!({ "type": "rule" }),
    }
}

fn list_items(items: &[String]) -> Vec<Value> {
    items.iter().map(|text| json!({ "type": "listItem", "content": [paragraph(text)] })).collect()
}

fn paragraph(text: &str) -> Value {
    json!({ "type": "paragraph", "content": [plain(text)] })
}

/// ADF forbids empty text nodes; a space stands for nothing.
fn plain(text: &str) -> Value {
    json!({ "type": "text", "text": if text.is_empty() { " " } else { text } })
}

fn marked(text: &str, mark: Value) -> Value {
    json!({ "type": "text", "text": text, "marks": [mark] })
}

fn span(span: &Span) -> Value {
    match span {
        Span::Text(text) => plain(text),
        Span::Strong(text) => marked(text, json!({ "type": "strong" })),
        Span::Code(text) => marked(text, json!({ "type": "code" })),
        Span::Link { text, href } => marked(text, json!({ "type": "link", "attrs": { "href": href } })),
        Span::Mention(account_id, name) => json!({
            "type": "mention",
            "attrs": { "id": account_id, "text": format!("@{name}"), "accessLevel": "" },
        }),
        Span::Emoji(name, character) => {
            json!({ "type": "emoji", "attrs": { "shortName": format!(":{name}:"), "text": character } })
        }
        Span::LineBreak => json!({ "type": "hardBreak" }),
    }
}
