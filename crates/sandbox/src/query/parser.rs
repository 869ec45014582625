//! From words and signs to a query.

use std::{iter::Peekable, vec::IntoIter};

use super::{Clause, Expression, Operand, Operator, Order, Query, SyntaxError, lexer::Token};

/// Parentheses and NOTs may be nested this deep.
const DEEPEST: usize = 100;

pub struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    pub fn new(tokens: Vec<Token>) -> Self {
        Self { tokens: tokens.into_iter().peekable(), depth: 0 }
    }

    pub fn query(mut self) -> Result<Query, SyntaxError> {
        let filter = match self.tokens.peek() {
            None => None,
            Some(token) if token.is("order") => None,
            Some(_) => Some(self.either()?),
        };
        let order = if self.keyword("order") { self.order()? } else { Vec::new() };
        match self.tokens.next() {
            None => Ok(Query { filter, order }),
            Some(token) => {
                Err(SyntaxError(format!("Expecting either 'OR' or 'AND' but got {}.", show(Some(&token)))))
            }
        }
    }

    fn either(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Expression::Or))
    }

    fn all(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.part()?];
        while self.keyword("and") {
            parts.push(self.part()?);
        }
        Ok(single(parts, Expression::And))
    }

    fn part(&mut self) -> Result<Expression, SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(SyntaxError(String::from("The query is nested too deeply.")));
        }
        let part = if self.keyword("not") {
            Expression::Not(Box::new(self.part()?))
        } else if self.tokens.next_if_eq(&Token::Open).is_some() {
            let inner = self.either()?;
            self.expect(&Token::Close, "')'")?;
            inner
        } else {
            Expression::Clause(self.clause()?)
        };
        self.depth -= 1;
        Ok(part)
    }

    fn clause(&mut self) -> Result<Clause, SyntaxError> {
        let field = self.name()?;
        let operator = self.operator()?;
        let operands = match operator {
            Operator::In | Operator::NotIn => self.list()?,
            Operator::Is | Operator::IsNot => match self.operand()? {
                Operand::Empty => vec![Operand::Empty],
                _ => {
                    return Err(SyntaxError(format!("The operator 'is' for '{field}' takes EMPTY or NULL.")));
                }
            },
            _ => vec![self.operand()?],
        };
        Ok(Clause { field, operator, operands })
    }

    fn operator(&mut self) -> Result<Operator, SyntaxError> {
        let token = self.tokens.next();
        let negated = |parser: &mut Self| parser.keyword("not");
        match token {
            Some(Token::Operator(operator)) => Ok(operator),
            Some(token) if token.is("in") => Ok(Operator::In),
            Some(token) if token.is("is") => Ok(if negated(self) { Operator::IsNot } else { Operator::Is }),
            Some(Token::Not) if self.keyword("in") => Ok(Operator::NotIn),
            Some(token) if token.is("was") || token.is("changed") => Err(SyntaxError(String::from(
                "The sandbox does not understand the operators WAS and CHANGED.",
            ))),
            other => Err(SyntaxError(format!("Expecting operator but got {}.", show(other.as_ref())))),
        }
    }

    /// Values in parentheses; or a function without them, which gives a list.
    fn list(&mut self) -> Result<Vec<Operand>, SyntaxError> {
        if self.tokens.next_if_eq(&Token::Open).is_none() {
            return match self.operand()? {
                function @ Operand::Function { .. } => Ok(vec![function]),
                _ => Err(SyntaxError(String::from("Expecting '(' after the operator 'in'."))),
            };
        }
        let mut list = vec![self.operand()?];
        while self.tokens.next_if_eq(&Token::Comma).is_some() {
            list.push(self.operand()?);
        }
        self.expect(&Token::Close, "')'")?;
        Ok(list)
    }

    fn operand(&mut self) -> Result<Operand, SyntaxError> {
        match self.tokens.next() {
            Some(Token::Quoted(text)) => Ok(Operand::Text { text, quoted: true }),
            Some(token) if token.is("empty") || token.is("null") => Ok(Operand::Empty),
            Some(Token::Word(name)) if self.tokens.next_if_eq(&Token::Open).is_some() => {
                Ok(Operand::Function { name, arguments: self.arguments()? })
            }
            Some(Token::Word(text)) => Ok(Operand::Text { text, quoted: false }),
            other => Err(SyntaxError(format!(
                "Expecting either a value, list or function but got {}.",
                show(other.as_ref())
            ))),
        }
    }

    fn arguments(&mut self) -> Result<Vec<String>, SyntaxError> {
        let mut arguments = Vec::new();
        while self.tokens.next_if_eq(&Token::Close).is_none() {
            match self.tokens.next() {
                Some(Token::Word(text) | Token::Quoted(text)) => arguments.push(text),
                Some(Token::Comma) if !arguments.is_empty() => {}
                other => {
                    return Err(SyntaxError(format!("Expecting ')' but got {}.", show(other.as_ref()))));
                }
            }
        }
        Ok(arguments)
    }

    fn order(&mut self) -> Result<Vec<Order>, SyntaxError> {
        if !self.keyword("by") {
            return Err(SyntaxError(String::from("Expecting 'by' after 'order'.")));
        }
        let mut order = Vec::new();
        loop {
            let field = self.name()?;
            let descending = self.keyword("desc");
            if !descending {
                self.keyword("asc");
            }
            order.push(Order { field, descending });
            if self.tokens.next_if_eq(&Token::Comma).is_none() {
                return Ok(order);
            }
        }
    }

    fn name(&mut self) -> Result<String, SyntaxError> {
        match self.tokens.next() {
            Some(Token::Word(name) | Token::Quoted(name)) => Ok(name),
            other => Err(SyntaxError(format!("Expecting a field name but got {}.", show(other.as_ref())))),
        }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.tokens.next_if(|token| token.is(keyword)).is_some()
    }

    fn expect(&mut self, wanted: &Token, name: &str) -> Result<(), SyntaxError> {
        match self.tokens.next() {
            Some(token) if token == *wanted => Ok(()),
            other => Err(SyntaxError(format!("Expecting {name} but got {}.", show(other.as_ref())))),
        }
    }
}

fn single(mut parts: Vec<Expression>, several: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            several(parts)
        }
        None => several(parts),
    }
}

fn show(token: Option<&Token>) -> String {
    match token {
        None => String::from("the end of the query"),
        Some(Token::Word(text) | Token::Quoted(text)) => format!("'{text}'"),
        Some(Token::Operator(operator)) => format!("'{}'", operator.symbol()),
        Some(Token::And) => String::from("'AND'"),
        Some(Token::Or) => String::from("'OR'"),
        Some(Token::Not) => String::from("'NOT'"),
        Some(Token::Open) => String::from("'('"),
        Some(Token::Close) => String::from("')'"),
        Some(Token::Comma) => String::from("','"),
    }
}
