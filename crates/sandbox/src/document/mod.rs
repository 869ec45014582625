//! Rich text: one model, written as Confluence storage format, as Atlassian Document Format, or as plain text.

mod adf;
mod compose;
mod storage;

pub use compose::{comment, description, page_body};
pub use storage::escape;

/// A piece of rich text.
#[derive(Clone, Debug, Default)]
pub struct Document(pub Vec<Block>);

/// A block of a document.
#[derive(Clone, Debug)]
pub enum Block {
    Heading(u8, String),
    Paragraph(Vec<Span>),
    Bullets(Vec<String>),
    Numbered(Vec<String>),
    /// The first row is the head.
    Table(Vec<Vec<String>>),
    Code(&'static str, String),
    /// A coloured panel: `info`, `note` or `warning`.
    Panel(&'static str, String),
    Tasks(Vec<(bool, String)>),
    /// A macro that has no body.
    TableOfContents,
    Rule,
}

/// A piece of a paragraph.
#[derive(Clone, Debug)]
pub enum Span {
    Text(String),
    Strong(String),
    Code(String),
    Link {
        text: String,
        href: String,
    },
    /// Account id and name.
    Mention(String, String),
    Emoji(&'static str, &'static str),
    LineBreak,
}

impl Document {
    /// Paragraphs of plain text, separated by empty lines.
    pub fn from_text(text: &str) -> Self {
        let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
        Self(
            paragraphs.map(|paragraph| Block::Paragraph(vec![Span::Text(String::from(paragraph))])).collect(),
        )
    }

    /// What a person wrote in storage format, as far as its text goes.
    pub fn from_storage(storage: &str) -> Self {
        let mut text = String::new();
        let mut rest = storage;
        while let Some((before, tag)) = rest.split_once('<') {
            text.push_str(before);
            let (name, after) = tag.split_once('>').unwrap_or((tag, ""));
            if name.starts_with("/p") || name.starts_with("/h") || name.starts_with("/li") {
                text.push_str("\n\n");
            }
            rest = after;
        }
        text.push_str(rest);
        let text =
            text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        Self::from_text(&text)
    }

    /// The text without its form, a line per block.
    pub fn plain(&self) -> String {
        let mut lines = Vec::new();
        for block in &self.0 {
            match block {
                Block::Heading(_, text) | Block::Code(_, text) | Block::Panel(_, text) => {
                    lines.push(text.clone());
                }
                Block::Paragraph(spans) => lines.push(spans.iter().map(Span::plain).collect()),
                Block::Bullets(items) | Block::Numbered(items) => lines.extend(items.iter().cloned()),
                Block::Table(rows) => lines.extend(rows.iter().map(|row| row.join(" "))),
                Block::Tasks(tasks) => lines.extend(tasks.iter().map(|(_, text)| text.clone())),
                Block::TableOfContents | Block::Rule => {}
            }
        }
        lines.join("\n")
    }
}

impl Span {
    fn plain(&self) -> &str {
        match self {
            Self::Text(text) | Self::Strong(text) | Self::Code(text) | Self::Link { text, .. } => text,
            Self::Mention(_, name) => name,
            Self::Emoji(_, character) => character,
            Self::LineBreak => "\n",
        }
    }
}
