//! Comparing messages with the documents.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::openapi::{Api, Document, Documents, Found, Operation};
use crate::report::{Fault, Report};

/// Statuses of the gateway, which answers before the operation does: no document lists them everywhere.
const OF_THE_GATEWAY: [u16; 6] = [401, 403, 404, 410, 415, 429];
/// The bodies of errors of Jira, which few operations mention.
const JIRA_ERROR: &str = "ErrorCollection";
/// What issues carry in `fields`, of which the operations say nothing, but other places of the document do.
const ISSUE_FIELDS: [(&str, &str); 11] = [
    ("assignee", "UserDetails"),
    ("reporter", "UserDetails"),
    ("creator", "UserDetails"),
    ("status", "StatusDetails"),
    ("priority", "Priority"),
    ("issuetype", "IssueTypeDetails"),
    ("project", "Project"),
    ("attachment", "Attachment"),
    ("comment", "PageOfComments"),
    ("worklog", "PageOfWorklogs"),
    ("votes", "Votes"),
];
const LONGEST: usize = 160;

/// A message as it was on the wire.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub method: &'a str,
    /// Without the query.
    pub path: &'a str,
    pub query: &'a str,
    pub status: u16,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

impl Answer<'_> {
    fn example(&self) -> String {
        let Self { method, path, query, status, .. } = self;
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{method} {path}{mark}{query} -> {status}")
    }
}

/// Compares and keeps the report.
#[derive(Debug)]
pub struct Checker {
    pub documents: Documents,
    validators: Mutex<HashMap<(Api, String), Arc<Validator>>>,
    report: Mutex<Report>,
}

impl Checker {
    pub fn new(documents: Documents) -> Self {
        Self { documents, validators: Mutex::default(), report: Mutex::default() }
    }

    pub fn report(&self) -> MutexGuard<'_, Report> {
        lock(&self.report)
    }

    /// Compares an answer with what the document says of it. Paths of other APIs are none of its business.
    pub fn answer(&self, answer: &Answer<'_>) {
        match self.documents.find(answer.method, answer.path) {
            Found::Elsewhere => {}
            Found::Operation(operation) => self.answer_of(operation, answer),
            Found::Unknown(api) => {
                // Asked for on purpose, to see the refusal.
                if answer.status < 400 {
                    let fault = Fault::new("", "the document has no such operation");
                    self.report().checked(
                        api,
                        &format!("{} {}", answer.method, answer.path),
                        &answer.example(),
                        vec![fault],
                    );
                }
            }
        }
    }

    fn answer_of(&self, operation: Operation<'_>, answer: &Answer<'_>) {
        // That is how Jira says that it has no such route, or cannot read the body at all.
        if answer.status >= 400 && answer.content_type == Some("application/problem+json") {
            return;
        }
        let (document, name, example) = (operation.document, operation.name(), answer.example());
        let api = document.api;
        if (200..400).contains(&answer.status) {
            self.report().succeeded(api, &name);
        }
        let schema = operation.response_schema(answer.status);
        let body: Option<Value> = serde_json::from_slice(answer.body).ok();
        let is_jira_error = api == Api::Jira
            && answer.status >= 400
            && body
                .as_ref()
                .is_some_and(|body| body.get("errorMessages").is_some() || body.get("errors").is_some());
        let mut faults = Vec::new();
        if operation.response(answer.status).is_none() && !OF_THE_GATEWAY.contains(&answer.status) {
            faults.push(Fault::new("", format!("status {} is not in the document", answer.status)));
        } else if schema.is_none() && !is_jira_error {
            self.report().without_schema(api, &name);
            return;
        }
        match (schema, body) {
            (Some(schema), Some(body)) => {
                if answer.content_type.is_none_or(|of| !of.starts_with("application/json")) {
                    faults.push(Fault::new("", format!("JSON as {:?}", answer.content_type)));
                }
                let of = format!("{name} {}", answer.status);
                faults.extend(self.faults(document, &of, schema, &body));
                if api == Api::Jira && answer.status == 200 {
                    faults.extend(self.faults_of_fields(document, &body));
                }
            }
            (Some(_), None) => faults.push(Fault::new("", "the body is not JSON")),
            (None, Some(body)) if is_jira_error => {
                faults.extend(self.faults_by_name(document, JIRA_ERROR, &body));
            }
            (None, _) => {}
        }
        self.report().checked(api, &name, &example, faults);
    }

    /// What of a value does not fit a schema. The schema is translated once for each name.
    pub fn faults(&self, document: &Document, of: &str, schema: &Value, value: &Value) -> Vec<Fault> {
        let compiled = Arc::clone(
            lock(&self.validators)
                .entry((document.api, of.to_owned()))
                .or_insert_with(|| Arc::new(compile(&document.schema(schema)))),
        );
        let mut faults = Vec::new();
        compiled.iter_errors(value).for_each(|error| add(&error, &mut faults));
        faults.sort();
        faults.dedup();
        faults
    }

    fn faults_by_name(&self, document: &Document, name: &str, value: &Value) -> Vec<Fault> {
        let schema = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
        self.faults(document, name, &schema, value)
    }

    fn faults_of_fields(&self, document: &Document, body: &Value) -> Vec<Fault> {
        let issues: Vec<(&str, &Value)> = match body["issues"].as_array() {
            Some(issues) => issues.iter().map(|issue| ("/issues/*/fields", issue)).collect(),
            None => vec![("/fields", body)],
        };
        let mut faults = Vec::new();
        for (place, issue) in issues {
            for (field, name) in ISSUE_FIELDS {
                let value = &issue["fields"][field];
                let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                for value in values.iter().filter(|value| !value.is_null()) {
                    let found = self.faults_by_name(document, name, value);
                    let at =
                        |fault: Fault| Fault::new(format!("{place}/{field}{}", fault.pointer), fault.what);
                    faults.extend(found.into_iter().map(at));
                }
            }
        }
        faults.sort();
        faults.dedup();
        faults
    }
}

fn compile(schema: &Value) -> Validator {
    let built = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("url", |text: &str| url::Url::parse(text).is_ok())
        .build(schema);
    built.unwrap_or_else(|error| panic!("a schema of the document cannot be compiled: {error}"))
}

/// The faults that an error stands for: one for each member that should not be there, and of alternatives that all
/// fail the ones of that which fails least.
fn add(error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
    let pointer = pointer(error.instance_path().as_str());
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            faults.extend(
                unexpected.iter().map(|name| Fault::new(format!("{pointer}/{name}"), "is not documented")),
            );
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let is_null = |branch: &&Vec<ValidationError<'_>>| {
                branch.iter().any(|error| {
                    error.schema_path().as_str().ends_with("/type")
                        && error.instance_path() == branch[0].instance_path()
                        && error.to_string().ends_with("\"null\"")
                })
            };
            let best = context.iter().filter(|branch| !is_null(branch)).min_by_key(|branch| branch.len());
            match best {
                Some(branch) => branch.iter().for_each(|error| add(error, faults)),
                None => faults.push(Fault::new(pointer, "fits none of the alternatives")),
            }
        }
        ValidationErrorKind::Required { property } => {
            faults.push(Fault::new(
                format!("{pointer}/{}", property.as_str().unwrap_or_default()),
                "is missing",
            ));
        }
        ValidationErrorKind::Format { format } => {
            faults.push(Fault::new(pointer, format!("is no {format}")));
        }
        // Without the value, so that a fault is the same fault wherever it is seen.
        _ => faults.push(Fault::new(pointer, short(&error.masked().to_string()))),
    }
}

/// The pointer with `*` for every index.
fn pointer(text: &str) -> String {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('/').map(|part| if is_index(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
