//! What a reader sees of Markdown, by a parser of somebody else.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The only HTML that may come out.
const TAGS: [&str; 7] = ["<br>", "<u>", "</u>", "<sub>", "</sub>", "<sup>", "</sup>"];

pub fn events(markdown: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    Parser::new_ext(markdown, options | Options::ENABLE_GFM).collect()
}

/// The text of a document, its words parted by single spaces. Panics where there is HTML that is not ours.
pub fn text(markdown: &str) -> String {
    let mut text = String::new();
    for event in events(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak | Event::Rule | Event::Start(Tag::List(_) | Tag::Item) => {
                text.push(' ');
            }
            Event::End(end) => {
                let inline = matches!(
                    end,
                    TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image
                );
                if !inline {
                    text.push(' ');
                }
            }
            Event::InlineHtml(tag) if TAGS.contains(&&*tag) => {
                text.push_str(if &*tag == "<br>" { " " } else { "" });
            }
            Event::Start(Tag::HtmlBlock) | Event::Html(_) | Event::InlineHtml(_) => {
                panic!("HTML in {markdown:?}")
            }
            _ => {}
        }
    }
    words(&text)
}

/// Text with every kind of white space as one space.
pub fn words(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether all words occur in the text, one behind the other.
pub fn holds_in_order<'a>(text: &str, words: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    let mut rest = text;
    for word in words {
        let Some(position) = rest.find(word.as_str()) else {
            return Err(format!("{word} is not in {rest:?} of {text:?}"));
        };
        rest = &rest[position + word.len()..];
    }
    Ok(())
}
