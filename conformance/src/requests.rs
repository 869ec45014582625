//! Comparing requests with the documents.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::check::Checker;
use crate::openapi::{Found, Operation};
use crate::recorded::Recorded;
use crate::report::Fault;

/// Addresses of the authorization server and of people's identity, of which no OpenAPI document is published.
const WITHOUT_DOCUMENT: [&str; 4] =
    ["/authorize", "/oauth/token", "/oauth/token/accessible-resources", "/me"];

impl Checker {
    /// Compares a request, made with these scopes, with what the document says of it. Answers what is wrong with one
    /// that no document knows.
    pub fn request(&self, request: &Recorded, scopes: &[&str]) -> Option<String> {
        let Recorded { method, path, query, .. } = request;
        match self.documents.find(method, path) {
            Found::Operation(operation) => {
                let mut faults = self.faults_of_query(operation, query);
                faults.extend(self.faults_of_body(operation, &request.body));
                faults.extend(faults_of_scopes(operation, scopes));
                if !path.starts_with("/ex/") {
                    faults.push(Fault::new("", "a token is good at the gateway only"));
                }
                let (api, name) = (operation.document.api, operation.name());
                if request.status < 400 {
                    self.report().succeeded(api, &name);
                }
                self.report().checked(api, &name, &format!("{method} {path}?{query}"), faults);
                None
            }
            Found::Elsewhere if WITHOUT_DOCUMENT.contains(&path.as_str()) => None,
            Found::Unknown(_) | Found::Elsewhere => Some(format!("{method} {path}: no document has it")),
        }
    }

    fn faults_of_query(&self, operation: Operation<'_>, query: &str) -> Vec<Fault> {
        let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            given.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        let mut faults = Vec::new();
        for parameter in operation.query_parameters() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let pointer = format!("?{name}");
            match given.remove(name) {
                None if parameter["required"] == true => faults.push(Fault::new(pointer, "is missing")),
                None => {}
                Some(values) => {
                    let schema = &parameter["schema"];
                    let value = read(operation, schema, &values);
                    let of = format!("{} {pointer}", operation.name());
                    let found = self.faults(operation.document, &of, schema, &value);
                    faults.extend(found.into_iter().map(|fault| {
                        Fault::new(format!("{pointer}{}", fault.pointer), format!("{}: {value}", fault.what))
                    }));
                }
            }
        }
        faults.extend(given.into_keys().map(|name| Fault::new(format!("?{name}"), "is not documented")));
        faults
    }

    fn faults_of_body(&self, operation: Operation<'_>, body: &[u8]) -> Vec<Fault> {
        let missing =
            || if operation.needs_body() { vec![Fault::new("", "the body is missing")] } else { Vec::new() };
        match (operation.body_schema(), body) {
            (_, []) => missing(),
            (None, _) => vec![Fault::new("", "the document knows no body")],
            (Some(schema), body) => match serde_json::from_slice(body) {
                Ok(body) => {
                    self.faults(operation.document, &format!("{} body", operation.name()), schema, &body)
                }
                Err(_) => vec![Fault::new("", "the body is not JSON")],
            },
        }
    }
}

/// A parameter's value as its schema means it. Lists are written by repetition or with commas.
fn read(operation: Operation<'_>, schema: &Value, values: &[String]) -> Value {
    let schema = operation.document.resolved(schema);
    let one = |schema: &Value, text: &str| {
        let schema = operation.document.resolved(schema);
        let parsed = match schema["type"].as_str() {
            Some("integer" | "number" | "boolean") => serde_json::from_str(text).ok(),
            _ => None,
        };
        parsed.unwrap_or_else(|| json!(text))
    };
    if schema["type"] == "array" {
        return values
            .iter()
            .flat_map(|text| text.split(','))
            .map(|text| one(&schema["items"], text))
            .collect();
    }
    match values {
        [text] => one(schema, text),
        // What must not be repeated.
        several => json!(several),
    }
}

fn faults_of_scopes(operation: Operation<'_>, granted: &[&str]) -> Option<Fault> {
    let sets = operation.scopes();
    let covered = sets.is_empty() || sets.iter().any(|set| set.iter().all(|scope| granted.contains(scope)));
    (!covered).then(|| Fault::new("", format!("the scopes that are asked for cover none of {sets:?}")))
}
