//! Writes runs: lines of text with marks, links and images.

use super::address;
use super::emphasis::{Edges, Piece, delimit};
use super::escape::{self, Surroundings, escape};
use crate::model::{Marks, Run};

/// What the lines are part of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Paragraph,
    Heading,
    Cell,
}

const TAGS: [(Marks, &str, &str); 3] = [
    (Marks::UNDERLINE, "<u>", "</u>"),
    (Marks::SUBSCRIPT, "<sub>", "</sub>"),
    (Marks::SUPERSCRIPT, "<sup>", "</sup>"),
];

/// Runs as Markdown. Only paragraphs have more than one line.
pub fn render(runs: &[Run], place: Place) -> String {
    let surroundings = if place == Place::Cell { Surroundings::Cell } else { Surroundings::Text };
    let lines: Vec<String> = runs
        .split(|run| matches!(run, Run::Break))
        .map(|line| linked(line, surroundings).trim_matches(' ').to_owned())
        .collect();
    let written = |line: &String| !line.is_empty();
    let Some(first) = lines.iter().position(written) else { return String::new() };
    let last = lines.iter().rposition(written).unwrap_or(first);
    let lines = &lines[first..=last];
    match place {
        Place::Paragraph => {
            let lines: Vec<_> = lines.iter().map(|line| escape::line_start(line)).collect();
            lines.join("\\\n")
        }
        Place::Heading => {
            let mut line = lines.join(" ");
            // Number signs at the end of a heading are taken for its end.
            if line.ends_with('#') {
                line.insert(line.len() - 1, '\\');
            }
            line
        }
        Place::Cell => lines.join("<br>"),
    }
}

/// One line. Links are the outermost markup: marks are inside them, and end with them.
fn linked(line: &[Run], surroundings: Surroundings) -> String {
    let mut pieces = Vec::new();
    for group in line.chunk_by(|one, two| link(one) == link(two)) {
        match group.first().and_then(link).and_then(address::target) {
            Some(target) => link_pieces(&mut pieces, group, &target, surroundings),
            None => group.iter().for_each(|run| add(&mut pieces, run, surroundings)),
        }
    }
    write(delimit(pieces, Edges::LINE), surroundings)
}

fn link(run: &Run) -> Option<&str> {
    match run {
        Run::Text { style, .. } => style.link.as_deref(),
        Run::Image { link, .. } => link.as_deref(),
        Run::Break => None,
    }
}

fn link_pieces<'a>(pieces: &mut Vec<Piece<'a>>, group: &'a [Run], target: &str, surroundings: Surroundings) {
    if let [Run::Text { text, style }] = group
        && style.marks == Marks::default()
        && text == target
        && (target.starts_with("https://") || target.starts_with("http://"))
    {
        pieces.push(Piece::Markup(format!("<{target}>"), Marks::default()));
        return;
    }
    let mut inner = Vec::new();
    for run in group {
        add(&mut inner, run, surroundings);
    }
    let text = write(delimit(inner, Edges::LINK), surroundings);
    let shown = text.trim_matches(' ');
    if shown.is_empty() {
        pieces.push(Piece::Text(" ", Marks::default()));
        return;
    }
    if text.starts_with(' ') {
        pieces.push(Piece::Text(" ", Marks::default()));
    }
    pieces.push(Piece::Markup(format!("[{shown}]({target})"), Marks::default()));
    if text.ends_with(' ') {
        pieces.push(Piece::Text(" ", Marks::default()));
    }
}

fn add<'a>(pieces: &mut Vec<Piece<'a>>, run: &'a Run, surroundings: Surroundings) {
    match run {
        Run::Break => {}
        Run::Image { alt, target, .. } => match address::target(target) {
            Some(target) => {
                let mut image = "![".to_owned();
                escape(&mut image, alt, surroundings);
                image.push_str("](");
                image.push_str(&target);
                image.push(')');
                pieces.push(Piece::Markup(image, Marks::default()));
            }
            None if alt.is_empty() => {}
            None => pieces.push(Piece::Text(alt, Marks::default())),
        },
        Run::Text { text, .. } if text.is_empty() => {}
        Run::Text { text, style } => {
            let marks = style.marks;
            let blank = text.trim().is_empty();
            // "[`x]: y`](…)" at the start of a paragraph would define a reference instead of being a link.
            let defines = style.link.is_some() && text.contains(']');
            let code = marks.has(Marks::CODE) && !blank && !defines && can_be_code(text, surroundings);
            if !blank && TAGS.iter().any(|(mark, ..)| marks.has(*mark)) {
                pieces.push(Piece::Markup(tagged(text, marks, code, surroundings), marks));
            } else if code {
                match pieces.last_mut() {
                    // Two pieces of code side by side would be told apart by nothing.
                    Some(Piece::Code(before, of_both)) => {
                        before.push_str(text);
                        *of_both = of_both.and(marks);
                    }
                    _ => pieces.push(Piece::Code(text.clone(), marks)),
                }
            } else {
                pieces.push(Piece::Text(text, marks));
            }
        }
    }
}

/// Marks that Markdown has no signs for.
fn tagged(text: &str, marks: Marks, code: bool, surroundings: Surroundings) -> String {
    let mut out = String::new();
    let tags = || TAGS.iter().filter(|(mark, ..)| marks.has(*mark));
    tags().for_each(|(_, open, _)| out.push_str(open));
    if code {
        out.push_str(&code_span(text, surroundings));
    } else {
        escape(&mut out, text, surroundings);
    }
    tags().rev().for_each(|(.., close)| out.push_str(close));
    out
}

fn write(pieces: Vec<Piece>, surroundings: Surroundings) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text, _) => escape(&mut out, text, surroundings),
            Piece::Code(text, _) => out.push_str(&code_span(&text, surroundings)),
            Piece::Markup(markup, _) => out.push_str(&markup),
            Piece::Open(delimiter) | Piece::Close(delimiter) => out.push_str(delimiter),
        }
    }
    out
}

/// Nothing can be escaped in code, and parsers differ on a backslash before an escaped pipe.
fn can_be_code(text: &str, surroundings: Surroundings) -> bool {
    surroundings == Surroundings::Text || !text.contains("\\|")
}

/// Text as a code span, or as text where it cannot be one.
pub fn code_span(text: &str, surroundings: Surroundings) -> String {
    if text.trim().is_empty() || !can_be_code(text, surroundings) {
        let mut out = String::new();
        escape(&mut out, text, surroundings);
        return out;
    }
    let mut text: String = text.chars().map(escape::plain).collect();
    if surroundings == Surroundings::Cell {
        text = text.replace('|', "\\|");
    }
    let fence = "`".repeat(escape::longest_run(&text, '`') + 1);
    let padded =
        text.starts_with('`') || text.ends_with('`') || (text.starts_with(' ') && text.ends_with(' '));
    let pad = if padded { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}
