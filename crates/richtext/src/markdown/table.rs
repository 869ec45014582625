//! Writes tables as GitHub has them: a row is a line, and the first row is the header.

use super::escape::Surroundings;
use super::line::{self, Place};
use crate::model::{Block, Cell, Item, ListKind, Marks, Row, Run};

/// Up to which column cells that span others are followed by empty ones. Keeps tables with made up spans small.
const SPANNED: usize = 64;

pub fn render(rows: &[Row]) -> String {
    let has_header = rows.first().is_some_and(|Row(cells)| cells.iter().all(|cell| cell.shape.header));
    let grid = place(rows, has_header);
    let columns = grid.iter().map(Vec::len).max().unwrap_or(0);
    let mut grid = grid.into_iter();
    let mut header = if has_header { grid.next().unwrap_or_default() } else { Vec::new() };
    // The header says how many columns there are. Other rows may be shorter.
    header.resize(columns, String::new());
    let mut lines = vec![format!("| {} |", header.join(" | ")), format!("|{}", " --- |".repeat(columns))];
    lines.extend(grid.map(|cells| format!("| {} |", cells.join(" | "))));
    lines.join("\n")
}

/// The texts of all cells, with empty ones where a cell spans columns or rows.
fn place(rows: &[Row], has_header: bool) -> Vec<Vec<String>> {
    let mut taken = [0_usize; SPANNED];
    let mut grid = Vec::with_capacity(rows.len());
    for (number, Row(cells)) in rows.iter().enumerate() {
        let mut texts: Vec<String> = Vec::with_capacity(cells.len());
        let mut next_taken = taken.map(|rows| rows.saturating_sub(1));
        for cell in cells {
            while taken.get(texts.len()).is_some_and(|rows| *rows > 0) {
                texts.push(String::new());
            }
            let first = texts.len();
            let bold = cell.shape.header && !(has_header && number == 0);
            texts.push(text(cell, bold));
            let span = cell.shape.columns.clamp(1, SPANNED.saturating_sub(first).max(1));
            texts.resize(first + span, String::new());
            let below = next_taken.iter_mut().skip(first).take(span);
            below.for_each(|rows| *rows = cell.shape.rows.saturating_sub(1));
        }
        taken = next_taken;
        grid.push(texts);
    }
    grid
}

fn text(cell: &Cell, bold: bool) -> String {
    let mut lines = Vec::new();
    flatten(&mut lines, &cell.blocks, bold, 0);
    lines.join("<br>")
}

fn flatten(lines: &mut Vec<String>, blocks: &[Block], bold: bool, depth: usize) {
    for block in blocks {
        match block {
            Block::Paragraph(runs) if bold => lines.push(line::render(&strong(runs), Place::Cell)),
            Block::Paragraph(runs) => lines.push(line::render(runs, Place::Cell)),
            Block::Heading { content, .. } => lines.push(line::render(&strong(content), Place::Cell)),
            Block::Code { text, .. } => {
                let text = text.trim_matches(['\n', '\r']);
                lines.extend(text.lines().map(|line| line::code_span(line, Surroundings::Cell)));
            }
            Block::Rule => {}
            Block::Quote(blocks) => flatten(lines, blocks, bold, depth),
            Block::List { kind, items } => {
                for (number, item) in items.iter().enumerate() {
                    let first = lines.len();
                    flatten(lines, &item.blocks, bold, depth + 1);
                    if let Some(line) = lines.get_mut(first) {
                        line.insert_str(0, &marker(*kind, number, item, depth));
                    }
                }
            }
            // A table inside a cell: a line per row.
            Block::Table(rows) => lines.extend(rows.iter().map(|Row(cells)| {
                let texts: Vec<String> = cells.iter().map(|cell| text(cell, bold)).collect();
                texts.join(" · ")
            })),
        }
    }
}

/// What an item begins with. No list can be in a cell, so these are characters like others.
fn marker(kind: ListKind, number: usize, item: &Item, depth: usize) -> String {
    match (item.done, kind) {
        (Some(true), _) => "☑ ".to_owned(),
        (Some(false), _) => "☐ ".to_owned(),
        (None, ListKind::Numbers(first)) => format!("{}. ", u64::from(first) + number as u64),
        (None, ListKind::Bullets) => if depth == 0 { "• " } else { "◦ " }.to_owned(),
    }
}

fn strong(runs: &[Run]) -> Vec<Run> {
    let mut runs = runs.to_vec();
    for run in &mut runs {
        if let Run::Text { style, .. } = run {
            style.marks = style.marks | Marks::STRONG;
        }
    }
    runs
}
