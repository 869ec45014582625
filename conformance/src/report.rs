//! What was checked, and what deviates from the documents.

use std::collections::BTreeMap;
use std::fmt;

use crate::allowed::Allowed;
use crate::openapi::Api;

/// What is wrong at one place of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// JSON pointer with `*` for every index; `?name` for a parameter of the query.
    pub pointer: String,
    pub what: String,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, what: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), what: what.into() }
    }
}

/// Everything that was seen of all operations.
#[derive(Debug, Default)]
pub struct Report {
    operations: BTreeMap<(Api, String), Operation>,
}

#[derive(Debug, Default)]
struct Operation {
    checked: usize,
    /// Of these and of those without a schema, how many were answers of success.
    succeeded: usize,
    /// Messages of which the document says nothing but the status.
    without_schema: usize,
    faults: BTreeMap<Fault, Seen>,
}

#[derive(Debug)]
struct Seen {
    times: usize,
    /// The first request where it was seen.
    example: String,
}

/// A report compared with what is allowed.
#[derive(Debug)]
pub struct Verdict<'r> {
    report: &'r Report,
    allowed: &'r [Allowed],
    used: Vec<bool>,
}

impl Report {
    /// Notes an answer of success.
    pub fn succeeded(&mut self, api: Api, operation: &str) {
        self.operations.entry((api, operation.to_owned())).or_default().succeeded += 1;
    }

    /// Notes a message that was compared with a schema.
    pub fn checked(&mut self, api: Api, operation: &str, example: &str, faults: Vec<Fault>) {
        let operation = self.operations.entry((api, operation.to_owned())).or_default();
        operation.checked += 1;
        for fault in faults {
            let seen = operation.faults.entry(fault);
            seen.or_insert_with(|| Seen { times: 0, example: example.to_owned() }).times += 1;
        }
    }

    /// Notes a message for which the document has no schema.
    pub fn without_schema(&mut self, api: Api, operation: &str) {
        self.operations.entry((api, operation.to_owned())).or_default().without_schema += 1;
    }

    pub fn messages(&self) -> usize {
        self.operations.values().map(|operation| operation.checked).sum()
    }

    pub fn operations(&self) -> usize {
        self.operations.values().filter(|operation| operation.succeeded > 0).count()
    }

    /// The operations of which at least one answer was a success.
    pub fn answered(&self) -> impl Iterator<Item = (Api, &str)> {
        let answered = self.operations.iter().filter(|(_, operation)| operation.succeeded > 0);
        answered.map(|((api, name), _)| (*api, name.as_str()))
    }

    pub fn judge<'r>(&'r self, allowed: &'r [Allowed]) -> Verdict<'r> {
        let used = allowed.iter().map(|entry| {
            self.operations
                .iter()
                .any(|((_, name), operation)| operation.faults.keys().any(|fault| entry.covers(name, fault)))
        });
        Verdict { report: self, allowed, used: used.collect() }
    }
}

impl Verdict<'_> {
    /// One line for each deviation that is not allowed and each permission that nothing needed.
    pub fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for ((_, name), operation) in &self.report.operations {
            for (fault, seen) in &operation.faults {
                if !self.is_allowed(name, fault) {
                    let (pointer, what) = (&fault.pointer, &fault.what);
                    let Seen { times, example } = seen;
                    failures.push(format!("{name}: `{pointer}`: {what} ({times} times, first in {example})"));
                }
            }
        }
        for (entry, used) in self.allowed.iter().zip(&self.used) {
            if !used {
                failures.push(format!(
                    "allowed, but not seen: {} `{}` {}",
                    entry.operation, entry.pointer, entry.what
                ));
            }
        }
        failures
    }

    fn is_allowed(&self, operation: &str, fault: &Fault) -> bool {
        self.allowed.iter().any(|entry| entry.covers(operation, fault))
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for ((api, name), operation) in &self.report.operations {
            // What the sandbox does not have, whatever it says to that.
            if operation.succeeded == 0 && operation.faults.is_empty() {
                continue;
            }
            if last.replace(*api) != Some(*api) {
                writeln!(out, "{}", api.name())?;
            }
            let (allowed, faults): (Vec<_>, Vec<_>) =
                operation.faults.keys().partition(|fault| self.is_allowed(name, fault));
            write!(out, "  {name}: checked {}", operation.checked)?;
            if operation.without_schema > 0 {
                write!(out, ", without a schema {}", operation.without_schema)?;
            }
            writeln!(out, ", deviations {} ({} allowed)", faults.len(), allowed.len())?;
        }
        Ok(())
    }
}
