//! Targets of links and images.

use std::fmt::Write as _;

/// An address so that it can stand between the parentheses of a link, or nothing where following it would run code.
///
/// Encoded are only characters that are not allowed in an address or would end the link.
pub fn target(address: &str) -> Option<String> {
    // Browsers pass over these characters wherever they stand.
    let address: String =
        address.trim().chars().filter(|c| !matches!(c, '\t' | '\n' | '\r' | '\0')).collect();
    let address = address.trim_start_matches(|c: char| c.is_ascii_control() || c == ' ');
    if address.is_empty() || runs_code(address) {
        return None;
    }
    let mut out = String::with_capacity(address.len());
    for (position, character) in address.char_indices() {
        match character {
            '<' | '>' | '(' | ')' | '\\' | '`' | '|' | '"' | '[' | ']' => {
                let _ = write!(out, "%{:02X}", character as u32);
            }
            '&' if begins_entity(&address[position + 1..]) => out.push_str("&amp;"),
            character if character.is_whitespace() || character.is_control() => {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
            character => out.push(character),
        }
    }
    Some(out)
}

/// Whether a browser would take the address for a program.
fn runs_code(address: &str) -> bool {
    let scheme = address.split([':', '/', '?', '#']).next().unwrap_or_default();
    address[scheme.len()..].starts_with(':')
        && ["javascript", "vbscript", "data"].iter().any(|code| scheme.trim().eq_ignore_ascii_case(code))
}

fn begins_entity(rest: &str) -> bool {
    let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
    name.len() < rest.len() && name.starts_with(';')
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn addresses_stay_as_they_are_where_they_can() {
        for address in
            ["https://example.com/a_b/*?x=1&y=~2#z", "/wiki/spaces/ENG", "mailto:ada@example.com", "#top"]
        {
            assert_eq!(target(address).as_deref(), Some(address));
        }
    }

    #[test]
    fn what_would_end_the_link_is_encoded() {
        assert_eq!(target("page:ENG/On call (2026)").as_deref(), Some("page:ENG/On%20call%20%282026%29"));
        assert_eq!(
            target("https://x/?a&copy;=`<>\u{3000}b").as_deref(),
            Some("https://x/?a&amp;copy;=%60%3C%3E%E3%80%80b")
        );
    }

    #[test]
    fn programs_are_no_targets() {
        for address in
            ["javascript:alert(1)", " JavaScript:x", "java\nscript:x", "\u{1}data:text/html,x", "vbscript:x"]
        {
            assert_eq!(target(address), None);
        }
        assert_eq!(target("https://x/javascript:y").as_deref(), Some("https://x/javascript:y"));
    }
}
