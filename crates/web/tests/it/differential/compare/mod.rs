//! The mirror and the truth, row by row.

mod confluence;
mod jira;

use std::collections::BTreeSet;

use chrono::DateTime;
use connector_testkit::{Browser, TestApp};
use serde_json::Value;

type Lines = BTreeSet<String>;

/// One table, and the same said by the truth.
struct Kind {
    name: &'static str,
    /// SQL expressions over the mirror's rows that live.
    columns: &'static [&'static str],
    from: &'static str,
    /// The values of these columns for each thing that there is.
    truth: fn(&Value) -> Vec<Vec<String>>,
}

/// What is in one of the two only, with its kind. Truth is what Ada sees.
pub(crate) async fn differences(app: &TestApp) -> Vec<String> {
    let control = Browser::new(&app.sandbox.url);
    let path = "/__sandbox/sites/acme/truth?full=true&as=ada@example.com";
    let truth = control.get(path).await.expect(200).json();
    let mut found = Vec::new();
    for kind in jira::KINDS.iter().chain(confluence::KINDS) {
        let name = kind.name;
        let mirror: Lines = app.database.texts(&kind.query()).await.into_iter().map(tidy).collect();
        let truth: Lines = (kind.truth)(&truth).into_iter().map(|row| tidy(row.join(SEPARATOR))).collect();
        found.extend(truth.difference(&mirror).map(|line| format!("{name}: only at Atlassian: {line}")));
        found.extend(mirror.difference(&truth).map(|line| format!("{name}: only in the mirror: {line}")));
    }
    found
}

const SEPARATOR: &str = " | ";
const NOTHING: &str = "-";

impl Kind {
    fn query(&self) -> String {
        let column = |column: &&str| format!("COALESCE(NULLIF(CAST({column} AS text), ''), '{NOTHING}')");
        let columns: Vec<_> = self.columns.iter().map(column).collect();
        let columns = columns.join(&format!(" || '{SEPARATOR}' || "));
        format!("SELECT {columns} FROM {}", self.from)
    }
}

/// Members that are compared elsewhere, or of which Atlassian tells nobody when they change: sums over worklogs, and the
/// subtasks, which know their parents.
const UNTOLD: [&str; 6] =
    ["comment", "worklog", "timespent", "aggregatetimespent", "timetracking", "subtasks"];

/// JSON at the end of a line, written in one way.
fn tidy(line: String) -> String {
    let begins = [" | {", " | ["].iter().filter_map(|begin| line.find(begin)).min();
    let Some((head, json)) = begins.map(|at| line.split_at(at + SEPARATOR.len())) else { return line };
    match serde_json::from_str::<Value>(json) {
        Ok(json) => format!("{head}{}", by_id(&json)),
        Err(_) => line,
    }
}

/// What refers to something else is compared by the id of that: its name may have changed since. A member without a
/// value and none are the same.
fn by_id(json: &Value) -> Value {
    match json {
        Value::Object(members) => {
            let id = members.get("accountId").or_else(|| members.get("id"));
            if let (Some(id), true) = (id, members.contains_key("self")) {
                return id.clone();
            }
            let named = |name: &str| name != "self" && !UNTOLD.contains(&name);
            let kept =
                members.iter().filter(|(name, _)| named(name)).map(|(name, value)| (name, by_id(value)));
            kept.filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(by_id).collect(),
        // An empty text and none are the same.
        Value::String(text) if text.is_empty() => Value::Null,
        other => other.clone(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        // An empty text and none are the same.
        Value::String(text) if text.is_empty() => NOTHING.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A time as the mirror has it.
fn millis(value: &Value) -> String {
    let Some(text) = value.as_str() else { return NOTHING.to_owned() };
    let time = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    time.unwrap_or_else(|error| panic!("{text}: {error}")).timestamp_millis().to_string()
}

fn flag(value: &Value) -> String {
    String::from(if value.as_bool() == Some(true) { "yes" } else { "no" })
}

/// All of a list, which may be missing.
fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
