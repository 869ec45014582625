//! No text is lost, whatever is around it: every word of the input is in the output, in the same order.

use std::fmt::Write as _;

use connector_richtext::{adf_to_markdown, adf_to_text, storage_to_markdown, storage_to_text};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::shown::{self, holds_in_order};

const TYPES: &[&str] = &[
    "doc",
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "listItem",
    "taskList",
    "taskItem",
    "decisionList",
    "decisionItem",
    "codeBlock",
    "blockquote",
    "panel",
    "rule",
    "table",
    "tableRow",
    "tableHeader",
    "tableCell",
    "mediaSingle",
    "mediaGroup",
    "media",
    "mediaInline",
    "caption",
    "expand",
    "nestedExpand",
    "layoutSection",
    "layoutColumn",
    "extension",
    "bodiedExtension",
    "inlineExtension",
    "blockCard",
    "inlineCard",
    "mention",
    "emoji",
    "date",
    "status",
    "hardBreak",
    "placeholder",
    "text",
    "newInTheYear3000",
    "",
];

/// A tree of nodes in which every text is `?`, to be numbered later.
fn wild_node() -> impl Strategy<Value = Value> {
    let attrs = prop_oneof![
        4 => Just(Value::Null),
        1 => Just(json!("no object")),
        1 => Just(json!({"level": "7", "order": -3, "colspan": 99_999, "rowspan": 1e300, "state": 5, "id": "abc"})),
        1 => Just(json!({"colspan": 3, "rowspan": 2, "panelType": "warning", "url": "https://example.com"})),
        1 => Just(json!({"extensionKey": "chart", "parameters": {"macroParams": [1, 2]}, "timestamp": "soon"})),
    ];
    let marks = prop_oneof![
        3 => Just(Value::Null),
        1 => Just(json!([{"type": "strong"}, {"type": "em"}])),
        1 => Just(json!([{"type": "link", "attrs": {"href": "https://example.com"}}, 7, {"type": "code"}])),
        1 => Just(json!("strong")),
    ];
    let parts = (prop::sample::select(TYPES), attrs, marks, any::<bool>());
    let node = |(kind, attrs, marks, text): (&str, Value, Value, bool), content: Value| {
        let mut node = Map::new();
        node.insert("type".into(), if kind.is_empty() { json!(12) } else { json!(kind) });
        let text = if text { json!("?") } else { Value::Null };
        for (name, value) in [("attrs", attrs), ("marks", marks), ("text", text), ("content", content)] {
            if !value.is_null() {
                node.insert(name.into(), value);
            }
        }
        Value::Object(node)
    };
    let leaf = prop_oneof![
        4 => Just(json!({"type": "text", "text": "?"})),
        1 => parts.clone().prop_map(move |parts| node(parts, Value::Null)),
        1 => Just(json!("?")),
        1 => Just(json!(null)),
    ];
    leaf.prop_recursive(8, 60, 5, move |inner| {
        let content = prop_oneof![
            6 => prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            1 => inner,
        ];
        (parts.clone(), content).prop_map(move |(parts, content)| node(parts, content))
    })
}

/// Replaces each `?` by a word of its own, in the order of the document.
fn number(value: &mut Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) if text == "?" => {
            words.push(format!("word{}x", words.len()));
            text.clone_from(&words[words.len() - 1]);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| number(value, words)),
        Value::Object(node) => {
            for name in ["text", "content"] {
                if let Some(value) = node.get_mut(name) {
                    number(value, words);
                }
            }
        }
        _ => {}
    }
}

/// Storage format, more or less. `?` stands for a word.
fn wild_markup() -> impl Strategy<Value = String> {
    let elements = prop::sample::select(vec![
        "p",
        "h2",
        "ul",
        "ol",
        "li",
        "table",
        "tbody",
        "tr",
        "th",
        "td",
        "pre",
        "code",
        "strong",
        "em",
        "u",
        "sub",
        "a",
        "span",
        "blockquote",
        "script",
        "style",
        "title",
        "textarea",
        "plaintext",
        "ac:link",
        "ac:link-body",
        "ac:plain-text-link-body",
        "ac:image",
        "ac:caption",
        "ac:structured-macro",
        "ac:rich-text-body",
        "ac:plain-text-body",
        "ac:task-list",
        "ac:task",
        "ac:task-body",
        "ac:layout",
        "ac:layout-cell",
        "time",
        "ac:adf-extension",
        "ac:adf-node",
        "ac:adf-content",
        "ac:inline-comment-marker",
        "unknown:thing",
        "ri:page",
    ]);
    let starts = prop::sample::select(vec![
        "<ac:structured-macro ac:name=\"info\">",
        "<ac:structured-macro ac:name=\"code\">",
        "<ac:structured-macro ac:name=\"expand\">",
        "<ac:structured-macro ac:name=\"jira\">",
        "<ac:parameter ac:name=\"title\">?</ac:parameter>",
        "<ac:parameter ac:name=\"note\">?<b>?</b></ac:parameter>",
        "<ac:parameter ac:name=\"title\">",
        "<ac:parameter>",
        "<ac:task-status>",
        "<ac:task-id>",
        "<ac:task-status>?",
        "<ri:page ri:content-title=\"T\"/>",
        "<ri:attachment ri:filename='f.png' />",
        "<ac:emoticon ac:name=\"smile\"/>",
        "<a href=\"https://example.com\">",
        "<td colspan=\"77777\" rowspan=\"-1\">",
        "<td colspan=\"2\" rowspan=\"3\">",
        "<br/>",
        "<hr>",
        "<img src=\"x.png\" alt=\"y\">",
        "<!-- gone -->",
        "&nbsp;",
        "&bogus;",
        "&",
        "< ",
        "&#xFFFFFFFF;",
        "<![CDATA[?]]>",
        "<![CDATA[ <p>&amp;? ]]]]><![CDATA[> ]]>",
        "<?xml version=\"1.0\"?>",
        "]]>",
        "</",
        "</>",
        "<>",
    ])
    .prop_map(str::to_owned);
    let piece = prop_oneof![
        5 => Just(" ? ".to_owned()),
        2 => Just("?".to_owned()),
        4 => elements.clone().prop_map(|name| format!("<{name}>")),
        3 => elements.clone().prop_map(|name| format!("</{name}>")),
        1 => elements.clone().prop_map(|name| format!("<{name}/>")),
        2 => elements.prop_map(|name| format!("<{name}>?</{name}>")),
        4 => starts,
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Numbers the words, and says which ones are text. Directly behind `</` a word would be the name of a tag.
fn numbered(markup: &str) -> (String, Vec<String>) {
    let markup = markup.replace("</?", "</ ?");
    let mut out = String::new();
    let mut words = Vec::new();
    let mut rest = markup.as_str();
    while let Some(position) = rest.find('?') {
        let declaration = rest[..position].ends_with('<') || rest[position..].starts_with("?>");
        out.push_str(&rest[..position]);
        if declaration {
            out.push('?');
        } else {
            let _ = write!(out, "word{}x", words.len());
            words.push(format!("word{}x", words.len()));
        }
        rest = &rest[position + 1..];
    }
    out.push_str(rest);
    (out, words)
}

proptest! {
    #[test]
    fn of_wild_documents(mut document in wild_node()) {
        let mut words = Vec::new();
        number(&mut document, &mut words);
        let markdown = adf_to_markdown(&document);
        prop_assert_eq!(holds_in_order(&shown::text(&markdown), &words), Ok(()), "{}", markdown);
        prop_assert_eq!(holds_in_order(&adf_to_text(&document), &words), Ok(()));
        // As Confluence hands it over.
        if document.is_object() {
            prop_assert_eq!(adf_to_markdown(&Value::String(document.to_string())), markdown);
        }
    }

    #[test]
    fn of_wild_markup(markup in wild_markup()) {
        let (markup, words) = numbered(&markup);
        let markdown = storage_to_markdown(&markup);
        prop_assert_eq!(holds_in_order(&shown::text(&markdown), &words), Ok(()), "{}\n{}", markup, markdown);
        prop_assert_eq!(holds_in_order(&storage_to_text(&markup), &words), Ok(()), "{}", markup);
    }

    #[test]
    fn and_no_string_is_refused(markup in "\\PC*", cut in 0_usize..400) {
        storage_to_markdown(&markup);
        adf_to_markdown(&Value::String(markup));
        let page = r#"<p>é<ac:structured-macro ac:name="info"><ac:rich-text-body>x &amp; y</ac:rich-text-body>
            </ac:structured-macro></p><![CDATA[z]]><!-- c --><td a='1' b="2" c=3 d>"#;
        if let Some(cut) = page.get(..cut.min(page.len())) {
            storage_to_markdown(cut);
        }
    }
}
