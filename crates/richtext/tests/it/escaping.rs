//! Text stays text: what a person typed is what a Markdown parser shows.

use connector_richtext::{adf_to_markdown, storage_to_markdown};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shown::{self, words};

/// Pieces that mean something in Markdown or HTML, and some that stand beside them.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        8 => prop::sample::select(vec![
            "*", "**", "_", "__", "~", "~~", "`", "```", "#", "-", "+", "=", "|", ">", "<", "[", "]", "(", ")", "!",
            "![", "](", "\\", "&", ";", "&amp;", "&lt;", "&#42;", "1.", "1)", ":", "---", "***", "<b>", "</b>", "<!--",
            "-->", "<script>", "<a href=x>", "https://example.com/a_b", "www.example.com", "[x]: /url", "[ ]", "\"",
            "'", "$", "@ada", "{", "}", "^", "%", "|-|", "- [x]", "    ", "\t", "[!NOTE]", "<br>", "\\|",
        ]).prop_map(str::to_owned),
        4 => "[a-z0-9]{1,3}",
        3 => Just(" ".to_owned()),
        1 => prop::sample::select(vec!["é", "注", "。", "🙂", "Ⓐ", "\u{a0}", "\u{2028}", "\u{200b}", "“", "£", "\0"])
            .prop_map(str::to_owned),
        1 => Just("\n".to_owned()),
    ];
    prop::collection::vec(pieces, 1..14).prop_map(|pieces| pieces.concat())
}

fn marks() -> impl Strategy<Value = Vec<Value>> {
    let mark = prop::sample::select(vec![
        json!({"type": "strong"}),
        json!({"type": "em"}),
        json!({"type": "strike"}),
        json!({"type": "code"}),
        json!({"type": "underline"}),
        json!({"type": "subsup", "attrs": {"type": "sub"}}),
        json!({"type": "textColor", "attrs": {"color": "#ff0000"}}),
        json!({"type": "link", "attrs": {"href": "https://example.com/a_(b)?c=`|&lt;"}}),
        json!({"type": "link", "attrs": {"href": "javascript:alert(1)"}}),
    ]);
    prop::collection::vec(mark, 0..3)
}

fn runs() -> impl Strategy<Value = Vec<(String, Vec<Value>)>> {
    let text = prop_oneof![2 => nasty(), 1 => "[a-z ]{1,4}", 1 => "[a-z:.( ]{1,3}"];
    prop::collection::vec((text, marks()), 1..6)
}

fn nodes(runs: &[(String, Vec<Value>)]) -> Vec<Value> {
    runs.iter().map(|(text, marks)| json!({"type": "text", "text": text, "marks": marks})).collect()
}

fn typed(runs: &[(String, Vec<Value>)]) -> String {
    words(&runs.iter().map(|(text, _)| text.as_str()).collect::<String>())
}

#[test]
fn of_markup_that_is_cut_in_two() {
    // The second half is a link that may not be one, so nothing comes between the halves.
    let dropped = json!([{"type": "link", "attrs": {"href": "javascript:x"}}]);
    for (one, two) in
        [("&", "amp;"), ("<", "b>"), ("\\", "*"), ("a_", "_b_"), ("!", "[x](y)"), ("1", ". x"), ("-", " x")]
    {
        let runs = json!([{"type": "text", "text": one}, {"type": "text", "text": two, "marks": dropped}]);
        let markdown = adf_to_markdown(&json!({"type": "paragraph", "content": runs}));
        assert_eq!(shown::text(&markdown), format!("{one}{two}"), "{markdown}");
    }
}

#[test]
fn of_code_in_a_link_that_looks_like_a_definition() {
    let markdown = storage_to_markdown("<p><a href=\"/u\"><code>a]: b</code></a></p>");
    assert_eq!(shown::text(&markdown), "a]: b");
    assert!(markdown.ends_with("](/u)"), "{markdown}");
}

proptest! {
    #[test]
    fn of_a_paragraph(text in nasty()) {
        let document = json!({"type": "paragraph", "content": [{"type": "text", "text": text}]});
        prop_assert_eq!(shown::text(&adf_to_markdown(&document)), words(&text));
    }

    #[test]
    fn of_marked_runs(runs in runs()) {
        let document = json!({"type": "paragraph", "content": nodes(&runs)});
        let markdown = adf_to_markdown(&document);
        prop_assert_eq!(shown::text(&markdown), typed(&runs), "{}", markdown);
    }

    #[test]
    fn of_headings_and_items(runs in runs(), level in 1..7) {
        let heading = json!({"type": "heading", "attrs": {"level": level}, "content": nodes(&runs)});
        let item = json!({"type": "listItem", "content": [{"type": "paragraph", "content": nodes(&runs)}]});
        let list = json!({"type": "orderedList", "content": [item, {"type": "bulletList", "content": [item]}]});
        let quote = json!({"type": "blockquote", "content": [list]});
        for document in [heading, list, quote] {
            let markdown = adf_to_markdown(&document);
            let typed = typed(&runs);
            let expected = if document["type"] == "heading" { typed } else { words(&format!("{typed} {typed}")) };
            prop_assert_eq!(shown::text(&markdown), expected, "{}", markdown);
        }
    }

    #[test]
    fn of_cells(runs in runs(), header in any::<bool>()) {
        let kind = if header { "tableHeader" } else { "tableCell" };
        let cell = json!({"type": kind, "content": [{"type": "paragraph", "content": nodes(&runs)}]});
        let row = json!({"type": "tableRow", "content": [cell, cell]});
        let markdown = adf_to_markdown(&json!({"type": "table", "content": [row, row]}));
        let typed = typed(&runs);
        prop_assert_eq!(shown::text(&markdown), words(&format!("{typed} {typed} {typed} {typed}")), "{}", markdown);
    }

    #[test]
    fn of_code(text in nasty(), language in nasty()) {
        let document = json!({"type": "codeBlock", "attrs": {"language": language}, "content": [{"type": "text", "text": text}]});
        prop_assert_eq!(shown::text(&adf_to_markdown(&document)), words(&text));
    }

    #[test]
    fn of_storage_format(text in nasty()) {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        let markdown = storage_to_markdown(&format!("<p>{escaped}</p>"));
        prop_assert_eq!(shown::text(&markdown), words(&text), "{}", markdown);
    }
}
