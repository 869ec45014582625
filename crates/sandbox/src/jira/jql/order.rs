//! `ORDER BY`: where an issue stands in a result.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::Context;
use crate::{
    jira::error::JiraError,
    query::Order,
    world::{issues::Issue, workflow::ISSUE_TYPES},
};

/// Where an issue stands: one value per field of the order, and its id, so that no two stand in the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    values: Vec<Value>,
    id: u64,
}

/// A value to sort by. What is missing comes last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Number(i64),
    Text(String),
    Missing(()),
}

/// Fields that a result can be sorted by.
#[derive(Clone, Copy)]
enum SortField {
    Id,
    Key,
    Created,
    Updated,
    Resolved,
    Priority,
    Status,
    Kind,
    Summary,
    Assignee,
    Project,
}

impl SortField {
    fn read(name: &str) -> Result<Self, JiraError> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "id" => Self::Id,
            "key" | "issuekey" | "issue" | "rank" => Self::Key,
            "created" | "createddate" => Self::Created,
            "updated" | "updateddate" => Self::Updated,
            "resolved" | "resolutiondate" => Self::Resolved,
            "priority" => Self::Priority,
            "status" => Self::Status,
            "issuetype" | "type" => Self::Kind,
            "summary" => Self::Summary,
            "assignee" => Self::Assignee,
            "project" => Self::Project,
            _ => {
                let message =
                    format!("Field '{name}' does not exist or you do not have permission to view it.");
                return Err(JiraError::bad_request(message));
            }
        })
    }
}

impl<'a> Context<'a> {
    /// What gives an issue's position in an order.
    pub fn positions(self, order: &[Order]) -> Result<impl Fn(&Issue) -> Position + use<'a>, JiraError> {
        let fields =
            order.iter().map(|order| SortField::read(&order.field)).collect::<Result<Vec<_>, _>>()?;
        Ok(move |issue: &Issue| {
            let values = fields.iter().flat_map(|field| self.values(*field, issue)).collect();
            Position { values, id: issue.id }
        })
    }

    /// Two values per field: keys are sorted by project and number.
    fn values(self, field: SortField, issue: &Issue) -> [Value; 2] {
        let id = |id: u64| Value::Number(i64::try_from(id).unwrap_or(i64::MAX));
        let index = |index: usize| Value::Number(i64::try_from(index).unwrap_or(i64::MAX));
        let key = || self.view.site.project(issue.project).map_or("", |project| project.key.as_str());
        let first = match field {
            SortField::Key => return [Value::Text(String::from(key())), id(issue.number)],
            SortField::Id => id(issue.id),
            SortField::Created => Value::Number(issue.created),
            SortField::Updated => Value::Number(issue.updated),
            SortField::Resolved => issue.resolved.map_or(Value::Missing(()), Value::Number),
            // Ascending is from the least urgent to the most.
            SortField::Priority => Value::Number(-i64::try_from(issue.priority).unwrap_or_default()),
            SortField::Status => index(issue.status),
            SortField::Kind => Value::Text(String::from(ISSUE_TYPES[issue.kind].name)),
            SortField::Summary => Value::Text(issue.summary.to_lowercase()),
            SortField::Assignee => issue.assignee.map_or(Value::Missing(()), |person| {
                Value::Text(self.view.world.people[person].name.to_string())
            }),
            SortField::Project => Value::Text(String::from(key())),
        };
        [first, Value::Missing(())]
    }
}

/// Compares two positions in an order. Without any order the newest come first.
pub fn compare(order: &[Order], a: &Position, b: &Position) -> Ordering {
    for (index, order) in order.iter().enumerate() {
        let range = index * 2..index * 2 + 2;
        let by_value = a.values.get(range.clone()).cmp(&b.values.get(range));
        if by_value.is_ne() {
            return if order.descending { by_value.reverse() } else { by_value };
        }
    }
    if order.is_empty() { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) }
}
