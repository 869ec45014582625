//! Extension nodes: macros of Confluence and of apps.
//!
//! `attrs` is `{"extensionKey": "chart", "text": …, "parameters": {"macroParams": {"title": {"value": "…"}}}}`. What a
//! plain text body was stands in the parameter `__bodyContent`. Apps built on Forge have `guestParams` instead, with
//! values as they are.

use serde_json::Value;

use super::Node;
use crate::builder::Builder;
use crate::macros::{Body, Macro};

const BODY: &str = "__bodyContent";

pub(super) fn enter(builder: &mut Builder, node: &Node) {
    let key = node.string("extensionKey").unwrap_or("extension");
    // Forge's keys are addresses: `<app>/<environment>/static/<module>`.
    let mut extension = Macro::new(key.rsplit('/').next().unwrap_or(key));
    let mut plain = None;
    let parameters = node.attribute("parameters");
    for group in ["macroParams", "guestParams"] {
        let named = parameters.and_then(|parameters| parameters.get(group)).and_then(Value::as_object);
        for (name, value) in named.into_iter().flatten() {
            let value = value.get("value").unwrap_or(value);
            match value {
                Value::String(body) if name == BODY => plain = Some(body),
                Value::String(text) => extension.add(name, text),
                Value::Number(number) => extension.add(name, &number.to_string()),
                _ => {}
            }
        }
    }
    // Editors write the macro's own name into `text` where they have nothing better.
    if let Some(text) = node.string("text").filter(|text| *text != key) {
        extension.add("text", text);
    }
    let rich = node.get("content").is_some();
    let body = match plain {
        Some(_) => Body::Plain,
        None if rich => Body::Rich,
        None => Body::None,
    };
    let depth = builder.depth();
    extension.begin(builder, body);
    if let Some(plain) = plain {
        builder.text(plain);
        builder.end_leaf();
        builder.close_to(depth);
    }
}
