//! Writes blocks as plain text.

use crate::model::{Block, Item, Row, Run};

pub fn render(blocks: &[Block]) -> String {
    let mut out = String::new();
    write(&mut out, blocks);
    out.truncate(out.trim_end().len());
    out
}

fn write(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(runs) | Block::Heading { content: runs, .. } => {
                write_runs(out, runs);
                out.push('\n');
            }
            Block::Code { text, .. } => {
                out.push_str(text.trim_matches(['\n', '\r']));
                out.push('\n');
            }
            Block::Rule => {}
            Block::Quote(blocks) => write(out, blocks),
            Block::List { items, .. } => items.iter().for_each(|Item { blocks, .. }| write(out, blocks)),
            Block::Table(rows) => rows.iter().for_each(|row| write_row(out, row)),
        }
    }
}

fn write_row(out: &mut String, Row(cells): &Row) {
    for (number, cell) in cells.iter().enumerate() {
        if number > 0 {
            out.push('\t');
        }
        let begin = out.len();
        write(out, &cell.blocks);
        // A cell is one piece of one line.
        let text = out.split_off(begin);
        let mut words = text.split_whitespace();
        out.extend(words.next());
        for word in words {
            out.push(' ');
            out.push_str(word);
        }
    }
    out.push('\n');
}

fn write_runs(out: &mut String, runs: &[Run]) {
    for run in runs {
        match run {
            Run::Text { text, .. } => {
                out.extend(text.chars().map(|c| if matches!(c, '\0' | '\u{a0}') { ' ' } else { c }));
            }
            Run::Image { alt, .. } => out.push_str(alt),
            Run::Break => out.push('\n'),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{adf_to_text, storage_to_text};

    #[test]
    fn paragraphs_are_lines_and_cells_are_parted_by_tabs() {
        let body = "<p>One <b>bold</b>&nbsp;word</p><table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table><p>d*</p>";
        assert_eq!(storage_to_text(body), "One bold word\na b\tc\nd*");
    }

    #[test]
    fn code_keeps_its_lines() {
        let code = json!({"type": "codeBlock", "content": [{"type": "text", "text": "a:\n  b: *"}]});
        assert_eq!(adf_to_text(&code), "a:\n  b: *");
    }
}
