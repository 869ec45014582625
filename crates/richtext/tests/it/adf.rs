//! Documents as Jira and Confluence hand them out.

use connector_richtext::{adf_to_markdown, adf_to_text};
use serde_json::{Value, json};

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn paragraph(content: &[Value]) -> Value {
    json!({"type": "paragraph", "content": content})
}

fn item(content: Value) -> Value {
    json!({"type": "listItem", "content": content})
}

fn markdown(content: Value) -> String {
    adf_to_markdown(&json!({"type": "doc", "version": 1, "content": content}))
}

#[test]
fn a_bug_report() {
    let document = json!([
        {"type": "heading", "attrs": {"level": 2}, "content": [text("Steps to reproduce")]},
        {"type": "orderedList", "attrs": {"order": 1}, "content": [
            item(json!([paragraph(&[text("Log in as "), json!({"type": "mention", "attrs": {"id": "5b10a", "text": "@Ada L."}})])])),
            item(json!([
                paragraph(&[text("Open the board and call")]),
                {"type": "codeBlock", "attrs": {"language": "json"}, "content": [text("{\n  \"a\": \"*\"\n}")]},
            ])),
            item(json!([
                paragraph(&[text("Then")]),
                {"type": "bulletList", "content": [
                    item(json!([paragraph(&[text("wait")])])),
                    item(json!([paragraph(&[text("wait more")])])),
                ]},
            ])),
        ]},
        {"type": "panel", "attrs": {"panelType": "warning"}, "content": [
            paragraph(&[text("Only on "), json!({"type": "text", "text": "staging", "marks": [{"type": "code"}]}), text(".")]),
        ]},
        {"type": "rule"},
        paragraph(&[
            text("Seen on "),
            json!({"type": "date", "attrs": {"timestamp": "1767225600000"}}),
            text(", "),
            json!({"type": "status", "attrs": {"text": "In review", "color": "blue"}}),
            text(" "),
            json!({"type": "emoji", "attrs": {"shortName": ":tada:", "text": "🎉"}}),
            json!({"type": "hardBreak"}),
            text("See "),
            json!({"type": "inlineCard", "attrs": {"url": "https://acme.atlassian.net/browse/ABC-1"}}),
            text(" and "),
            json!({"type": "text", "text": "the docs", "marks": [{"type": "link", "attrs": {"href": "https://example.com/a b"}}, {"type": "strong"}]}),
        ]),
    ]);
    let expected = r#"## Steps to reproduce

1. Log in as @Ada L.

2. Open the board and call

   ```json
   {
     "a": "*"
   }
   ```

3. Then
   - wait
   - wait more

> **Warning**
>
> Only on `staging`.

***

Seen on 2026-01-01, **In review** 🎉\
See <https://acme.atlassian.net/browse/ABC-1> and [**the docs**](https://example.com/a%20b)"#;
    assert_eq!(markdown(document), expected);
}

#[test]
fn tasks_and_decisions_nest() {
    let document = json!([
        {"type": "taskList", "attrs": {"localId": "1"}, "content": [
            {"type": "taskItem", "attrs": {"state": "DONE"}, "content": [text("Write it")]},
            {"type": "taskList", "content": [
                {"type": "taskItem", "attrs": {"state": "TODO"}, "content": [text("Read it")]},
            ]},
            {"type": "taskItem", "attrs": {"state": "TODO"}, "content": [text("Ship it")]},
        ]},
        {"type": "decisionList", "content": [
            {"type": "decisionItem", "attrs": {"state": "DECIDED"}, "content": [text("We use Rust.")]},
        ]},
    ]);
    let expected = "- [x] Write it\n  - [ ] Read it\n- [ ] Ship it\n\n+ **Decision:** We use Rust.";
    assert_eq!(markdown(document), expected);
}

#[test]
fn marks() {
    let marked = |word: &str, marks: Value| json!({"type": "text", "text": word, "marks": marks});
    let document = json!([paragraph(&[
        marked("bold", json!([{"type": "strong"}])),
        text(" "),
        marked("both", json!([{"type": "em"}, {"type": "strong"}])),
        text(" "),
        marked("gone", json!([{"type": "strike"}])),
        text(" "),
        marked("under", json!([{"type": "underline"}])),
        text(" H"),
        marked("2", json!([{"type": "subsup", "attrs": {"type": "sub"}}])),
        text("O x"),
        marked("2", json!([{"type": "subsup", "attrs": {"type": "sup"}}])),
        text(" "),
        marked("red", json!([{"type": "textColor", "attrs": {"color": "#ff5630"}}])),
        text(" "),
        marked("a `tick`", json!([{"type": "code"}])),
    ])]);
    let expected =
        "**bold** **_both_** ~~gone~~ <u>under</u> H<sub>2</sub>O x<sup>2</sup> red `` a `tick` ``";
    assert_eq!(markdown(document), expected);
}

#[test]
fn files_cards_and_layouts() {
    let document = json!([
        {"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [
            {"type": "media", "attrs": {"type": "file", "id": "6e7c-41", "collection": "", "alt": "screen shot.png"}},
            {"type": "caption", "content": [text("What I saw")]},
        ]},
        {"type": "mediaGroup", "content": [
            {"type": "media", "attrs": {"type": "file", "id": "one", "collection": "c"}},
            {"type": "media", "attrs": {"type": "external", "url": "https://example.com/x.png"}},
        ]},
        {"type": "blockCard", "attrs": {"data": {"@type": "Document", "url": "https://example.com/d", "name": "Design"}}},
        {"type": "layoutSection", "content": [
            {"type": "layoutColumn", "attrs": {"width": 50}, "content": [paragraph(&[text("left")])]},
            {"type": "layoutColumn", "attrs": {"width": 50}, "content": [paragraph(&[text("right")])]},
        ]},
        {"type": "expand", "attrs": {"title": "More"}, "content": [{"type": "blockquote", "content": [paragraph(&[text("said")])]}]},
    ]);
    let expected = "![screen shot.png](media:6e7c-41)\n\nWhat I saw\n\n![one](media:one)\n\n\
        ![](https://example.com/x.png)\n\n[Design](https://example.com/d)\n\nleft\n\nright\n\n**More**\n\n> said";
    assert_eq!(markdown(document), expected);
}

#[test]
fn macros_of_confluence() {
    let extension = |key: &str, parameters: Value| {
        json!({"type": "extension", "attrs": {"extensionType": "com.atlassian.confluence.macro.core", "extensionKey": key,
            "parameters": {"macroParams": parameters, "macroMetadata": {"schemaVersion": {"value": "1"}}}}})
    };
    let document = json!([
        extension("toc", json!({"style": {"value": "none"}})),
        extension("jira", json!({"key": {"value": "ABC-7"}, "server": {"value": "System Jira"}})),
        extension("chart", json!({"legend": {"value": "Sales"}, "width": {"value": "300"}})),
        extension("noformat", json!({"__bodyContent": {"value": "as *is*"}})),
        {"type": "bodiedExtension", "attrs": {"extensionKey": "excerpt"}, "content": [paragraph(&[text("In short.")])]},
        paragraph(&[text("a "), json!({"type": "inlineExtension", "attrs": {"extensionKey": "status",
            "parameters": {"macroParams": {"title": {"value": "DONE"}, "colour": {"value": "Green"}}}}}), text(" b")]),
        {"type": "extension", "attrs": {"extensionKey": "app-id/env-id/static/poll",
            "parameters": {"guestParams": {"question": "Tea or coffee?"}}}},
    ]);
    let expected = "ABC-7\n\nchart: legend=Sales\n\n```\nas *is*\n```\n\nIn short.\n\na **DONE** b\n\npoll: question=Tea or coffee?";
    assert_eq!(markdown(document), expected);
}

#[test]
fn what_a_document_may_be() {
    let node = paragraph(&[text("x")]);
    assert_eq!(adf_to_markdown(&Value::Null), "");
    assert_eq!(adf_to_markdown(&node), "x");
    assert_eq!(adf_to_markdown(&json!([node, node])), "x\n\nx");
    // Confluence: a string that holds JSON. Jira v2: plain text.
    assert_eq!(adf_to_markdown(&Value::String(node.to_string())), "x");
    assert_eq!(adf_to_markdown(&json!("two\nlines, *plain* {")), "two\\\nlines, \\*plain\\* {");
    assert_eq!(adf_to_text(&json!("two\nlines, *plain*")), "two\nlines, *plain*");
}

#[test]
fn what_is_missing_or_unknown() {
    let document = json!([
        paragraph(&[json!({"type": "mention", "attrs": {"id": "712020:ab"}}), json!({"type": "emoji"})]),
        {"type": "hologram", "attrs": {"title": "Seen", "localId": "7"}, "content": [paragraph(&[text("inside")])]},
        {"type": "heading", "attrs": {"level": "three"}, "content": [text("h")]},
        {"content": {"type": "text", "text": 5}},
        {"type": "date", "attrs": {"timestamp": "tomorrow"}},
    ]);
    assert_eq!(markdown(document), "@712020:ab\n\nSeen\n\ninside\n\n# h\n\n5\n\ntomorrow");
}
