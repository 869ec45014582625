//! A part of JQL: enough to restrict and order issues. What is not understood is refused, never ignored.

mod bind;
mod dates;
mod lexer;
mod order;
mod parser;

pub use bind::{Context, Predicate};
pub use order::{Position, compare};

use super::error::JiraError;

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

/// Reads a query.
pub fn parse(text: &str) -> Result<Query, JiraError> {
    parser::Parser::new(lexer::tokens(text)?).query()
}

fn syntax_error(message: impl std::fmt::Display) -> JiraError {
    JiraError::bad_request(format!("Error in the JQL Query: {message}"))
}
