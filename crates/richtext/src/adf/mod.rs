//! Reads Atlassian Document Format.
//!
//! A node is `{"type", "attrs", "content", "text", "marks"}`, all but the type optional. Any of them may be missing or of
//! another type: then the node is read as far as it goes.

mod extension;
mod nodes;

use serde_json::Value;

use self::nodes::End;
use crate::builder::Builder;
use crate::model::{Block, Marks, Style};

pub fn read(document: &Value) -> Vec<Block> {
    let mut builder = Builder::new();
    match document {
        // Confluence hands the document over as a string.
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => walk(&mut builder, &inner),
            Ok(Value::Null) => {}
            _ => builder.text(text),
        },
        document => walk(&mut builder, document),
    }
    builder.finish()
}

/// What is still to do, the next thing last. A list of its own rather than recursion: documents may nest deeper than the
/// stack of a thread goes.
enum Step<'a> {
    Node(&'a Value),
    Nodes(std::slice::Iter<'a, Value>),
    Leave { depth: usize, style: Style, end: End },
}

fn walk(builder: &mut Builder, root: &Value) {
    let mut steps = vec![Step::Node(root)];
    while let Some(step) = steps.pop() {
        match step {
            Step::Node(Value::Object(node)) => {
                let (depth, style) = (builder.depth(), builder.style.clone());
                let node = Node(node);
                builder.style = marked(&style, node.get("marks"));
                let end = nodes::enter(builder, &node);
                if let Some(text) = node.get("text") {
                    scalar(builder, text);
                }
                steps.push(Step::Leave { depth, style, end });
                steps.extend(node.get("content").map(Step::Node));
            }
            Step::Node(Value::Array(nodes)) => steps.push(Step::Nodes(nodes.iter())),
            Step::Node(value) => scalar(builder, value),
            Step::Nodes(mut nodes) => {
                if let Some(node) = nodes.next() {
                    steps.push(Step::Nodes(nodes));
                    steps.push(Step::Node(node));
                }
            }
            Step::Leave { depth, style, end } => {
                match end {
                    End::Nothing => {}
                    End::Paragraph => builder.boundary(),
                    End::Leaf => builder.end_leaf(),
                }
                builder.close_to(depth);
                builder.style = style;
            }
        }
    }
}

fn scalar(builder: &mut Builder, value: &Value) {
    match value {
        Value::String(text) => builder.text(text),
        Value::Number(number) => builder.text(&number.to_string()),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
}

struct Node<'a>(&'a serde_json::Map<String, Value>);

impl<'a> Node<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    fn kind(&self) -> &'a str {
        self.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    fn attribute(&self, name: &str) -> Option<&'a Value> {
        self.get("attrs")?.get(name)
    }

    /// An attribute that is text and not blank.
    fn string(&self, name: &str) -> Option<&'a str> {
        self.attribute(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// An attribute that is a number, also where it was written as text.
    fn number(&self, name: &str) -> Option<i64> {
        let value = self.attribute(name)?;
        value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
    }
}

fn marked(style: &Style, marks: Option<&Value>) -> Style {
    let mut style = style.clone();
    for mark in marks.and_then(Value::as_array).into_iter().flatten() {
        let attribute = |name: &str| mark.get("attrs")?.get(name)?.as_str();
        match mark.get("type").and_then(Value::as_str).unwrap_or_default() {
            "strong" => style = style.with(Marks::STRONG),
            "em" => style = style.with(Marks::EMPHASIS),
            "strike" => style = style.with(Marks::STRIKE),
            "code" => style = style.with(Marks::CODE),
            "underline" => style = style.with(Marks::UNDERLINE),
            "subsup" if attribute("type") == Some("sup") => style = style.with(Marks::SUPERSCRIPT),
            "subsup" => style = style.with(Marks::SUBSCRIPT),
            "link" => style = style.linked(attribute("href").unwrap_or_default()),
            // Colours, alignment, indentation, comments, borders: Markdown has no word for them.
            _ => {}
        }
    }
    style
}
