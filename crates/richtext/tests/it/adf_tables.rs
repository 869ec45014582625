//! Tables: a line per row, whatever is in the cells.

use connector_richtext::{adf_to_markdown, adf_to_text};
use serde_json::{Value, json};

fn paragraph(text: &str) -> Value {
    json!({"type": "paragraph", "content": [{"type": "text", "text": text}]})
}

fn cell(content: Value) -> Value {
    json!({"type": "tableCell", "attrs": {}, "content": content})
}

fn header(text: &str) -> Value {
    json!({"type": "tableHeader", "attrs": {}, "content": [paragraph(text)]})
}

fn table(rows: &[Vec<Value>]) -> Value {
    let rows: Vec<Value> = rows.iter().map(|cells| json!({"type": "tableRow", "content": cells})).collect();
    json!({"type": "table", "content": rows})
}

#[test]
fn headers_above_and_at_the_side() {
    let document = table(&[
        vec![header("Name"), header("Does")],
        vec![header("a|b"), cell(json!([paragraph("pipes | and\nlines")]))],
    ]);
    assert_eq!(
        adf_to_markdown(&document),
        "| Name | Does |\n| --- | --- |\n| **a\\|b** | pipes \\| and<br>lines |"
    );
}

#[test]
fn without_headers_the_header_is_empty() {
    let document = table(&[vec![cell(json!([paragraph("x")])), cell(json!([paragraph("y")]))]]);
    assert_eq!(adf_to_markdown(&document), "|  |  |\n| --- | --- |\n| x | y |");
    assert_eq!(adf_to_text(&document), "x\ty");
}

#[test]
fn spans_leave_cells_empty() {
    let wide = |columns: u32, rows: u32, text: &str| json!({"type": "tableCell", "attrs": {"colspan": columns, "rowspan": rows}, "content": [paragraph(text)]});
    let document = table(&[
        vec![header("1"), header("2"), header("3")],
        vec![wide(2, 1, "wide"), wide(1, 2, "tall")],
        vec![wide(1, 1, "a"), wide(1, 1, "b")],
        vec![wide(1, 2, "low"), wide(1, 1, "c")],
        vec![wide(1, 1, "d"), wide(1, 1, "e")],
    ]);
    let expected =
        "| 1 | 2 | 3 |\n| --- | --- | --- |\n| wide |  | tall |\n| a | b |\n| low | c |\n|  | d | e |";
    assert_eq!(adf_to_markdown(&document), expected);
}

#[test]
fn cells_hold_blocks() {
    let list = json!({"type": "orderedList", "attrs": {"order": 3}, "content": [
        {"type": "listItem", "content": [paragraph("one"), {"type": "bulletList", "content": [
            {"type": "listItem", "content": [paragraph("inner")]},
        ]}]},
        {"type": "listItem", "content": [paragraph("two")]},
    ]});
    let tasks = json!({"type": "taskList", "content": [
        {"type": "taskItem", "attrs": {"state": "DONE"}, "content": [{"type": "text", "text": "done"}]},
        {"type": "taskItem", "attrs": {"state": "TODO"}, "content": [{"type": "text", "text": "open"}]},
    ]});
    let code = json!({"type": "codeBlock", "content": [{"type": "text", "text": "a | b\n\nc"}]});
    let panel = json!({"type": "panel", "attrs": {"panelType": "note"}, "content": [paragraph("n")]});
    let heading =
        json!({"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": "h"}]});
    let document = table(&[
        vec![header("What")],
        vec![cell(json!([heading, list]))],
        vec![cell(json!([tasks, code]))],
        vec![cell(json!([
            panel,
            table(&[vec![cell(json!([paragraph("x")])), cell(json!([paragraph("y")]))]])
        ]))],
        vec![cell(json!([]))],
    ]);
    let expected = "| What |\n| --- |\n| **h**<br>3. one<br>◦ inner<br>4. two |\n\
        | ☑ done<br>☐ open<br>`a \\| b`<br><br>`c` |\n| **Note**<br>n<br>x · y |\n|  |";
    assert_eq!(adf_to_markdown(&document), expected);
}
