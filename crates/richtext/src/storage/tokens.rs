//! Cuts markup into tags and text.
//!
//! By the rules of the HTML standard for tokenizing, which give every string a meaning, and not by those of XML: a page
//! with a broken entity or an unclosed element is to be shown, not refused. Two things of XML are added: `<a/>` is an
//! empty element whatever its name is, and `<![CDATA[…]]>` is text.

use std::borrow::Cow;
use std::convert::Infallible;

use html5gum::emitters::ForwardingEmitter;
use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Emitter, Error, Span, Tokenizer};

pub trait Sink {
    /// `empty`: `<a/>`.
    fn start(&mut self, name: &str, attributes: &Attributes, empty: bool);
    fn end(&mut self, name: &str);
    fn text(&mut self, text: &str);
}

/// Attributes of an element. Names are in lower case.
#[derive(Default)]
pub struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The value of an attribute, unless it is blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(named, _)| named == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }
}

pub fn tokenize<S: Sink>(markup: &str, sink: &mut S) {
    let tokens =
        Tokens { sink, markup, name: String::new(), attributes: Attributes::default(), read: 0, cut: false };
    let mut emitter = Xml(CallbackEmitter::new(tokens));
    // Everything happens in the callback, and reading from memory cannot fail.
    let Ok(()) = Tokenizer::new_with_emitter(markup, &mut emitter).finish();
    emitter.0.callback_mut().end();
}

struct Tokens<'a, S> {
    sink: &'a mut S,
    markup: &'a str,
    name: String,
    attributes: Attributes,
    /// Up to where the markup is used, in bytes.
    read: usize,
    /// The markup ends inside a tag.
    cut: bool,
}

impl<S: Sink> Tokens<'_, S> {
    /// A tag that was begun and never ended is text: the document was cut, or it is no tag.
    fn end(&mut self) {
        let Some(mut rest) = self.markup.get(self.read..).filter(|_| self.cut) else { return };
        // What makes no token, and so may stand before the tag.
        while let Some(behind) =
            ["]]>", "</>", "<![CDATA[]]>"].iter().find_map(|none| rest.strip_prefix(none))
        {
            rest = behind;
        }
        self.sink.text(rest);
    }

    /// What the tokenizer calls a comment may be text with a stray `</` or `<!` before it.
    fn comment(&mut self, span: Span<usize>) {
        if let Some(source) = self.markup.get(span.start..span.end)
            && !source.starts_with("<!--")
            && !source.starts_with("<?")
        {
            self.sink.text(source);
        }
    }
}

impl<S: Sink> Callback<Infallible, usize> for Tokens<'_, S> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, span: Span<usize>) -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.name = text(name).into_owned();
                self.attributes.0.clear();
                return None;
            }
            CallbackEvent::AttributeName { name } => {
                self.attributes.0.push((text(name).into_owned(), String::new()));
                return None;
            }
            CallbackEvent::AttributeValue { value } => {
                if let Some((_, last)) = self.attributes.0.last_mut() {
                    *last = text(value).into_owned();
                }
                return None;
            }
            CallbackEvent::Error(error) => {
                self.cut |= error == Error::EofInTag;
                return None;
            }
            CallbackEvent::CloseStartTag { self_closing } => {
                self.sink.start(&self.name, &self.attributes, self_closing);
            }
            CallbackEvent::EndTag { name } => self.sink.end(&text(name)),
            CallbackEvent::String { value } => self.sink.text(&text(value)),
            CallbackEvent::Comment { .. } => self.comment(span),
            CallbackEvent::Doctype { .. } => {}
        }
        self.read = span.end;
        None
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Tells the tokenizer that CDATA is allowed here.
struct Xml<E>(E);

impl<E: Emitter> ForwardingEmitter for &mut Xml<E> {
    type Token = E::Token;

    fn inner(&mut self) -> &mut impl Emitter<Token = Self::Token> {
        &mut self.0
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Vec<String>);

    impl Sink for Log {
        fn start(&mut self, name: &str, attributes: &Attributes, empty: bool) {
            let attributes: Vec<String> =
                attributes.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.0.push(format!("<{name} {}{}>", attributes.join(" "), if empty { "/" } else { "" }));
        }

        fn end(&mut self, name: &str) {
            self.0.push(format!("</{name}>"));
        }

        fn text(&mut self, text: &str) {
            self.0.push(text.to_owned());
        }
    }

    fn log(markup: &str) -> Vec<String> {
        let mut log = Log::default();
        tokenize(markup, &mut log);
        log.0
    }

    #[test]
    fn names_with_prefixes_and_empty_elements_survive() {
        let markup = r#"<ac:link><ri:page ri:content-title="A &amp; B"/></ac:link>"#;
        assert_eq!(log(markup), ["<ac:link >", "<ri:page ri:content-title=A & B/>", "</ac:link>"]);
    }

    #[test]
    fn cdata_is_text_to_the_letter() {
        assert_eq!(
            log("<x><![CDATA[a < b &amp; ]]]]><![CDATA[></p>]]></x>"),
            ["<x >", "a < b &amp; ]]></p>", "</x>"]
        );
    }

    #[test]
    fn an_entity_that_does_not_exist_is_text() {
        assert_eq!(log("&nbsp;&bogus; & &#x41;"), ["\u{a0}&bogus; & A"]);
    }

    #[test]
    fn a_tag_that_does_not_end_is_text() {
        assert_eq!(log("<p>é 2 <b and the rest"), ["<p >", "é 2 ", "<b and the rest"]);
        assert_eq!(log("<p>x</p"), ["<p >", "x", "</p"]);
        assert_eq!(log("x<![CDATA[]]></><b y"), ["x", "<b y"]);
        assert_eq!(log("x<![CDATA[z]]><b y"), ["xz", "<b y"]);
        assert_eq!(log("<p>x<![CDATA[]]></>"), ["<p >", "x"]);
        assert_eq!(log("a <b c=\"d > e"), ["a ", "<b c=\"d > e"]);
    }

    #[test]
    fn comments_are_left_out_and_stray_signs_are_text() {
        assert_eq!(log("é<!-- c -->a<?xml version='1.0'?>b<!DOCTYPE html>"), ["é", "a", "b"]);
        assert_eq!(log("é </ 5 > 4 <!x>"), ["é ", "</ 5 >", " 4 ", "<!x>"]);
    }
}
