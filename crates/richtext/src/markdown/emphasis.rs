//! Sets the delimiters of bold, emphasized and struck text.
//!
//! In Markdown `**` opens or closes only by what stands beside it: `**Note:**text` is no bold, because a `:` is before
//! the closing delimiter and a letter behind it. So a mark is made narrower, to `**Note**:text`, until its delimiters
//! count, and left out where that is nowhere. How these rules go: CommonMark 0.31, section 6.2.
//!
//! Marks nest in one order, bold around emphasis around strikethrough. A mark ends where one outside of it does.

use std::collections::VecDeque;

use super::escape::is_word;
use crate::model::Marks;

#[derive(Debug)]
pub enum Piece<'a> {
    /// Text, not escaped yet.
    Text(&'a str, Marks),
    Code(String, Marks),
    /// Finished Markdown, which begins and ends with punctuation.
    Markup(String, Marks),
    Open(&'static str),
    Close(&'static str),
}

/// What stands before and after the pieces.
#[derive(Clone, Copy)]
pub struct Edges(Option<char>, Option<char>);

impl Edges {
    pub const LINE: Self = Self(None, None);
    pub const LINK: Self = Self(Some('['), Some(']'));
}

pub fn delimit(pieces: Vec<Piece<'_>>, edges: Edges) -> Vec<Piece<'_>> {
    [Marks::STRONG, Marks::EMPHASIS, Marks::STRIKE].into_iter().fold(pieces, |pieces, mark| {
        if pieces.iter().any(|piece| piece.carries(mark)) { set(pieces, mark, edges) } else { pieces }
    })
}

impl<'a> Piece<'a> {
    fn carries(&self, mark: Marks) -> bool {
        match self {
            Self::Text(_, marks) | Self::Code(_, marks) | Self::Markup(_, marks) => marks.has(mark),
            Self::Open(_) | Self::Close(_) => false,
        }
    }

    fn first(&self) -> Option<char> {
        match self {
            Self::Text(text, _) => text.chars().next(),
            Self::Code(..) => Some('`'),
            Self::Markup(..) => Some('['),
            Self::Open(delimiter) | Self::Close(delimiter) => delimiter.chars().next(),
        }
    }

    fn last(&self) -> Option<char> {
        match self {
            Self::Text(text, _) => text.chars().next_back(),
            Self::Markup(..) => Some(')'),
            other => other.first(),
        }
    }

    fn without(self, mark: Marks) -> Self {
        match self {
            Self::Text(text, marks) => Self::Text(text, marks.without(mark)),
            Self::Code(text, marks) => Self::Code(text, marks.without(mark)),
            Self::Markup(text, marks) => Self::Markup(text, marks.without(mark)),
            delimiter => delimiter,
        }
    }

    /// Cuts off the first character of a text, or the last.
    fn cut(&self, at_end: bool) -> Option<(Self, Option<Self>)> {
        let &Self::Text(text, marks) = self else { return None };
        let at = if at_end { text.char_indices().next_back()?.0 } else { text.chars().next()?.len_utf8() };
        let (head, tail): (&'a str, &'a str) = text.split_at(at);
        let (off, rest) = if at_end { (tail, head) } else { (head, tail) };
        Some((Self::Text(off, marks), (!rest.is_empty()).then_some(Self::Text(rest, marks))))
    }
}

/// Sets the delimiters of one mark.
fn set(pieces: Vec<Piece<'_>>, mark: Marks, edges: Edges) -> Vec<Piece<'_>> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len() + 2);
    let mut pieces = VecDeque::from(pieces);
    while let Some(piece) = pieces.pop_front() {
        if !piece.carries(mark) {
            out.push(piece);
            continue;
        }
        let mut marked = VecDeque::from([piece.without(mark)]);
        while pieces.front().is_some_and(|next| next.carries(mark)) {
            marked.extend(pieces.pop_front().map(|piece| piece.without(mark)));
        }
        let before = out.last().map_or(edges.0, Piece::last);
        let (off, opens) = narrow(&mut marked, before, false);
        out.extend(off);
        let after = pieces.front().map_or(edges.1, Piece::first);
        let (off, closes) = narrow(&mut marked, after, true);
        for piece in off {
            pieces.push_front(piece);
        }

        let fits = opens && closes && !marked.is_empty();
        match delimiter(mark, &out, &pieces, edges).filter(|_| fits) {
            Some(delimiter) => {
                out.push(Piece::Open(delimiter));
                out.extend(marked);
                out.push(Piece::Close(delimiter));
            }
            None => out.extend(marked),
        }
    }
    out
}

/// Takes characters off one end of what is marked, until a delimiter there counts. Says whether it does.
fn narrow<'a>(
    marked: &mut VecDeque<Piece<'a>>,
    mut beside: Option<char>,
    at_end: bool,
) -> (Vec<Piece<'a>>, bool) {
    let mut taken = Vec::new();
    loop {
        let Some(piece) = (if at_end { marked.back() } else { marked.front() }) else {
            return (taken, false);
        };
        let Some(outermost) = (if at_end { piece.last() } else { piece.first() }) else {
            return (taken, false);
        };
        let space = outermost.is_whitespace() || outermost.is_ascii_control();
        if !space && (is_word(outermost) || is_soft(beside)) {
            return (taken, true);
        }
        let Some((off, rest)) = piece.cut(at_end) else { return (taken, false) };
        taken.push(off);
        beside = Some(outermost);
        if at_end {
            marked.pop_back();
            marked.extend(rest);
        } else {
            marked.pop_front();
            if let Some(rest) = rest {
                marked.push_front(rest);
            }
        }
    }
}

/// The delimiter for a mark between these pieces, if one can stand there.
fn delimiter(mark: Marks, before: &[Piece], after: &VecDeque<Piece>, edges: Edges) -> Option<&'static str> {
    let (opened, closed) = (before.last(), after.front());
    // A delimiter directly inside of another is punctuation there, which the outer one must be able to bear.
    if matches!(opened, Some(Piece::Open(_))) {
        let outside = before.iter().rev().nth(1).map_or(edges.0, Piece::last);
        is_soft(outside).then_some(())?;
    }
    if matches!(closed, Some(Piece::Close(_))) {
        let outside = after.get(1).map_or(edges.1, Piece::first);
        is_soft(outside).then_some(())?;
    }
    if mark == Marks::STRONG {
        return Some("**");
    }
    if mark == Marks::STRIKE {
        return Some("~~");
    }
    if is_soft(opened.map_or(edges.0, Piece::last)) && is_soft(closed.map_or(edges.1, Piece::first)) {
        return Some("_");
    }
    // Inside a word only asterisks count, and they must not run together with those of bold text.
    let bold = |piece: Option<&Piece>| matches!(piece, Some(Piece::Open("**") | Piece::Close("**")));
    (!bold(opened) && !bold(closed)).then_some("*")
}

/// Space, punctuation, or the end of the line: beside it every delimiter counts. Other characters than ASCII are not
/// said to be, because parsers go by different versions of Unicode.
fn is_soft(character: Option<char>) -> bool {
    character.is_none_or(|c| c.is_ascii_punctuation() || c == ' ' || c == '\u{a0}' || c.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use crate::storage_to_markdown as markdown;

    #[test]
    fn spaces_and_punctuation_leave_a_mark_that_would_not_count() {
        assert_eq!(markdown("<b>Note:</b> text"), "**Note:** text");
        assert_eq!(markdown("<b>Note:</b>text"), "**Note**:text");
        assert_eq!(markdown("a<b> b </b>c"), "a **b** c");
        assert_eq!(markdown("a<b>(</b>c"), "a(c");
        assert_eq!(markdown("注<b>「意」</b>次"), "注「**意**」次");
    }

    #[test]
    fn marks_nest_and_meet() {
        assert_eq!(markdown("<b>a <i>b</i> c</b>"), "**a _b_ c**");
        assert_eq!(markdown("<i>a <b>b</b> c</i>"), "_a_ **_b_** _c_");
        assert_eq!(markdown("<b>a</b><i>b</i>"), "**a**_b_");
        assert_eq!(markdown("un<i>frigging</i>believable"), "un*frigging*believable");
        assert_eq!(markdown("<b>a</b><i>b</i>c"), "**a**bc");
        assert_eq!(markdown("<b><i><del>a</del></i></b>"), "**_~~a~~_**");
        assert_eq!(markdown("x<b><i>a</i></b>y"), "x**a**y");
    }
}
