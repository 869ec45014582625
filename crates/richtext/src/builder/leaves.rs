//! Blocks that hold text: paragraphs, headings, code.

use super::Builder;
use crate::model::{Block, Run};

pub(super) enum Leaf {
    None,
    Paragraph(Vec<Run>),
    Heading { level: u8, content: Vec<Run> },
    Code { language: String, text: String },
}

impl Builder {
    /// Whether no paragraph, heading or code is being written.
    fn between_blocks(&self) -> bool {
        matches!(self.leaf, Leaf::None)
    }

    pub fn in_code(&self) -> bool {
        matches!(self.leaf, Leaf::Code { .. })
    }

    /// Ends a paragraph, if one is being written. Headings and code, which hold no paragraphs, get a line break.
    pub fn boundary(&mut self) {
        match &mut self.leaf {
            Leaf::None => {}
            Leaf::Paragraph(_) => self.end_leaf(),
            Leaf::Heading { content, .. } if content.is_empty() => {}
            Leaf::Heading { content, .. } => content.push(Run::Break),
            Leaf::Code { text, .. } => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push('\n');
                }
            }
        }
    }

    pub fn heading(&mut self, level: u8) {
        self.begin_leaf(Leaf::Heading { level: level.clamp(1, 6), content: Vec::new() });
    }

    pub fn code(&mut self, language: &str) {
        self.begin_leaf(Leaf::Code { language: language.to_owned(), text: String::new() });
    }

    pub fn rule(&mut self) {
        if !self.in_code() {
            self.end_leaf();
            self.make_room();
            self.add(Block::Rule);
        }
    }

    /// Ends the paragraph, heading or code that is being written.
    pub fn end_leaf(&mut self) {
        let block = match std::mem::replace(&mut self.leaf, Leaf::None) {
            Leaf::Paragraph(runs) if is_visible(&runs) => Block::Paragraph(runs),
            Leaf::Heading { level, content } if is_visible(&content) => Block::Heading { level, content },
            Leaf::Code { language, text } if !is_blank(&text) => Block::Code { language, text },
            _ => return,
        };
        self.add(block);
    }

    /// Text whose line ends are line breaks.
    pub fn text(&mut self, text: &str) {
        if self.in_code() {
            return self.verbatim(text);
        }
        let text = text.replace("\r\n", "\n");
        for (number, line) in text.split(['\n', '\r']).enumerate() {
            if number > 0 {
                self.line_break();
            }
            self.push_text(line);
        }
    }

    /// Text as HTML has it: white space is one space.
    pub fn flowing_text(&mut self, text: &str) {
        if self.in_code() {
            return self.verbatim(text);
        }
        let mut flowing = String::with_capacity(text.len());
        let mut after_space = self.ends_with_space();
        for character in text.chars() {
            let space = matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}');
            if !space {
                flowing.push(character);
            } else if !after_space {
                flowing.push(' ');
            }
            after_space = space;
        }
        self.push_text(&flowing);
    }

    pub fn line_break(&mut self) {
        match &mut self.leaf {
            Leaf::None => {}
            Leaf::Paragraph(content) | Leaf::Heading { content, .. } => content.push(Run::Break),
            Leaf::Code { text, .. } => text.push('\n'),
        }
    }

    pub fn image(&mut self, alt: &str, target: &str) {
        if self.in_code() {
            return self.verbatim(alt);
        }
        let link = self.style.link.clone();
        self.written += 1;
        self.push_run(Run::Image { alt: alt.to_owned(), target: target.to_owned(), link });
    }

    fn verbatim(&mut self, added: &str) {
        if let Leaf::Code { text, .. } = &mut self.leaf {
            text.push_str(added);
            self.written += usize::from(!is_blank(added));
        }
    }

    fn push_text(&mut self, text: &str) {
        let blank = is_blank(text);
        if text.is_empty() || (blank && self.between_blocks()) {
            return;
        }
        self.written += usize::from(!blank);
        self.push_run(Run::Text { text: text.to_owned(), style: self.style.clone() });
    }

    fn ends_with_space(&self) -> bool {
        match &self.leaf {
            Leaf::Paragraph(runs) | Leaf::Heading { content: runs, .. } => match runs.last() {
                Some(Run::Text { text, .. }) => text.ends_with(' '),
                Some(Run::Image { .. }) => false,
                Some(Run::Break) | None => true,
            },
            Leaf::None | Leaf::Code { .. } => true,
        }
    }

    fn push_run(&mut self, run: Run) {
        if matches!(self.leaf, Leaf::None | Leaf::Code { .. }) {
            self.begin_leaf(Leaf::Paragraph(Vec::new()));
        }
        if let Leaf::Paragraph(runs) | Leaf::Heading { content: runs, .. } = &mut self.leaf {
            match (runs.last_mut(), &run) {
                (Some(Run::Text { text: last, style: same }), Run::Text { text, style }) if same == style => {
                    last.push_str(text);
                }
                _ => runs.push(run),
            }
        }
    }

    fn begin_leaf(&mut self, leaf: Leaf) {
        self.end_leaf();
        self.make_room();
        self.leaf = leaf;
    }
}

fn is_visible(runs: &[Run]) -> bool {
    runs.iter().any(|run| match run {
        Run::Text { text, .. } => !is_blank(text),
        Run::Image { .. } => true,
        Run::Break => false,
    })
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_ascii_control())
}
