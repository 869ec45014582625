use std::fmt;

use serde::ser::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON document as text, kept letter by letter: it goes through this program without being taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(String);

/// Text that is not one JSON document.
#[derive(Debug, thiserror::Error)]
#[error("is not JSON: {0}")]
pub struct InvalidJson(serde_json::Error);

impl Json {
    /// # Errors
    /// [`InvalidJson`] where `text` is not exactly one JSON document.
    pub fn parse(text: String) -> Result<Self, InvalidJson> {
        serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(InvalidJson)?;
        Ok(Self(text))
    }

    /// The JSON of a value.
    ///
    /// # Errors
    /// [`InvalidJson`] for what JSON cannot say, such as a map whose keys are no texts.
    pub fn of(value: &impl Serialize) -> Result<Self, InvalidJson> {
        serde_json::to_string(value).map(Self).map_err(InvalidJson)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl From<&RawValue> for Json {
    fn from(value: &RawValue) -> Self {
        Self(value.get().to_owned())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_goes_through_letter_by_letter() {
        let text = r#"{"b": 1.50, "a": ["\u0041"]}"#;
        let json = Json::parse(text.to_owned()).expect("it is JSON");
        assert_eq!(serde_json::to_string(&[&json]).expect("it is JSON"), format!("[{text}]"));
        assert_eq!(serde_json::from_str::<Json>(text).expect("it is JSON"), json);
        assert!(Json::parse("{} {}".to_owned()).is_err());
    }
}
