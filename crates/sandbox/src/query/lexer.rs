//! Words and signs.

use super::{Operator, SyntaxError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Keywords, field names and values without quotes.
    Word(String),
    Quoted(String),
    Operator(Operator),
    And,
    Or,
    Not,
    Open,
    Close,
    Comma,
}

impl Token {
    /// Whether this is a keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        match self {
            Self::Word(word) => word.eq_ignore_ascii_case(keyword),
            Self::And => keyword == "and",
            Self::Or => keyword == "or",
            Self::Not => keyword == "not",
            _ => false,
        }
    }
}

/// Signs that end a word.
const SIGNS: &str = "()=!<>~,\"'&|";

pub fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '"' | '\'' => quoted(&rest[1..], first)?,
            _ if SIGNS.contains(first) => sign(rest)?,
            _ => word(rest),
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn word(text: &str) -> (Token, &str) {
    let end = text.find(|sign: char| sign.is_whitespace() || SIGNS.contains(sign)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let token = match word.to_ascii_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        _ => Token::Word(String::from(word)),
    };
    (token, rest)
}

fn quoted(text: &str, quote: char) -> Result<(Token, &str), SyntaxError> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| match escaped {
                'n' => '\n',
                't' => '\t',
                other => other,
            })),
            _ if character == quote => return Ok((Token::Quoted(value), &text[at + 1..])),
            _ => value.push(character),
        }
    }
    Err(SyntaxError(format!("The quoted string '{value}' has not been completed.")))
}

fn sign(text: &str) -> Result<(Token, &str), SyntaxError> {
    const TWO: [(&str, Token); 6] = [
        ("!=", Token::Operator(Operator::NotEquals)),
        ("!~", Token::Operator(Operator::NotContains)),
        ("<=", Token::Operator(Operator::LessOrEqual)),
        (">=", Token::Operator(Operator::GreaterOrEqual)),
        ("&&", Token::And),
        ("||", Token::Or),
    ];
    const ONE: [(&str, Token); 8] = [
        ("=", Token::Operator(Operator::Equals)),
        ("<", Token::Operator(Operator::Less)),
        (">", Token::Operator(Operator::Greater)),
        ("~", Token::Operator(Operator::Contains)),
        ("(", Token::Open),
        (")", Token::Close),
        (",", Token::Comma),
        ("!", Token::Not),
    ];
    let found = TWO.into_iter().chain(ONE).find_map(|(sign, token)| Some((token, text.strip_prefix(sign)?)));
    found.ok_or_else(|| {
        let character: String = text.chars().take(1).collect();
        SyntaxError(format!(
            "The character '{character}' is a reserved JQL character. You must enclose it in quotes."
        ))
    })
}
