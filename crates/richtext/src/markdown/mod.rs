//! Writes blocks as Markdown: CommonMark, with the tables, task items and strikethrough of GitHub.

mod address;
mod emphasis;
mod escape;
mod line;
mod table;

use self::line::Place;
use crate::model::{Block, Item, ListKind};

pub fn render(blocks: &[Block]) -> String {
    let mut writer = Writer { out: String::new(), prefix: String::new(), begun: false };
    writer.blocks(blocks);
    writer.out.truncate(writer.out.trim_end_matches(['\n', ' ']).len());
    writer.out
}

struct Writer {
    out: String,
    /// What each line begins with: marks of quotes, and spaces inside list items.
    prefix: String,
    /// The line that comes next has its beginning already, a list marker.
    begun: bool,
}

impl Writer {
    fn blocks(&mut self, blocks: &[Block]) {
        // Two lists of a kind in a row are two lists only where their markers differ.
        let mut other_marker = false;
        for (number, block) in blocks.iter().enumerate() {
            let before = number.checked_sub(1).map(|before| &blocks[before]);
            other_marker = !other_marker
                && matches!((before, block), (Some(Block::List { kind: one, .. }), Block::List { kind: two, .. })
                    if std::mem::discriminant(one) == std::mem::discriminant(two));
            self.block(block, other_marker);
            if let Some(next) = blocks.get(number + 1)
                && !(self.in_item() && sits_close(block, next))
            {
                self.blank();
            }
        }
    }

    fn block(&mut self, block: &Block, other_marker: bool) {
        match block {
            Block::Paragraph(runs) => self.lines(&line::render(runs, Place::Paragraph)),
            Block::Heading { level, content } => {
                let marker = "#".repeat(usize::from(*level));
                self.line(&format!("{marker} {}", line::render(content, Place::Heading)));
            }
            Block::Code { language, text } => self.code(language, text),
            // Not hyphens, which would underline a heading or begin a file's header.
            Block::Rule => self.line("***"),
            Block::Quote(blocks) => {
                self.begin_line();
                self.out.push_str("> ");
                self.begun = true;
                self.inside("> ", |writer| writer.blocks(blocks));
            }
            Block::List { kind, items } => self.list(*kind, items, other_marker),
            Block::Table(rows) => self.lines(&table::render(rows)),
        }
    }

    fn list(&mut self, kind: ListKind, items: &[Item], other_marker: bool) {
        let close = items.iter().all(|item| item.blocks.windows(2).all(|two| sits_close(&two[0], &two[1])));
        for (number, item) in items.iter().enumerate() {
            if number > 0 && !close {
                self.blank();
            }
            let marker = match kind {
                ListKind::Bullets => if other_marker { "+ " } else { "- " }.to_owned(),
                ListKind::Numbers(first) => {
                    // Markdown allows nine digits.
                    let first = if first > 99_999_999 { 1 } else { u64::from(first) };
                    format!("{}{} ", first + number as u64, if other_marker { ')' } else { '.' })
                }
            };
            self.begin_line();
            self.out.push_str(&marker);
            match (item.done, item.blocks.first()) {
                (Some(done), Some(Block::Paragraph(_))) => {
                    self.out.push_str(if done { "[x] " } else { "[ ] " });
                }
                // The box is one only in front of text.
                (Some(done), _) => {
                    self.out.push_str(if done { "[x]\n" } else { "[ ]\n" });
                    self.inside(&" ".repeat(marker.len()), Self::blank);
                }
                (None, _) => {}
            }
            self.begun = !self.out.ends_with('\n');
            self.inside(&" ".repeat(marker.len()), |writer| writer.blocks(&item.blocks));
        }
    }

    fn code(&mut self, language: &str, text: &str) {
        let text = text.replace("\r\n", "\n").replace(['\r', '\0'], "\n");
        let text = text.trim_matches('\n');
        let fence = "`".repeat(escape::longest_run(text, '`').max(2) + 1);
        let word: String = language
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '+' | '#' | '.' | '-' | '_'))
            .collect();
        self.line(&format!("{fence}{word}"));
        for line in text.split('\n') {
            self.line(line);
        }
        self.line(&fence);
    }

    fn inside(&mut self, prefix: &str, write: impl FnOnce(&mut Self)) {
        let outside = self.prefix.len();
        self.prefix.push_str(prefix);
        write(self);
        self.prefix.truncate(outside);
    }

    fn in_item(&self) -> bool {
        self.prefix.ends_with("  ")
    }

    fn begin_line(&mut self) {
        if !std::mem::take(&mut self.begun) {
            self.out.push_str(&self.prefix);
        }
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            return self.blank();
        }
        self.begin_line();
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn lines(&mut self, lines: &str) {
        lines.split('\n').for_each(|line| self.line(line));
    }

    fn blank(&mut self) {
        self.begun = false;
        self.out.push_str(self.prefix.trim_end());
        self.out.push('\n');
    }
}

/// Whether `next` is told apart from the paragraph before it without a blank line: a list that begins with text, and,
/// if numbered, with 1.
fn sits_close(block: &Block, next: &Block) -> bool {
    let Block::List { kind, items } = next else { return false };
    let text = items.first().is_some_and(|item| matches!(item.blocks.first(), Some(Block::Paragraph(_))));
    matches!(block, Block::Paragraph(_)) && text && matches!(kind, ListKind::Bullets | ListKind::Numbers(1))
}
