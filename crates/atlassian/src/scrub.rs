//! Makes text from elsewhere fit for logs and people: no secrets, no control characters, no more than a line.

/// Characters kept.
const LIMIT: usize = 200;
/// From this length on, a run of characters that tokens are made of may be one.
const TOKEN_LENGTH: usize = 24;
const REMOVED: &str = "[…]";

/// `text` in one line of at most 200 characters, without `secrets` and without what looks like a token.
pub fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, REMOVED);
    }
    let line: String =
        text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    let words: Vec<_> = line.split_whitespace().map(without_tokens).collect();
    cap(&words.join(" "))
}

fn cap(text: &str) -> String {
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LIMIT - 1).collect();
    short.push('…');
    short
}

fn without_tokens(word: &str) -> String {
    let mut result = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|c| may_be_in_token(c) != may_be_in_token(first)).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(run);
        result.push_str(if may_be_in_token(first) && looks_like_token(part) { REMOVED } else { part });
        rest = behind;
    }
    result
}

fn may_be_in_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~+/=%".contains(c)
}

/// Long and with a digit, or with a long part of mixed case. Class names and paths of words pass.
fn looks_like_token(run: &str) -> bool {
    let mixed = |part: &str| {
        part.len() >= TOKEN_LENGTH
            && part.contains(|c: char| c.is_ascii_uppercase())
            && part.contains(|c: char| c.is_ascii_lowercase())
    };
    run.len() >= TOKEN_LENGTH
        && (run.contains(|c: char| c.is_ascii_digit()) || run.split(['.', '/']).any(mixed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_what_was_sent_and_what_looks_like_a_token() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI3MTIwMjAifQ.c2lnbmF0dXJl";
        for (text, secrets, expected) in [
            ("bad secret hunter2!", &["hunter2"][..], "bad secret […]!"),
            (&format!("token {jwt} is expired"), &[], "token […] is expired"),
            (&format!("{{\"token\":\"{jwt}\"}}"), &[], "{\"token\":\"[…]\"}"),
            ("see aGVsbG8gd29ybGQgaGVsbG8gd29y+/IGhlbGxv==", &[], "see […]"),
            ("QkFTRXNpeHRmb3VyVGV4dFdpdGhvdXREaWdpdHM", &[""], "[…]"),
        ] {
            assert_eq!(scrub(text, secrets), expected);
        }
    }

    #[test]
    fn keeps_messages_readable() {
        for text in [
            "The value 'NOPE' does not exist for the field 'project'.",
            "Please migrate: https://developer.atlassian.com/changelog/#CHANGE-2046",
            "com.atlassian.confluence.api.service.exceptions.GoneException: removed",
        ] {
            assert_eq!(scrub(text, &[]), text);
        }
    }

    #[test]
    fn gives_one_short_line_without_control_characters() {
        assert_eq!(scrub("a\u{1b}[31m\r\nb\0\tc", &[]), "a [31m b c");
        let long = scrub(&"wörd ".repeat(100), &[]);
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with('…'), "{long}");
    }
}
