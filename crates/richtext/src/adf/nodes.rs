//! What each type of node begins with. Text and content of a node are read by the caller, whatever the type.

use chrono::DateTime;

use super::{Node, extension};
use crate::builder::{Builder, Container};
use crate::macros::{Body, Macro, decision, reference, strong};
use crate::model::{CellShape, ListKind};

/// What ends with a node.
pub(super) enum End {
    Nothing,
    /// The paragraph in it.
    Paragraph,
    /// The heading or the code that it is.
    Leaf,
}

/// Writes what a node shows before its content and opens what its content stands in.
pub(super) fn enter(builder: &mut Builder, node: &Node) -> End {
    match node.kind() {
        "text" => return End::Nothing,
        "hardBreak" => {
            builder.line_break();
            return End::Nothing;
        }
        "mention" | "emoji" | "date" | "status" | "inlineCard" | "mediaInline" | "inlineExtension"
        | "placeholder" => {
            inline(builder, node);
            return End::Nothing;
        }
        "paragraph" | "caption" | "mediaGroup" | "mediaSingle" | "layoutSection" | "layoutColumn" | "doc" => {
            builder.boundary();
        }
        "heading" => {
            builder.heading(u8::try_from(node.number("level").unwrap_or(1).clamp(1, 6)).unwrap_or(1));
            return End::Leaf;
        }
        "codeBlock" => {
            builder.code(node.string("language").unwrap_or_default());
            return End::Leaf;
        }
        "rule" => builder.rule(),
        "blockquote" => builder.open(Container::Quote),
        "panel" => {
            let mut panel = Macro::new("panel");
            panel.add("panel-type", node.string("panelType").unwrap_or("info"));
            panel.begin(builder, Body::Rich);
        }
        "expand" | "nestedExpand" => {
            builder.boundary();
            if let Some(title) = node.string("title") {
                strong(builder, title);
                builder.boundary();
            }
        }
        "media" => media(builder, node),
        "blockCard" | "embedCard" => {
            builder.boundary();
            card(builder, node);
        }
        "extension" | "bodiedExtension" | "multiBodiedExtension" => {
            builder.boundary();
            extension::enter(builder, node);
        }
        _ => return list_or_table(builder, node),
    }
    End::Paragraph
}

fn list_or_table(builder: &mut Builder, node: &Node) -> End {
    match node.kind() {
        "bulletList" | "taskList" | "decisionList" => builder.open(Container::List(ListKind::Bullets)),
        "orderedList" => {
            let first = node.number("order").and_then(|number| u32::try_from(number).ok()).unwrap_or(1);
            builder.open(Container::List(ListKind::Numbers(first)));
        }
        "listItem" => builder.open(Container::Item { done: None }),
        "taskItem" | "blockTaskItem" => {
            builder.open(Container::Item { done: Some(node.string("state") == Some("DONE")) });
        }
        "decisionItem" => {
            builder.open(Container::Item { done: None });
            decision(builder);
        }
        "table" => builder.open(Container::Table),
        "tableRow" => builder.open(Container::Row),
        kind @ ("tableCell" | "tableHeader") => {
            let span = |name| node.number(name).and_then(|span| usize::try_from(span).ok()).unwrap_or(1);
            builder.open(Container::Cell(CellShape {
                header: kind == "tableHeader",
                columns: span("colspan"),
                rows: span("rowspan"),
            }));
        }
        _ => return unknown(builder, node),
    }
    End::Paragraph
}

/// A node of a type that is not known, perhaps newer than this program: what reads as text in it.
fn unknown(builder: &mut Builder, node: &Node) -> End {
    let block = node.get("content").is_some();
    if block {
        builder.boundary();
    }
    for name in ["title", "text", "label", "alt"] {
        if let Some(text) = node.string(name) {
            builder.text(text);
        }
    }
    if let Some(url) = node.string("url") {
        link(builder, url, url);
    }
    if block {
        builder.boundary();
        return End::Paragraph;
    }
    End::Nothing
}

fn inline(builder: &mut Builder, node: &Node) {
    match node.kind() {
        "mention" => match (node.string("text"), node.string("id")) {
            (Some(text), _) if text.starts_with('@') => builder.text(text),
            (Some(name), _) | (None, Some(name)) => builder.text(&format!("@{name}")),
            (None, None) => {}
        },
        "emoji" => builder.text(node.string("text").or_else(|| node.string("shortName")).unwrap_or_default()),
        "date" => {
            let day = node.number("timestamp").and_then(DateTime::from_timestamp_millis);
            match day {
                Some(day) => builder.text(&day.format("%Y-%m-%d").to_string()),
                None => builder.text(node.string("timestamp").unwrap_or_default()),
            }
        }
        "status" => strong(builder, node.string("text").unwrap_or_default()),
        "inlineCard" => card(builder, node),
        "mediaInline" => media(builder, node),
        "inlineExtension" => extension::enter(builder, node),
        _ => builder.text(node.string("text").unwrap_or_default()),
    }
}

/// A link that its editor shows as a card: `url`, or a description in JSON-LD as `data`.
fn card(builder: &mut Builder, node: &Node) {
    let data =
        |name: &str| node.attribute("data").and_then(|data| data.get(name)).and_then(|value| value.as_str());
    let url = node.string("url").or_else(|| data("url")).unwrap_or_default();
    let name = data("name").or_else(|| data("title")).unwrap_or(url);
    link(builder, name, url);
}

fn link(builder: &mut Builder, text: &str, url: &str) {
    let style = builder.style.clone();
    builder.style = style.linked(url);
    builder.text(text);
    builder.style = style;
}

/// A file of the media service, which is named by an id alone, or an image from elsewhere.
fn media(builder: &mut Builder, node: &Node) {
    let alt = node.string("alt").or_else(|| node.string("__fileName"));
    match (node.string("url"), node.string("id")) {
        (Some(url), _) => builder.image(alt.unwrap_or_default(), url),
        (None, Some(id)) => builder.image(alt.unwrap_or(id), &reference("media", None, id)),
        (None, None) => builder.text(alt.unwrap_or_default()),
    }
}
