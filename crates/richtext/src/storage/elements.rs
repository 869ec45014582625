//! What each element begins with, and what ends with it.

use super::tokens::Attributes;
use super::{Element, Reader, links};
use crate::builder::Container;
use crate::macros::{Body, Macro};
use crate::model::{CellShape, ListKind, Marks};

/// What an element is, and what has to be known at its end.
pub(super) enum Role {
    Inline,
    /// A paragraph, or something that ends one.
    Block,
    /// A heading or code.
    Leaf,
    Macro {
        content: Macro,
        begun: bool,
    },
    /// Its text is a value of what it stands in.
    Value(Value),
    Link {
        target: Option<String>,
        label: String,
        before: usize,
    },
    Image {
        alt: String,
        target: String,
        shown: bool,
    },
    Time {
        day: String,
        before: usize,
    },
    Task {
        done: Option<bool>,
    },
    /// An extension that older editors cannot show, and what they show instead.
    Extension {
        before: usize,
    },
}

pub(super) enum Value {
    Parameter(String),
    TaskStatus,
    LeftOut,
}

pub(super) fn is_void(name: &str) -> bool {
    matches!(name, "br" | "hr" | "img" | "col" | "input" | "wbr")
}

impl Reader {
    pub(super) fn enter(&mut self, name: &str, attributes: &Attributes) -> Role {
        if let Some(captured) = &mut self.captured {
            if let Some((_, label)) = links::resource(name, attributes) {
                captured.push(' ');
                captured.push_str(&label);
            }
            return Role::Inline;
        }
        match name {
            "ac:parameter" | "ac:adf-attribute" => {
                let named = attributes.get("ac:name").or_else(|| attributes.get("key")).unwrap_or_default();
                self.value(Value::Parameter(named.to_owned()))
            }
            "ac:rich-text-body" | "ac:adf-content" => Role::Block,
            "ac:plain-text-body" => {
                if !self.builder.in_code() {
                    self.builder.code("");
                }
                Role::Leaf
            }
            "ac:structured-macro" | "ac:macro" => Role::Macro {
                content: Macro::new(attributes.get("ac:name").unwrap_or("macro")),
                begun: false,
            },
            "ac:adf-node" => {
                Role::Macro { content: Macro::new(attributes.get("type").unwrap_or("node")), begun: false }
            }
            "ac:adf-extension" => Role::Extension { before: self.builder.written() },
            "ac:adf-fallback" => self.fallback(),
            "time" => Role::Time {
                day: attributes.get("datetime").unwrap_or_default().to_owned(),
                before: self.builder.written(),
            },
            _ if name.starts_with("ac:task") => self.enter_task(name),
            _ if name.starts_with("ac:") || name.starts_with("ri:") || matches!(name, "a" | "img") => {
                self.enter_link(name, attributes)
            }
            _ => self.enter_html(name, attributes),
        }
    }

    fn enter_html(&mut self, name: &str, attributes: &Attributes) -> Role {
        let builder = &mut self.builder;
        let marks = match name {
            "strong" | "b" | "dt" => Marks::STRONG,
            "em" | "i" | "cite" | "var" | "dfn" => Marks::EMPHASIS,
            "del" | "s" | "strike" => Marks::STRIKE,
            "u" | "ins" => Marks::UNDERLINE,
            "sub" => Marks::SUBSCRIPT,
            "sup" => Marks::SUPERSCRIPT,
            "code" | "tt" | "kbd" | "samp" => Marks::CODE,
            _ => Marks::default(),
        };
        builder.style = builder.style.with(marks);
        match name {
            "br" => builder.line_break(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                builder.heading(name.as_bytes()[1] - b'0');
                return Role::Leaf;
            }
            "pre" => {
                builder.code("");
                return Role::Leaf;
            }
            "hr" => builder.rule(),
            "blockquote" => builder.open(Container::Quote),
            "ul" => builder.open(Container::List(ListKind::Bullets)),
            "ol" => {
                let first = attributes.get("start").and_then(|start| start.parse().ok()).unwrap_or(1);
                builder.open(Container::List(ListKind::Numbers(first)));
            }
            "li" => builder.open(Container::Item { done: None }),
            "table" => builder.open(Container::Table),
            "tr" => builder.open(Container::Row),
            "th" | "td" => {
                let span = |name| attributes.get(name).and_then(|span| span.parse().ok()).unwrap_or(1);
                let shape =
                    CellShape { header: name == "th", columns: span("colspan"), rows: span("rowspan") };
                builder.open(Container::Cell(shape));
            }
            "p" | "div" | "section" | "article" | "header" | "footer" | "address" | "figure"
            | "figcaption" | "center" | "dl" | "dt" | "dd" | "details" | "summary" | "caption" => {
                builder.boundary();
            }
            _ => return Role::Inline,
        }
        if name == "br" { Role::Inline } else { Role::Block }
    }

    /// Undoes what the element did, and writes what was waiting for its end.
    pub(super) fn leave(&mut self, element: Element, asked: bool) {
        if let Role::Value(value) = element.role {
            self.unsure |= !asked;
            let text = self.captured.take().unwrap_or_default();
            self.end_value(value, text.trim());
            return;
        }
        if element.captured {
            return;
        }
        match element.role {
            Role::Inline | Role::Task { .. } | Role::Extension { .. } | Role::Value(_) => {}
            Role::Block => self.builder.boundary(),
            Role::Leaf => self.builder.end_leaf(),
            Role::Macro { content, begun } => {
                if !begun {
                    self.end_macro(&content);
                }
            }
            Role::Link { target, label, before } => self.end_link(target.as_deref(), &label, before),
            Role::Image { alt, target, shown } => {
                if !shown {
                    self.builder.image(&alt, &target);
                }
            }
            Role::Time { day, before } => {
                if self.builder.written() == before {
                    self.builder.text(&day);
                }
            }
        }
        self.builder.close_to(element.depth);
        self.builder.style = element.style;
    }

    /// Begins the macro directly around what comes now, if it has not begun.
    pub(super) fn begin_macro(&mut self, body: Body) {
        let Some(&index) = self.macros.last() else { return };
        if index + 1 == self.open.len()
            && let Role::Macro { content, begun } = &mut self.open[index].role
            && !*begun
        {
            *begun = true;
            content.begin(&mut self.builder, body);
        }
    }

    /// A macro that has no body.
    fn end_macro(&mut self, content: &Macro) {
        let flow = |around: &Element| !matches!(around.role, Role::Inline | Role::Leaf) && around.name != "p";
        let block = !content.is_inline() && self.open.last().is_none_or(flow);
        if block {
            self.builder.boundary();
        }
        content.begin(&mut self.builder, Body::None);
        if block {
            self.builder.boundary();
        }
    }

    fn fallback(&mut self) -> Role {
        let shown = self.open.iter().rev().nth(1).is_some_and(
            |around| matches!(around.role, Role::Extension { before } if self.builder.written() > before),
        );
        if shown { self.value(Value::LeftOut) } else { Role::Block }
    }

    /// Collects the text of an element instead of writing it.
    pub(super) fn value(&mut self, value: Value) -> Role {
        if self.keep_all {
            self.builder.boundary();
            return Role::Block;
        }
        self.captured = Some(String::new());
        Role::Value(value)
    }

    fn end_value(&mut self, value: Value, text: &str) {
        match value {
            Value::LeftOut => {}
            Value::TaskStatus => self.end_task_status(text),
            Value::Parameter(name) => match self.macros.last().map(|index| &mut self.open[*index].role) {
                Some(Role::Macro { content, begun: false }) => content.add(&name, text),
                Some(Role::Macro { content, .. }) => content.late(&mut self.builder, &name, text),
                _ => self.builder.text(text),
            },
        }
    }
}
