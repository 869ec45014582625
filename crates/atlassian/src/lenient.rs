//! Readers for fields whose form varies from answer to answer.

use std::fmt;

use connector_domain::{AccountId, CloudId, Timestamp};
use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::AtlassianTime;

// Each of these reads what stands there at once: serde's untagged enums would take down every value before they look at
// it, and a site has millions.

/// Text, or a number as text.
struct TextOrNumber(String);

impl<'de> Deserialize<'de> for TextOrNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl Visitor<'_> for Form {
            type Value = TextOrNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<TextOrNumber, E> {
                Ok(TextOrNumber(number.to_string()))
            }
        }

        deserializer.deserialize_any(Form)
    }
}

/// An id, written as text or as a number; never empty.
pub fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let TextOrNumber(id) = Deserialize::deserialize(deserializer)?;
    if id.trim().is_empty() { Err(Error::custom("expected an id, not nothing")) } else { Ok(id) }
}

pub fn cloud_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CloudId, D::Error> {
    id(deserializer).map(CloudId::new)
}

pub fn account_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
    id(deserializer).map(AccountId::new)
}

/// An id that may be absent, null or empty.
pub fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = Option::<TextOrNumber>::deserialize(deserializer)?;
    Ok(id.map(|TextOrNumber(id)| id).filter(|id| !id.trim().is_empty()))
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
    struct Form;

    impl Visitor<'_> for Form {
        type Value = Option<Timestamp>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time with its offset")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            if text.trim().is_empty() {
                return Ok(None);
            }
            let AtlassianTime(time) =
                text.parse().map_err(|_| E::custom("expected a time with its offset"))?;
            Ok(Some(time))
        }

        fn visit_i64<E: Error>(self, millis: i64) -> Result<Self::Value, E> {
            Ok(Some(Timestamp::from_millis(millis)))
        }

        fn visit_u64<E: Error>(self, millis: u64) -> Result<Self::Value, E> {
            let millis = i64::try_from(millis).map_err(|_| E::custom("expected a time with its offset"))?;
            self.visit_i64(millis)
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }

    deserializer.deserialize_any(Form)
}

/// A date without a time that may be absent, null or empty.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<chrono::NaiveDate>, D::Error> {
    let date = text(deserializer)?.map(|date| date.trim().parse());
    date.transpose().map_err(|_| Error::custom("expected a date"))
}

/// A value that may be absent, null, or anything that cannot be read as one: closed accounts, fields of apps.
pub fn or_none<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    if raw.get().contains("\\u") {
        // Half of a surrogate pair is no text, wherever it stands.
        serde_json::from_str::<serde_json::Value>(raw.get()).map_err(Error::custom)?;
    }
    Ok(serde_json::from_str(raw.get()).ok())
}
