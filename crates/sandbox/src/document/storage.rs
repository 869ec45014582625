//! Confluence storage format: XHTML with `ac:` and `ri:` elements for what HTML does not have.

use super::{Block, Document, Span};

impl Document {
    /// The document in storage format.
    pub fn storage(&self) -> String {
        self.0.iter().map(block).collect()
    }

    /// The document as a browser would get it, without elements that only Confluence knows.
    pub fn html(&self) -> String {
        self.0.iter().map(html_block).collect()
    }
}

/// Text with the characters that XML reserves written as entities.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn block(block: &Block) -> String {
    match block {
        Block::Code(language, text) => format!(
            "<ac:structured-macro ac:name=\"code\" ac:schema-version=\"1\"><ac:parameter ac:name=\"language\">\
             {language}</ac:parameter><ac:plain-text-body><![CDATA[{}]]></ac:plain-text-body></ac:structured-macro>",
            text.replace("]]>", "]]]]><![CDATA[>")
        ),
        Block::Panel(kind, text) => format!(
            "<ac:structured-macro ac:name=\"{kind}\" ac:schema-version=\"1\"><ac:rich-text-body><p>{}</p>\
             </ac:rich-text-body></ac:structured-macro>",
            escape(text)
        ),
        Block::TableOfContents => String::from(
            "<ac:structured-macro ac:name=\"toc\" ac:schema-version=\"1\"></ac:structured-macro>",
        ),
        Block::Tasks(tasks) => {
            let tasks = tasks.iter().zip(1..).map(|((done, text), id)| {
                let status = if *done { "complete" } else { "incomplete" };
                format!(
                    "<ac:task><ac:task-id>{id}</ac:task-id><ac:task-status>{status}</ac:task-status>\
                     <ac:task-body>{}</ac:task-body></ac:task>",
                    escape(text)
                )
            });
            format!("<ac:task-list>{}</ac:task-list>", tasks.collect::<String>())
        }
        Block::Paragraph(spans) => format!("<p>{}</p>", spans.iter().map(span).collect::<String>()),
        other => html_block(other),
    }
}

fn html_block(block: &Block) -> String {
    match block {
        Block::Heading(level, text) => format!("<h{level}>{}</h{level}>", escape(text)),
        Block::Paragraph(spans) => format!("<p>{}</p>", spans.iter().map(html_span).collect::<String>()),
        Block::Bullets(entries) => format!("<ul>{}</ul>", items(entries.iter().map(String::as_str))),
        Block::Numbered(entries) => format!("<ol>{}</ol>", items(entries.iter().map(String::as_str))),
        Block::Tasks(tasks) => format!("<ul>{}</ul>", items(tasks.iter().map(|(_, text)| text.as_str()))),
        Block::Table(rows) => {
            let rows = rows.iter().enumerate().map(|(index, row)| {
                let cell = if index == 0 { "th" } else { "td" };
                let cells = row.iter().map(|text| format!("<{cell}><p>{}</p></{cell}>", escape(text)));
                format!("<tr>{}</tr>", cells.collect::<String>())
            });
            format!("<table data-layout=\"default\"><tbody>{}</tbody></table>", rows.collect::<String>())
        }
        Block::Code(_, text) => format!("<pre>{}</pre>", escape(text)),
        Block::Panel(_, text) => format!("<blockquote><p>{}</p></blockquote>", escape(text)),
        Block::TableOfContents => String::new(),
        Block::Rule => String::from("<hr />"),
    }
}

fn items<'a>(entries: impl Iterator<Item = &'a str>) -> String {
    let mut items = String::new();
    for text in entries {
        items.extend(["<li><p>", &escape(text), "</p></li>"]);
    }
    items
}

fn span(span: &Span) -> String {
    match span {
        Span::Mention(account_id, _) => {
            format!("<ac:link><ri:user ri:account-id=\"{}\" /></ac:link>", escape(account_id))
        }
        Span::Emoji(name, character) => format!(
            "<ac:emoticon ac:name=\"{name}\" ac:emoji-shortname=\":{name}:\" ac:emoji-fallback=\"{character}\" />"
        ),
        other => html_span(other),
    }
}

fn html_span(span: &Span) -> String {
    match span {
        Span::Text(text) => escape(text),
        Span::Strong(text) => format!("<strong>{}</strong>", escape(text)),
        Span::Code(text) => format!("<code>{}</code>", escape(text)),
        Span::Link { text, href } => format!("<a href=\"{}\">{}</a>", escape(href), escape(text)),
        Span::Mention(_, name) => format!("@{}", escape(name)),
        Span::Emoji(_, character) => String::from(*character),
        Span::LineBreak => String::from("<br />"),
    }
}
