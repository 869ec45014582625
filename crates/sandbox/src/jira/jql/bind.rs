//! From a query to a test of issues: names become ids, dates become moments, and what does not exist is refused.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::syntax_error;
use crate::{
    document::description,
    gateway::View,
    jira::error::JiraError,
    query::{Clause, Expression, Operand, Operator, dates::moment, words},
    world::{
        Millis,
        activity::issue_labels,
        issues::Issue,
        people::PersonIndex,
        projects::ProjectState,
        workflow::{ISSUE_TYPES, PRIORITIES, STATUSES},
    },
};

/// A test of issues.
pub type Predicate<'a> = Box<dyn Fn(&Issue) -> bool + 'a>;

/// What the meaning of a query depends on.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub view: View<'a>,
    pub now: DateTime<Utc>,
}

type Bound<'a> = Result<Predicate<'a>, JiraError>;

impl<'a> Context<'a> {
    pub fn bind(self, expression: &Expression) -> Bound<'a> {
        Ok(match expression {
            Expression::And(parts) => {
                let parts = parts.iter().map(|part| self.bind(part)).collect::<Result<Vec<_>, _>>()?;
                Box::new(move |issue| parts.iter().all(|part| part(issue)))
            }
            Expression::Or(parts) => {
                let parts = parts.iter().map(|part| self.bind(part)).collect::<Result<Vec<_>, _>>()?;
                Box::new(move |issue| parts.iter().any(|part| part(issue)))
            }
            Expression::Not(part) => {
                let part = self.bind(part)?;
                Box::new(move |issue| !part(issue))
            }
            Expression::Clause(clause) => self.clause(clause)?,
        })
    }

    /// Where the clause says "not", things without a value do not fit either: `assignee != x` leaves out what is
    /// unassigned.
    fn clause(self, clause: &Clause) -> Bound<'a> {
        match clause.field.to_ascii_lowercase().as_str() {
            "project" => self.named(clause, |issue| Some(issue.project), |text| self.project(text)),
            "key" | "issuekey" | "id" | "issue" => self.key(clause),
            "issuetype" | "type" => {
                let names = ISSUE_TYPES.iter().map(|kind| (kind.id, kind.name));
                self.named(clause, |issue| Some(issue.kind), |text| position(names.clone(), text))
            }
            "status" => {
                let names = STATUSES.iter().map(|status| (status.id, status.name));
                self.named(clause, |issue| Some(issue.status), |text| position(names.clone(), text))
            }
            "statuscategory" => self.named(
                clause,
                |issue| Some(STATUSES[issue.status].category.id),
                |text| {
                    let fits = |name: &str| name.eq_ignore_ascii_case(text);
                    let mut categories = STATUSES.iter().map(|status| &status.category);
                    categories
                        .find(|category| {
                            fits(category.name) || fits(category.key) || fits(&category.id.to_string())
                        })
                        .map(|category| category.id)
                },
            ),
            "priority" => self.named(
                clause,
                |issue| Some(issue.priority),
                |text| position(PRIORITIES.into_iter(), text),
            ),
            "resolution" => self.named(
                clause,
                |issue| issue.resolved.map(|_| ()),
                |text| text.eq_ignore_ascii_case("done").then_some(()),
            ),
            "assignee" => self.named(clause, |issue| issue.assignee, |text| self.person(text)),
            "reporter" | "creator" => self.named(clause, |issue| issue.reporter, |text| self.person(text)),
            "parent" => self.named(clause, |issue| issue.parent, |text| self.issue(text)),
            "created" | "createddate" => self.time(clause, |issue| Some(issue.created)),
            "updated" | "updateddate" => self.time(clause, |issue| Some(issue.updated)),
            "resolved" | "resolutiondate" => self.time(clause, |issue| issue.resolved),
            "labels" => self.labels(clause),
            "summary" => contains(clause, |issue| issue.summary.to_lowercase()),
            "description" => contains(clause, move |issue| self.description(issue)),
            "text" => contains(clause, move |issue| {
                format!("{} {}", issue.summary.to_lowercase(), self.description(issue))
            }),
            _ => Err(JiraError::bad_request(format!(
                "Field '{}' does not exist or you do not have permission to view it.",
                clause.field
            ))),
        }
    }

    /// A field whose values have names: equality, lists, emptiness.
    fn named<T: PartialEq + 'a>(
        self,
        clause: &Clause,
        value: impl Fn(&Issue) -> Option<T> + 'a,
        resolve: impl Fn(&str) -> Option<T>,
    ) -> Bound<'a> {
        let (operator, turned) = clause.operator.positive();
        match operator {
            Operator::Is => return Ok(Box::new(move |issue| value(issue).is_none() != turned)),
            Operator::Equals | Operator::In => {}
            _ => return Err(unsupported(clause)),
        }
        let mut wanted = Vec::new();
        let mut or_empty = false;
        for operand in &clause.operands {
            match operand {
                Operand::Empty => or_empty = true,
                Operand::Text { text, .. } => {
                    wanted.push(resolve(text).ok_or_else(|| no_such_value(text, &clause.field))?);
                }
                Operand::Function { name, .. } if name.eq_ignore_ascii_case("currentUser") => {
                    let person = self.view.person().map(|person| person.account_id.as_str());
                    wanted.extend(person.and_then(&resolve));
                }
                Operand::Function { name, .. } => return Err(no_such_function(name, &clause.field)),
            }
        }
        Ok(Box::new(move |issue| match value(issue) {
            Some(value) => wanted.contains(&value) != turned,
            None => or_empty && !turned,
        }))
    }

    /// Keys can be compared as well: within a project, by their number.
    fn key(self, clause: &Clause) -> Bound<'a> {
        let (Some(Operand::Text { text, .. }), true) = (
            clause.operands.first(),
            matches!(
                clause.operator,
                Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual
            ),
        ) else {
            return self.named(clause, |issue| Some(issue.id), |text| self.issue(text));
        };
        let issue = self.issue(text).and_then(|id| self.view.site.issue(id));
        let other = issue.ok_or_else(|| no_such_value(text, &clause.field))?;
        let (project, number, operator) = (other.project, other.number, clause.operator);
        Ok(Box::new(move |issue| issue.project == project && holds(operator, &issue.number, &number)))
    }

    fn time(self, clause: &Clause, value: impl Fn(&Issue) -> Option<Millis> + 'a) -> Bound<'a> {
        let (operator, turned) = clause.operator.positive();
        let (operand, zone) = (clause.operands.first(), self.zone());
        match (operator, operand) {
            (Operator::Is, _) => Ok(Box::new(move |issue| value(issue).is_none() != turned)),
            (Operator::Contains | Operator::In, _) | (_, None) => Err(unsupported(clause)),
            (_, Some(operand)) => {
                let limit =
                    moment(operand, self.now, zone).ok_or_else(|| no_such_date(operand, &clause.field))?;
                Ok(Box::new(move |issue| {
                    value(issue).is_some_and(|value| holds(operator, &value, &limit) != turned)
                }))
            }
        }
    }

    fn labels(self, clause: &Clause) -> Bound<'a> {
        let seed = self.view.site.seed;
        let (operator, turned) = clause.operator.positive();
        let wanted: Vec<String> =
            clause.operands.iter().filter_map(Operand::text).map(String::from).collect();
        match operator {
            Operator::Is => Ok(Box::new(move |issue| issue_labels(seed, issue).is_empty() != turned)),
            Operator::Equals | Operator::In => Ok(Box::new(move |issue| {
                let labels = issue_labels(seed, issue);
                !labels.is_empty()
                    && labels.iter().any(|label| wanted.iter().any(|wanted| wanted == label)) != turned
            })),
            _ => Err(unsupported(clause)),
        }
    }

    fn description(self, issue: &Issue) -> String {
        let composed = || description(self.view.site.seed, issue.id, &self.view.world.people);
        let text = issue.description.clone().or_else(|| composed().map(|document| document.plain()));
        text.unwrap_or_default().to_lowercase()
    }

    /// Written dates are read in the person's own zone, which need not be the site's.
    fn zone(self) -> Tz {
        self.view.person().map_or(self.view.site.zone, |person| person.zone)
    }

    /// A project that the caller can search in, by id, key or name.
    fn project(self, text: &str) -> Option<u64> {
        let mut live = self.view.projects().filter(|project| project.state == ProjectState::Live);
        let found = self.view.project(text).filter(|project| project.state == ProjectState::Live);
        found
            .or_else(|| live.find(|project| project.name.eq_ignore_ascii_case(text)))
            .map(|project| project.id)
    }

    fn issue(self, text: &str) -> Option<u64> {
        self.view.issue(text).map(|issue| issue.id)
    }

    fn person(self, text: &str) -> Option<PersonIndex> {
        self.view.world.people.iter().position(|person| {
            person.account_id == text
                || person.name.eq_ignore_ascii_case(text)
                || person.email.as_deref() == Some(text)
        })
    }
}

/// All words have to be there, in any order.
fn contains<'a>(clause: &Clause, value: impl Fn(&Issue) -> String + 'a) -> Bound<'a> {
    let (operator, turned) = clause.operator.positive();
    if operator == Operator::Is {
        return Ok(Box::new(move |issue| value(issue).trim().is_empty() != turned));
    }
    let text = clause.operands.first().and_then(Operand::text).filter(|_| operator == Operator::Contains);
    let words = words(text.ok_or_else(|| unsupported(clause))?);
    Ok(Box::new(move |issue| {
        let value = value(issue);
        words.iter().all(|word| value.contains(word.as_str())) != turned
    }))
}

/// The position of a value in a table, by its name or its id.
fn position<'n>(mut names: impl Iterator<Item = (u32, &'n str)>, text: &str) -> Option<usize> {
    names.position(|(id, name)| name.eq_ignore_ascii_case(text) || id.to_string() == text)
}

fn holds<T: PartialOrd>(operator: Operator, value: &T, limit: &T) -> bool {
    match operator {
        Operator::Less => value < limit,
        Operator::LessOrEqual => value <= limit,
        Operator::Greater => value > limit,
        Operator::GreaterOrEqual => value >= limit,
        _ => value == limit,
    }
}

fn no_such_value(value: &str, field: &str) -> JiraError {
    match field.to_ascii_lowercase().as_str() {
        "key" | "issuekey" | "id" | "issue" | "parent" => {
            JiraError::bad_request(format!("An issue with key '{value}' does not exist for field '{field}'."))
        }
        _ => JiraError::bad_request(format!("The value '{value}' does not exist for the field '{field}'.")),
    }
}

fn no_such_function(name: &str, field: &str) -> JiraError {
    JiraError::bad_request(format!("Unable to find JQL function '{name}()' for the field '{field}'."))
}

fn no_such_date(operand: &Operand, field: &str) -> JiraError {
    match operand {
        Operand::Function { name, .. } => no_such_function(name, field),
        _ => {
            let text = operand.text().unwrap_or("EMPTY");
            JiraError::bad_request(format!(
                "Date value '{text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', \
                 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            ))
        }
    }
}

fn unsupported(clause: &Clause) -> JiraError {
    let (operator, field) = (clause.operator.symbol(), &clause.field);
    syntax_error(&format!("The operator '{operator}' is not supported by the '{field}' field."))
}
