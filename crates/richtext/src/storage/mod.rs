//! Reads Confluence's storage format.
//!
//! Elements are read one after the other, with a list of the open ones; no tree is made. An end tag ends everything that
//! was opened inside its element, and is passed over where no such element is open.

mod elements;
mod links;
mod tasks;
mod tokens;

use std::collections::HashMap;

use self::elements::Role;
use self::tokens::{Attributes, Sink};
use crate::builder::Builder;
use crate::macros::Body;
use crate::model::{Block, Style};

pub fn read(body: &str) -> Vec<Block> {
    let mut reader = Reader::new(false);
    tokens::tokenize(body, &mut reader);
    reader.end_all();
    if reader.unsure {
        // Something that is left out had no end tag, so text may be gone with it. Better a setting too much.
        reader = Reader::new(true);
        tokens::tokenize(body, &mut reader);
        reader.end_all();
    }
    reader.builder.finish()
}

struct Reader {
    builder: Builder,
    open: Vec<Element>,
    /// How many elements of each name are open: tells at once that an end tag ends nothing.
    names: HashMap<String, usize>,
    /// Where in `open` the macros are, and the links, images and tasks.
    macros: Vec<usize>,
    owners: Vec<usize>,
    tasks: Vec<usize>,
    /// Text that is a value, while the element is open whose value it is.
    captured: Option<String>,
    /// Leave nothing out.
    keep_all: bool,
    unsure: bool,
}

struct Element {
    name: String,
    role: Role,
    /// As it was before the element.
    depth: usize,
    style: Style,
    captured: bool,
}

impl Reader {
    fn new(keep_all: bool) -> Self {
        Self {
            builder: Builder::new(),
            open: Vec::new(),
            names: HashMap::new(),
            macros: Vec::new(),
            owners: Vec::new(),
            tasks: Vec::new(),
            captured: None,
            keep_all,
            unsure: false,
        }
    }

    fn end_all(&mut self) {
        while !self.open.is_empty() {
            self.end_last(false);
        }
    }

    /// Ends the element that was opened last. `asked`: by its own end tag.
    fn end_last(&mut self, asked: bool) {
        let Some(element) = self.open.pop() else { return };
        if let Some(count) = self.names.get_mut(&element.name) {
            *count -= 1;
        }
        for indices in [&mut self.macros, &mut self.owners, &mut self.tasks] {
            if indices.last() == Some(&self.open.len()) {
                indices.pop();
            }
        }
        self.leave(element, asked);
    }
}

impl Sink for Reader {
    fn start(&mut self, name: &str, attributes: &Attributes, empty: bool) {
        if self.captured.is_none() {
            match name {
                "ac:parameter" | "ac:adf-attribute" if !self.keep_all => {}
                "ac:plain-text-body" => self.begin_macro(Body::Plain),
                _ => self.begin_macro(Body::Rich),
            }
        }
        let element = Element {
            name: name.to_owned(),
            depth: self.builder.depth(),
            style: self.builder.style.clone(),
            captured: self.captured.is_some(),
            role: Role::Inline,
        };
        let index = self.open.len();
        *self.names.entry(name.to_owned()).or_default() += 1;
        self.open.push(element);
        let role = self.enter(name, attributes);
        match role {
            Role::Macro { .. } => self.macros.push(index),
            Role::Link { .. } | Role::Image { .. } => self.owners.push(index),
            Role::Task { .. } => self.tasks.push(index),
            _ => {}
        }
        self.open[index].role = role;
        if empty || elements::is_void(name) {
            self.end_last(true);
        }
    }

    fn end(&mut self, name: &str) {
        if self.names.get(name).is_none_or(|open| *open == 0) {
            return;
        }
        while let Some(last) = self.open.last() {
            let asked = last.name == name;
            self.end_last(asked);
            if asked {
                break;
            }
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(captured) = &mut self.captured {
            captured.push_str(text);
            return;
        }
        if !text.trim().is_empty() {
            self.begin_macro(Body::Rich);
        }
        self.builder.flowing_text(text);
    }
}
