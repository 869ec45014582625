//! Queries in JQL, put together from typed parts: what a value holds cannot become a part of the query.

use std::fmt;

use connector_domain::Timestamp;

/// A query: conditions that must all hold, and an order.
///
/// It always has a condition, because Jira refuses a query without one ("Unbounded JQL queries are not allowed").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jql {
    first: Condition,
    others: Vec<Condition>,
    order: Vec<(OrderBy, Direction)>,
}

/// What must hold of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Of this project, by its id: keys change, and a key that the person cannot see fails the whole query. Ask for
    /// one project at a time for the same reason.
    ProjectId(u64),
    /// Of this project, by its key or name.
    Project(String),
    /// Behind this issue. Jira compares keys, not ids: it holds for the issues of the same project whose number is
    /// higher, and an issue that does not exist (any more) is refused with 400. So it is no cursor over a site.
    IdAfter(u64),
    /// Before this issue or the issue itself, in the sense of [`Self::IdAfter`].
    IdUpTo(u64),
    /// Changed at this moment or later.
    ///
    /// Times are written in milliseconds since the epoch: a date in quotes would be read in the time zone of the
    /// person's profile, and to the minute.
    UpdatedFrom(Timestamp),
    /// Changed before this moment. An upper bound hides issues that are changed again and again.
    UpdatedBefore(Timestamp),
    CreatedFrom(Timestamp),
    CreatedBefore(Timestamp),
}

/// By what issues are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderBy {
    Updated,
    Created,
    Key,
    Id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

impl Jql {
    pub fn new(condition: Condition) -> Self {
        Self { first: condition, others: Vec::new(), order: Vec::new() }
    }

    #[must_use]
    pub fn and(mut self, condition: Condition) -> Self {
        self.others.push(condition);
        self
    }

    /// Behind the orders named before. Jira takes seven at most.
    #[must_use]
    pub fn order_by(mut self, by: OrderBy, direction: Direction) -> Self {
        self.order.push((by, direction));
        self
    }

    /// What has changed since `from`, the longest unchanged first: an issue that changes while it is read comes
    /// once more at the end, where the other order would lose it.
    pub fn updated_since(project_id: u64, from: Timestamp) -> Self {
        Self::new(Condition::ProjectId(project_id))
            .and(Condition::UpdatedFrom(from))
            .order_by(OrderBy::Updated, Direction::Ascending)
            .order_by(OrderBy::Key, Direction::Ascending)
    }

    /// All of a project, in an order that edits do not change.
    pub fn project(project_id: u64) -> Self {
        Self::new(Condition::ProjectId(project_id)).order_by(OrderBy::Id, Direction::Ascending)
    }
}

impl fmt::Display for Jql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        for condition in &self.others {
            write!(f, " AND {condition}")?;
        }
        for (index, (by, direction)) in self.order.iter().enumerate() {
            let by = match by {
                OrderBy::Updated => "updated",
                OrderBy::Created => "created",
                OrderBy::Key => "key",
                OrderBy::Id => "id",
            };
            let direction = match direction {
                Direction::Ascending => "ASC",
                Direction::Descending => "DESC",
            };
            write!(f, "{} {by} {direction}", if index == 0 { " ORDER BY" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProjectId(id) => write!(f, "project = {id}"),
            Self::Project(name) => write!(f, "project = {}", Quoted(name)),
            Self::IdAfter(id) => write!(f, "id > {id}"),
            Self::IdUpTo(id) => write!(f, "id <= {id}"),
            Self::UpdatedFrom(time) => write!(f, "updated >= {}", millis(*time)),
            Self::UpdatedBefore(time) => write!(f, "updated < {}", millis(*time)),
            Self::CreatedFrom(time) => write!(f, "created >= {}", millis(*time)),
            Self::CreatedBefore(time) => write!(f, "created < {}", millis(*time)),
        }
    }
}

/// A moment as JQL reads it without a time zone. Of 1973 at the earliest, before which nothing happened in Jira: a
/// number of few digits might be taken for something else.
fn millis(time: Timestamp) -> i64 {
    const EARLIEST: i64 = 100_000_000_000;
    time.as_millis().max(EARLIEST)
}

/// Text between quotes, in which only `"` and `\` mean anything. What cannot be seen becomes a space.
pub(super) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => f.write_str(" ")?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn writes_what_jira_reads() {
        for (query, expected) in [
            (
                Jql::updated_since(10_000, time(1_777_383_073_533)),
                "project = 10000 AND updated >= 1777383073533 ORDER BY updated ASC, key ASC",
            ),
            (Jql::project(10_000), "project = 10000 ORDER BY id ASC"),
            (
                Jql::new(Condition::Project("Über \"uns\" \\ x".into()))
                    .and(Condition::UpdatedBefore(time(-1))),
                r#"project = "Über \"uns\" \\ x" AND updated < 100000000000"#,
            ),
            (
                Jql::new(Condition::CreatedFrom(time(0)))
                    .and(Condition::CreatedBefore(time(1_777_383_073_533))),
                "created >= 100000000000 AND created < 1777383073533",
            ),
            (
                Jql::new(Condition::ProjectId(1)).and(Condition::IdAfter(7)).and(Condition::IdUpTo(9)),
                "project = 1 AND id > 7 AND id <= 9",
            ),
            (
                Jql::new(Condition::ProjectId(1)).order_by(OrderBy::Created, Direction::Descending),
                "project = 1 ORDER BY created DESC",
            ),
        ] {
            assert_eq!(query.to_string(), expected);
        }
    }

    /// Reads a quoted text as JQL's grammar does; gives it with what stands behind it.
    fn unquote(text: &str) -> Option<(String, &str)> {
        let (mut value, mut chars) = (String::new(), text.strip_prefix('"')?.char_indices());
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => value.push(chars.next()?.1),
                '"' => return Some((value, &text[at + 2..])),
                c => value.push(c),
            }
        }
        None
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_its_quotes(name in r#"(?s)([\\"' ]|OR|project|.){0,24}"#) {
            let query = Jql::new(Condition::Project(name.clone())).to_string();
            let (read, rest) = unquote(query.strip_prefix("project = ").unwrap()).unwrap();
            prop_assert_eq!(rest, "");
            prop_assert_eq!(read, name.replace(char::is_control, " "));
        }
    }
}
