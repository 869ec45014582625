//! `jqlFilter`: a small part of JQL.

use crate::query::{Clause, Expression, Operator, Query};

const FIELDS: [&str; 7] = ["issuekey", "project", "issuetype", "status", "priority", "assignee", "reporter"];

/// Why a webhook may not have this filter.
pub fn problems(query: &Query) -> Vec<String> {
    let mut problems = Vec::new();
    match &query.filter {
        None => problems.push(String::from("The JQL filter must not be empty.")),
        Some(filter) => walk(filter, &mut problems),
    }
    if !query.order.is_empty() {
        problems.push(String::from("The JQL filter must not have an ORDER BY."));
    }
    problems
}

fn walk(expression: &Expression, problems: &mut Vec<String>) {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            for part in parts {
                walk(part, problems);
            }
        }
        Expression::Not(part) => walk(part, problems),
        Expression::Clause(clause) => problems.extend(problem(clause)),
    }
}

fn problem(clause: &Clause) -> Option<String> {
    let Clause { field, operator, .. } = clause;
    if !FIELDS.iter().any(|known| known.eq_ignore_ascii_case(field)) {
        return Some(format!("The clause {field} is unsupported"));
    }
    let known = matches!(operator, Operator::Equals | Operator::NotEquals | Operator::In | Operator::NotIn);
    (!known).then(|| format!("The operator {} is unsupported in the clause {field}", operator.symbol()))
}
