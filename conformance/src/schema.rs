//! OpenAPI 3.0 schemas as JSON Schema.
//!
//! Two things are done beyond a plain translation. `nullable` becomes a type of its own. And objects are closed: a
//! member that the document does not name is a deviation, for in documents that require next to nothing a misspelled
//! name would pass otherwise. So that closing works, `allOf` over objects is merged into one object first.

use serde_json::{Map, Value, json};

/// Where the translated components stand.
const DEFINITIONS: &str = "#/$defs/";
const COMPONENTS: &str = "#/components/schemas/";

/// What only describes, and what has been dealt with.
const DROPPED: &[&str] = &[
    "allOf",
    "nullable",
    "example",
    "examples",
    "description",
    "title",
    "default",
    "discriminator",
    "deprecated",
    "externalDocs",
    "readOnly",
    "writeOnly",
    "xml",
    "uniqueItems",
];

/// Translates schemas of one document.
#[derive(Debug, Clone, Copy)]
pub struct Translator<'d> {
    components: Option<&'d Map<String, Value>>,
}

impl<'d> Translator<'d> {
    pub fn new(document: &'d Value) -> Self {
        Self { components: document.pointer("/components/schemas").and_then(Value::as_object) }
    }

    /// A schema that stands by itself: with the definitions of everything that it refers to.
    pub fn whole(self, schema: &Value) -> Value {
        let mut root = self.translate(schema);
        let mut definitions = Map::new();
        let mut wanted = Vec::new();
        references(&root, &mut wanted);
        while let Some(name) = wanted.pop() {
            if definitions.contains_key(&name) {
                continue;
            }
            let component = self.component(&name).map_or(json!({}), |component| self.translate(component));
            references(&component, &mut wanted);
            definitions.insert(name, component);
        }
        if let Value::Object(members) = &mut root {
            members.insert("$defs".into(), Value::Object(definitions));
        }
        root
    }

    fn component(self, name: &str) -> Option<&'d Value> {
        self.components?.get(name)
    }

    fn translate(self, schema: &Value) -> Value {
        let Some(given) = schema.as_object() else { return json!(true) };
        let nullable = given.get("nullable") == Some(&Value::Bool(true));
        if let Some(name) = reference(given) {
            // In OpenAPI 3.0 nothing beside a reference counts, but `nullable` is written there all the same.
            let reference = json!({ "$ref": format!("{DEFINITIONS}{name}") });
            return if nullable { or_null(reference) } else { reference };
        }
        let merged = self.merged(given, 0);
        let given = merged.as_ref().unwrap_or(given);
        let mut out = Map::new();
        for (name, value) in given {
            let value = match name.as_str() {
                "properties" => value.as_object().map(|members| {
                    members.iter().map(|(name, value)| (name.clone(), self.translate(value))).collect()
                }),
                "items" | "not" | "additionalProperties" if value.is_object() => Some(self.translate(value)),
                "oneOf" | "anyOf" => self.each(value),
                // What could not be merged.
                "allOf" if merged.is_none() => self.each(value),
                name if DROPPED.contains(&name) || name.starts_with("x-") => None,
                _ => Some(value.clone()),
            };
            out.extend(value.map(|value| (name.clone(), value)));
        }
        limit_numbers(&mut out);
        let composed = ["allOf", "oneOf", "anyOf"].iter().any(|name| out.contains_key(*name));
        if out.contains_key("properties") && !composed && !out.contains_key("additionalProperties") {
            out.insert("additionalProperties".into(), json!(false));
        }
        // Alternatives overlap in the documents, which say "one of" where they mean "any of".
        if let Some(alternatives) = out.remove("oneOf") {
            out.insert("anyOf".into(), alternatives);
        }
        if nullable { make_nullable(out) } else { Value::Object(out) }
    }

    fn each(self, list: &Value) -> Option<Value> {
        Some(list.as_array()?.iter().map(|schema| self.translate(schema)).collect())
    }

    /// The schema with its `allOf` taken up, where all parts are plain; `None` where there is nothing to merge.
    fn merged(self, schema: &Map<String, Value>, depth: usize) -> Option<Map<String, Value>> {
        let parts = schema.get("allOf")?.as_array()?;
        let mut out = schema.clone();
        out.remove("allOf");
        for part in parts {
            let mut part = part.as_object()?;
            while let Some(name) = reference(part) {
                part = self.component(name)?.as_object()?;
            }
            let deeper = if depth < 8 { self.merged(part, depth + 1) } else { None };
            let part = deeper.as_ref().unwrap_or(part);
            if ["allOf", "oneOf", "anyOf"].iter().any(|name| part.contains_key(*name)) {
                return None;
            }
            for (name, value) in part {
                take_up(&mut out, name, value);
            }
        }
        Some(out)
    }
}

fn take_up(out: &mut Map<String, Value>, name: &str, value: &Value) {
    match (out.get_mut(name), value) {
        (Some(Value::Object(own)), Value::Object(more)) if name == "properties" => {
            for (name, value) in more {
                // A member that both parts describe has to fit both.
                let both = own.get(name).map(|known| json!({ "allOf": [known, value] }));
                own.insert(name.clone(), both.unwrap_or_else(|| value.clone()));
            }
        }
        (Some(Value::Array(own)), Value::Array(more)) if name == "required" => {
            own.extend(more.iter().cloned());
        }
        (Some(_), _) => {}
        // One part's closing would shut the others out; the whole is closed at the end.
        (None, Value::Bool(false)) if name == "additionalProperties" => {}
        (None, _) => {
            out.insert(name.to_owned(), value.clone());
        }
    }
}

/// The component that a schema refers to.
fn reference(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(COMPONENTS)
}

fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let name =
                members.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix(DEFINITIONS));
            found.extend(name.map(str::to_owned));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn make_nullable(mut schema: Map<String, Value>) -> Value {
    let Some(Value::String(of)) = schema.get("type").cloned() else { return or_null(Value::Object(schema)) };
    schema.insert("type".into(), json!([of, "null"]));
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    Value::Object(schema)
}

/// Formats of numbers mean nothing to JSON Schema.
fn limit_numbers(schema: &mut Map<String, Value>) {
    if schema.get("type") == Some(&json!("integer")) && schema.get("format") == Some(&json!("int32")) {
        schema.entry("minimum").or_insert(json!(i32::MIN));
        schema.entry("maximum").or_insert(json!(i32::MAX));
    }
}
