//! The grammar that JQL and CQL have in common. What the fields mean is each product's matter.

pub mod dates;
mod lexer;
mod parser;

/// A query as it was written.
#[derive(Debug)]
pub struct Query {
    pub filter: Option<Expression>,
    pub order: Vec<Order>,
}

#[derive(Debug)]
pub enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Clause(Clause),
}

/// `field operator operand`
#[derive(Debug)]
pub struct Clause {
    pub field: String,
    pub operator: Operator,
    pub operands: Vec<Operand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equals,
    NotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    NotContains,
    In,
    NotIn,
    Is,
    IsNot,
}

impl Operator {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "~",
            Self::NotContains => "!~",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Is => "is",
            Self::IsNot => "is not",
        }
    }

    /// The operator's positive side, and whether the result has to be turned round.
    pub fn positive(self) -> (Self, bool) {
        match self {
            Self::NotEquals => (Self::Equals, true),
            Self::NotContains => (Self::Contains, true),
            Self::NotIn => (Self::In, true),
            Self::IsNot => (Self::Is, true),
            other => (other, false),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Operand {
    Text { text: String, quoted: bool },
    Function { name: String, arguments: Vec<String> },
    Empty,
}

/// One field of `ORDER BY`.
#[derive(Debug)]
pub struct Order {
    pub field: String,
    pub descending: bool,
}

/// Why a text is no query, in words for people.
#[derive(Debug)]
pub struct SyntaxError(pub String);

/// Reads a query.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    parser::Parser::new(lexer::tokens(text)?).query()
}

impl Operand {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// The words of a text to search for. A star at the end of a word is taken for granted.
pub fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let ends = |sign: char| sign.is_whitespace() || "*?\"+-".contains(sign);
    text.split(ends).filter(|word| !word.is_empty()).map(String::from).collect()
}
