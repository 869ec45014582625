//! What both formats are read into, and what is written from: blocks that hold runs of text.
//!
//! The builder limits how deep blocks nest, so code over this tree may recurse.

use std::ops::BitOr;
use std::rc::Rc;

#[derive(Debug)]
pub enum Block {
    Paragraph(Vec<Run>),
    Heading { level: u8, content: Vec<Run> },
    Code { language: String, text: String },
    Rule,
    Quote(Vec<Block>),
    List { kind: ListKind, items: Vec<Item> },
    Table(Vec<Row>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    Bullets,
    /// The number of the first item.
    Numbers(u32),
}

#[derive(Debug)]
pub struct Item {
    /// Done or not, for tasks.
    pub done: Option<bool>,
    pub blocks: Vec<Block>,
}

#[derive(Debug)]
pub struct Row(pub Vec<Cell>);

#[derive(Debug)]
pub struct Cell {
    pub shape: CellShape,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy)]
pub struct CellShape {
    pub header: bool,
    pub columns: usize,
    pub rows: usize,
}

impl Default for CellShape {
    fn default() -> Self {
        Self { header: false, columns: 1, rows: 1 }
    }
}

/// A stretch of a line that looks the same all along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    Text {
        text: String,
        style: Style,
    },
    Image {
        alt: String,
        target: String,
        link: Option<Rc<str>>,
    },
    /// A line break that somebody made.
    Break,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Style {
    pub marks: Marks,
    pub link: Option<Rc<str>>,
}

impl Style {
    pub fn with(&self, marks: Marks) -> Self {
        Self { marks: self.marks | marks, link: self.link.clone() }
    }

    pub fn linked(&self, target: &str) -> Self {
        let link = (!target.trim().is_empty()).then(|| Rc::from(target.trim()));
        Self { marks: self.marks, link }
    }
}

/// A set of marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    pub const STRONG: Self = Self(1);
    pub const EMPHASIS: Self = Self(2);
    pub const STRIKE: Self = Self(4);
    pub const CODE: Self = Self(8);
    pub const UNDERLINE: Self = Self(16);
    pub const SUBSCRIPT: Self = Self(32);
    pub const SUPERSCRIPT: Self = Self(64);

    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The marks that are in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Marks {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
