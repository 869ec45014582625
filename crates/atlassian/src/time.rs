use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::format::{Item, ParseResult, Parsed, StrftimeItems};
use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use connector_domain::Timestamp;
use serde::{Deserialize, Deserializer, de};

/// A moment as Atlassian writes it.
///
/// Jira writes `2026-04-28T15:31:13.533+0200` (an offset without a colon, which RFC 3339 does not allow) in a
/// zone that one must not guess; Confluence writes RFC 3339 in UTC; rate limit headers may leave out the
/// seconds; a few answers hold milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AtlassianTime(pub Timestamp);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a time that Atlassian writes")]
pub struct InvalidTime;

/// What Jira writes, taken apart once: an issue has a dozen of these with its history.
static JIRA: LazyLock<Vec<Item<'static>>> =
    LazyLock::new(|| StrftimeItems::new("%Y-%m-%dT%H:%M:%S%.f%z").collect());

fn parse(text: &str, format: &[Item<'_>]) -> ParseResult<DateTime<FixedOffset>> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, format.iter())?;
    parsed.to_datetime()
}

impl FromStr for AtlassianTime {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let with_offset = DateTime::parse_from_rfc3339(text)
            .or_else(|_| parse(text, &JIRA))
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%z"));
        if let Ok(time) = with_offset {
            return Ok(Self(time.with_timezone(&Utc).into()));
        }
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%MZ")
            .map(|time| Self(time.and_utc().into()))
            .map_err(|_| InvalidTime)
    }
}

impl<'de> Deserialize<'de> for AtlassianTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = AtlassianTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time with its offset, or milliseconds since the epoch")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }

            fn visit_i64<E: de::Error>(self, millis: i64) -> Result<Self::Value, E> {
                Ok(AtlassianTime(Timestamp::from_millis(millis)))
            }

            fn visit_u64<E: de::Error>(self, millis: u64) -> Result<Self::Value, E> {
                i64::try_from(millis)
                    .map(|millis| AtlassianTime(Timestamp::from_millis(millis)))
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(millis), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_that_atlassian_writes() {
        let expected = "2026-04-28T13:31:13.533Z";
        for text in [
            "2026-04-28T15:31:13.533+0200",
            "2026-04-28T15:31:13.533+02:00",
            "2026-04-28T13:31:13.533Z",
            "2026-04-28T04:01:13.533-0930",
            " 2026-04-28T13:31:13.533+0000",
        ] {
            assert_eq!(text.parse::<AtlassianTime>().unwrap().0.to_string(), expected, "{text}");
        }
        for (text, expected) in [
            ("2026-03-26T16:00Z", "2026-03-26T16:00:00.000Z"),
            ("2026-03-26T16:00+0100", "2026-03-26T15:00:00.000Z"),
            ("2026-03-26T16:00:05+0000", "2026-03-26T16:00:05.000Z"),
        ] {
            assert_eq!(text.parse::<AtlassianTime>().unwrap().0.to_string(), expected, "{text}");
        }
        let millis: AtlassianTime = serde_json::from_str("1777383073533").unwrap();
        assert_eq!(millis.0.to_string(), expected);
    }

    #[test]
    fn refuses_what_names_no_moment() {
        for text in
            ["", "yesterday", "2026-04-28", "2026-04-28T15:31:13.533", "2026-13-28T15:31:13Z", "1777383073"]
        {
            assert!(text.parse::<AtlassianTime>().is_err(), "{text}");
        }
    }
}
