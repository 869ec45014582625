//! One reader for the bodies of errors, of which Atlassian has half a dozen shapes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::scrub::scrub;

/// Every place in which one of the shapes keeps its text. Anything may be missing or of another type.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Shapes {
    /// Jira: `{"errorMessages": ["…"], "errors": {"field": "…"}}`.
    error_messages: Value,
    /// An object in Jira, a list of `{"status", "code", "title", "detail"}` in Confluence v2.
    errors: Value,
    /// The gateway (`{"code": 401, "message": "…"}`) and Confluence v1.
    message: Value,
    /// Problem documents (RFC 9457).
    title: Value,
    detail: Value,
    /// The authorization server (RFC 6749 section 5.2).
    error: Value,
    #[serde(rename = "error_description")]
    error_description: Value,
}

/// What the body of an error says: the texts of the shapes above, else its beginning; scrubbed.
pub fn message(body: &[u8], secrets: &[&str]) -> String {
    let text = match serde_json::from_slice::<Shapes>(body) {
        Ok(shapes) => shapes.texts().join(" "),
        // More than is kept, so that scrubbing cuts nothing in two that it would have found.
        Err(_) => String::from_utf8_lossy(body.get(..4096).unwrap_or(body)).into_owned(),
    };
    let text = scrub(&text, secrets);
    if text.is_empty() { "no reason given".to_owned() } else { text }
}

impl Shapes {
    fn texts(self) -> Vec<String> {
        let mut texts = Vec::new();
        collect(&self.error_messages, &mut texts);
        match &self.errors {
            Value::Object(fields) => {
                let fields: BTreeMap<_, _> = fields.iter().collect();
                texts.extend(
                    fields.iter().filter_map(|(name, text)| Some(format!("{name}: {}", text.as_str()?))),
                );
            }
            Value::Array(errors) => {
                for error in errors {
                    collect(error.get("title").unwrap_or(error), &mut texts);
                    collect(error.get("detail").unwrap_or(&Value::Null), &mut texts);
                }
            }
            _ => {}
        }
        for value in [&self.message, &self.title, &self.detail, &self.error, &self.error_description] {
            collect(value, &mut texts);
        }
        texts
    }
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.trim().is_empty() => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
