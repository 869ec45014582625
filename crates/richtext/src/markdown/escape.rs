//! Keeps text from being read as markup.

use std::borrow::Cow;

/// Where a line of text is going to stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Surroundings {
    Text,
    /// A cell of a table, where a pipe ends the cell.
    Cell,
}

/// Writes `text` so that it is shown as it is. Says nothing on what begins a line: see [`line_start`].
///
/// What stands before and after `text` is not known here, so characters at its ends are escaped to be safe.
pub fn escape(out: &mut String, text: &str, surroundings: Surroundings) {
    let mut before: Option<char> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        let escaped = match character {
            '`' | '*' | '[' | ']' | '~' => true,
            // Inside a word it is no emphasis. Names of variables stay legible, and addresses stay whole.
            '_' => !(before.is_some_and(is_word) && after.is_some_and(is_word)),
            '<' => after.is_none_or(|after| after.is_alphabetic() || matches!(after, '/' | '!' | '?')),
            '&' => after.is_none_or(|after| after == '#' || after.is_ascii_alphanumeric()),
            '\\' => !after.is_some_and(char::is_alphanumeric),
            '!' => after.is_none(),
            '|' if surroundings == Surroundings::Cell => {
                // Parsers differ on a backslash before an escaped pipe.
                if before == Some('\\') {
                    out.push_str("&#124;");
                    before = Some(character);
                    continue;
                }
                true
            }
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(plain(character));
        before = Some(character);
    }
}

/// Neither space nor punctuation, in every version of Unicode.
pub fn is_word(character: char) -> bool {
    // Letters in circles and squares are symbols, though they count as alphabetic.
    let symbol = matches!(character, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    character.is_alphanumeric() && !symbol
}

/// Markdown knows no control characters, and a space that does not break shows as a space.
pub fn plain(character: char) -> char {
    if character == '\u{a0}' || character.is_ascii_control() { ' ' } else { character }
}

/// Keeps the first characters of a finished line from making it a heading, a list, a quote, a rule or a table.
///
/// The writer's own markup never begins with one of these, so they are text here.
pub fn line_start(line: &str) -> Cow<'_, str> {
    let rest = |prefix: usize| &line[prefix..];
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    let Some(first) = line.chars().next() else { return Cow::Borrowed(line) };
    let position = match first {
        '#' => ends(line.trim_start_matches('#')).then_some(0),
        '>' | '|' => Some(0),
        '+' => ends(rest(1)).then_some(0),
        '-' => (!rest(1).starts_with(char::is_alphanumeric)).then_some(0),
        '=' => (ends(rest(1)) || rest(1).starts_with('=')).then_some(0),
        ':' => (ends(rest(1)) || rest(1).starts_with(['-', ':'])).then_some(0),
        '0'..='9' => {
            let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let numbered = rest(digits).starts_with(['.', ')']) && ends(rest(digits + 1));
            (digits <= 9 && numbered).then_some(digits)
        }
        _ => None,
    };
    match position {
        Some(position) => Cow::Owned(format!("{}\\{}", &line[..position], rest(position))),
        None => Cow::Borrowed(line),
    }
}

/// The length of the longest row of one character.
pub fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut current = 0;
    for character in text.chars() {
        current = if character == of { current + 1 } else { 0 };
        longest = longest.max(current);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str, surroundings: Surroundings) -> String {
        let mut out = String::new();
        escape(&mut out, text, surroundings);
        out
    }

    #[test]
    fn what_cannot_be_markup_stays_legible() {
        for text in ["snake_case_name", "a < b && c > d", r"C:\Users\ada", "50% of #3 (it's 2+2=4)!?"] {
            assert_eq!(escaped(text, Surroundings::Text), text);
        }
    }

    #[test]
    fn what_could_be_is_escaped() {
        let text = "*a* _b_ `c` [d](e) <f> &lt; ~~g~~ \\*";
        let expected = r"\*a\* \_b\_ \`c\` \[d\](e) \<f> \&lt; \~\~g\~\~ \\\*";
        assert_eq!(escaped(text, Surroundings::Text), expected);
        assert_eq!(escaped("\u{24b6}_a a_b", Surroundings::Text), "\u{24b6}\\_a a_b");
        assert_eq!(escaped("a|b \\|", Surroundings::Cell), r"a\|b \\&#124;");
    }

    #[test]
    fn lines_begin_as_text() {
        for (line, expected) in [
            ("# no heading", r"\# no heading"),
            ("#tag", "#tag"),
            ("- no item", r"\- no item"),
            ("-5 degrees", "-5 degrees"),
            ("---", r"\---"),
            ("+ plus", r"\+ plus"),
            ("> said", r"\> said"),
            ("12. twelve", r"12\. twelve"),
            ("12.5", "12.5"),
            ("1)", r"1\)"),
            ("1234567890. long", "1234567890. long"),
            ("====", r"\===="),
            ("|-|", r"\|-|"),
            (":-:|", r"\:-:|"),
        ] {
            assert_eq!(line_start(line), expected);
        }
    }
}
