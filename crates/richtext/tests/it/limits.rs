//! Documents that were made to break a reader: very deep, very wide, very long.

use std::fmt::Write as _;

use connector_richtext::{adf_to_markdown, adf_to_text, storage_to_markdown, storage_to_text};
use serde_json::{Value, json};

const DEEP: usize = 100_000;

/// A document of nodes inside each other, each with a text of its own before the next.
fn nested(kinds: &[&str], depth: usize) -> Value {
    let mut document = json!({"type": "text", "text": "innermost"});
    for level in 0..depth {
        let kind = kinds[level % kinds.len()];
        let mut node = serde_json::Map::new();
        node.insert("type".into(), kind.into());
        node.insert("content".into(), Value::Array(vec![json!({"type": "text", "text": "t"}), document]));
        document = Value::Object(node);
    }
    document
}

/// Takes a document apart without recursion, as dropping it at once would overflow the stack.
fn dismantle(document: Value) {
    let mut rest = vec![document];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(values) => rest.extend(values),
            Value::Object(node) => rest.extend(node.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}

#[test]
fn nesting_has_no_end() {
    for kinds in
        [&["blockquote"][..], &["listItem", "bulletList"], &["tableCell", "tableRow", "table"], &["unknown"]]
    {
        let document = nested(kinds, DEEP);
        for out in [adf_to_markdown(&document), adf_to_text(&document)] {
            assert!(out.contains("innermost"));
            assert_eq!(out.matches('t').count(), DEEP + 1, "of {kinds:?}");
            assert!(out.len() < DEEP * 200, "{} bytes for {kinds:?}", out.len());
        }
        dismantle(document);
    }
}

#[test]
fn elements_nest_without_end() {
    for names in
        [&["blockquote"][..], &["ul", "li"], &["table", "tr", "td"], &["b"], &["ac:link", "ac:task", "x"]]
    {
        let mut body = String::new();
        for level in 0..DEEP {
            let _ = write!(body, "<{}>w", names[level % names.len()]);
        }
        body.push_str("innermost");
        for out in [storage_to_markdown(&body), storage_to_text(&body)] {
            assert!(out.contains("innermost"));
            assert_eq!(out.matches('w').count(), DEEP, "of {names:?}");
        }
    }
}

#[test]
fn spans_are_not_believed() {
    let row = r#"<tr><td colspan="4000000000" rowspan="4000000000">x</td></tr>"#;
    let out = storage_to_markdown(&format!("<table>{}</table>", row.repeat(2000)));
    assert_eq!(out.matches('x').count(), 2000);
    assert!(out.len() < 2000 * 64 * 8, "{} bytes", out.len());
}

#[test]
fn one_long_row_does_not_make_all_rows_long() {
    let cells = "<td>x</td>".repeat(5000);
    let rows = "<tr><td>y</td></tr>".repeat(5000);
    let out = storage_to_markdown(&format!("<table><tr>{cells}</tr>{rows}</table>"));
    assert!(out.len() < 200_000, "{} bytes", out.len());
}
