//! Readers for fields whose form varies from answer to answer.

use connector_domain::{AccountId, CloudId, Timestamp};
use serde::{Deserialize, Deserializer};

use crate::AtlassianTime;

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(serde_json::Number),
}

impl From<TextOrNumber> for String {
    fn from(value: TextOrNumber) -> Self {
        match value {
            TextOrNumber::Text(text) => text,
            TextOrNumber::Number(number) => number.to_string(),
        }
    }
}

/// An id, written as text or as a number; never empty.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::from(TextOrNumber::deserialize(deserializer)?);
    if id.trim().is_empty() { Err(serde::de::Error::custom("expected an id, not nothing")) } else { Ok(id) }
}

pub fn cloud_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CloudId, D::Error> {
    id(deserializer).map(CloudId::new)
}

pub fn account_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
    id(deserializer).map(AccountId::new)
}

/// An id that may be absent, null or empty.
pub fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = Option::<TextOrNumber>::deserialize(deserializer)?.map(String::from);
    Ok(id.filter(|id| !id.trim().is_empty()))
}

/// Text that may be absent, null or empty.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.trim().is_empty()))
}

/// A value that may be absent or null and has an empty form.
pub fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A moment that may be absent, null or empty.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Time(AtlassianTime),
        Text(String),
    }

    match Option::<Form>::deserialize(deserializer)? {
        Some(Form::Time(AtlassianTime(time))) => Ok(Some(time)),
        Some(Form::Text(text)) if !text.trim().is_empty() => {
            Err(serde::de::Error::custom("expected a time with its offset"))
        }
        _ => Ok(None),
    }
}

/// A date without a time that may be absent, null or empty.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<chrono::NaiveDate>, D::Error> {
    let date = text(deserializer)?.map(|date| date.trim().parse());
    date.transpose().map_err(|_| serde::de::Error::custom("expected a date"))
}

/// A value that may be absent, null, or anything that cannot be read as one: closed accounts, fields of apps.
pub fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form<T> {
        Value(T),
        Other(serde::de::IgnoredAny),
    }

    Ok(match Form::deserialize(deserializer)? {
        Form::Value(value) => Some(value),
        Form::Other(_) => None,
    })
}
