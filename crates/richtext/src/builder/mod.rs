//! Makes blocks from what a reader meets, in its order.
//!
//! Documents of strangers are not always well formed, and this is the one place that mends them: a cell without its row
//! gets one, an item inside an item ends the outer one, text between the rows of a table gets a cell. Nothing that is
//! handed in is dropped but white space.

mod leaves;

use self::leaves::Leaf;
use crate::model::{Block, Cell, CellShape, Item, ListKind, Row, Style};

/// How many containers may be open inside each other. Editors stop at six levels of lists; two containers make a level.
const DEEPEST: usize = 48;

pub enum Container {
    Quote,
    List(ListKind),
    Item { done: Option<bool> },
    Table,
    Row,
    Cell(CellShape),
}

enum Frame {
    Flow(Vec<Block>),
    Quote(Vec<Block>),
    List(ListKind, Vec<Item>),
    Item(Item),
    Table(Vec<Row>),
    Row(Vec<Cell>),
    Cell(Cell),
}

pub struct Builder {
    frames: Vec<Frame>,
    leaf: Leaf,
    /// What text looks like from here on.
    pub style: Style,
    written: usize,
}

impl Builder {
    pub fn new() -> Self {
        Self { frames: vec![Frame::Flow(Vec::new())], leaf: Leaf::None, style: Style::default(), written: 0 }
    }

    pub fn finish(mut self) -> Vec<Block> {
        self.end_leaf();
        self.close_to(1);
        match self.frames.pop() {
            Some(Frame::Flow(blocks)) => blocks,
            _ => Vec::new(),
        }
    }

    /// Grows whenever something visible is added.
    pub fn written(&self) -> usize {
        self.written
    }

    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Opens a container. [`close_to`](Self::close_to) with the depth before it closes it.
    pub fn open(&mut self, container: Container) {
        if self.in_code() {
            return;
        }
        self.end_leaf();
        match container {
            Container::Quote => self.nest(Frame::Quote(Vec::new())),
            Container::List(kind) => self.nest(Frame::List(kind, Vec::new())),
            Container::Table => self.nest(Frame::Table(Vec::new())),
            Container::Item { done } => {
                if matches!(self.frames.last(), Some(Frame::Item(_))) {
                    self.close_one();
                }
                if !matches!(self.frames.last(), Some(Frame::List(..))) {
                    self.nest(Frame::List(ListKind::Bullets, Vec::new()));
                }
                if matches!(self.frames.last(), Some(Frame::List(..))) {
                    self.frames.push(Frame::Item(Item { done, blocks: Vec::new() }));
                }
            }
            Container::Row => {
                if matches!(self.frames.last(), Some(Frame::Cell(_))) {
                    self.close_one();
                }
                if matches!(self.frames.last(), Some(Frame::Row(_))) {
                    self.close_one();
                }
                self.need_table();
                if matches!(self.frames.last(), Some(Frame::Table(_))) {
                    self.frames.push(Frame::Row(Vec::new()));
                }
            }
            Container::Cell(shape) => {
                if matches!(self.frames.last(), Some(Frame::Cell(_))) {
                    self.close_one();
                }
                if !matches!(self.frames.last(), Some(Frame::Row(_))) {
                    self.need_table();
                    if matches!(self.frames.last(), Some(Frame::Table(_))) {
                        self.frames.push(Frame::Row(Vec::new()));
                    }
                }
                if matches!(self.frames.last(), Some(Frame::Row(_))) {
                    self.frames.push(Frame::Cell(Cell { shape, blocks: Vec::new() }));
                }
            }
        }
    }

    /// Closes what was opened since the depth was `depth`.
    pub fn close_to(&mut self, depth: usize) {
        if self.frames.len() > depth.max(1) {
            self.end_leaf();
            while self.frames.len() > depth.max(1) {
                self.close_one();
            }
        }
    }

    /// Opens what a block needs to stand here.
    fn make_room(&mut self) {
        match self.frames.last() {
            Some(Frame::List(..)) => self.frames.push(Frame::Item(Item { done: None, blocks: Vec::new() })),
            Some(Frame::Table(_)) => {
                self.frames.push(Frame::Row(Vec::new()));
                self.frames.push(Frame::Cell(Cell { shape: CellShape::default(), blocks: Vec::new() }));
            }
            Some(Frame::Row(_)) => {
                self.frames.push(Frame::Cell(Cell { shape: CellShape::default(), blocks: Vec::new() }));
            }
            _ => {}
        }
    }

    fn nest(&mut self, frame: Frame) {
        if self.frames.len() >= DEEPEST {
            return;
        }
        // A list directly inside a list belongs to the item before it: so do ADF's task lists nest.
        match self.frames.last_mut() {
            Some(Frame::List(_, items)) if matches!(frame, Frame::List(..)) && !items.is_empty() => {
                let last = items.pop();
                self.frames.extend(last.map(Frame::Item));
            }
            _ => self.make_room(),
        }
        self.frames.push(frame);
    }

    fn need_table(&mut self) {
        if !matches!(self.frames.last(), Some(Frame::Table(_))) {
            self.nest(Frame::Table(Vec::new()));
        }
    }

    fn close_one(&mut self) {
        match self.frames.pop() {
            Some(Frame::Quote(blocks)) if !blocks.is_empty() => self.add(Block::Quote(blocks)),
            Some(Frame::List(kind, items)) if !items.is_empty() => self.add(Block::List { kind, items }),
            Some(Frame::Table(rows)) if !rows.is_empty() => self.add(Block::Table(rows)),
            Some(Frame::Item(item)) if !item.blocks.is_empty() => {
                if let Some(Frame::List(_, items)) = self.frames.last_mut() {
                    items.push(item);
                }
            }
            Some(Frame::Row(cells)) if !cells.is_empty() => {
                if let Some(Frame::Table(rows)) = self.frames.last_mut() {
                    rows.push(Row(cells));
                }
            }
            Some(Frame::Cell(cell)) => {
                if let Some(Frame::Row(cells)) = self.frames.last_mut() {
                    cells.push(cell);
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, block: Block) {
        match self.frames.last_mut() {
            Some(Frame::Flow(blocks) | Frame::Quote(blocks)) => blocks.push(block),
            Some(Frame::Item(item)) => item.blocks.push(block),
            Some(Frame::Cell(cell)) => cell.blocks.push(block),
            // Room is made before a block begins, so this is for the eye: a block without room goes to the end.
            _ => {
                if let Some(Frame::Flow(blocks)) = self.frames.first_mut() {
                    blocks.push(block);
                }
            }
        }
    }
}
