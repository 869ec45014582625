//! What was asked of the token endpoint, in the order in which it was worked on.
//!
//! Secrets are not in it: a code or token is named by the beginning of its SHA-256, which a client can compute as
//! well and compare.

use std::{fmt, str::FromStr};

use serde::Serialize;

use super::{Holder, TokenHash, hash, standing::Refused};
use crate::{
    control::GrantType,
    world::{Millis, people::PersonIndex},
};

/// Bytes of a hash that name a token: 12 hexadecimal digits.
const FINGERPRINT: usize = 6;

/// The first 12 hexadecimal digits of a token's SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint([u8; FINGERPRINT]);

impl Fingerprint {
    pub fn of(hash: TokenHash) -> Self {
        let mut bytes = [0; FINGERPRINT];
        bytes.copy_from_slice(&hash[..FINGERPRINT]);
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = ();

    /// Longer texts, such as a whole SHA-256, are fine: their beginning counts.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut bytes = [0; FINGERPRINT];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(index * 2..index * 2 + 2).ok_or(())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ())?;
        }
        Ok(Self(bytes))
    }
}

/// The number of an event; the first is 1.
#[derive(Clone, Copy, Debug)]
pub struct Sequence(pub u64);

/// A request to the token endpoint, as it is worked on.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Nothing when the request does not say, or not in words that are known.
    pub kind: Option<GrantType>,
    pub presented: Option<TokenHash>,
    pub holder: Option<Holder>,
    pub login: Option<usize>,
    /// The access token and the refresh token that were made.
    pub issued: Option<(TokenHash, Option<TokenHash>)>,
    pub why: Option<Refused>,
    /// The token was used too long ago, so that all others of its login ended with it.
    pub ended_login: bool,
}

impl Attempt {
    pub fn new(kind: GrantType, presented: Option<&str>) -> Self {
        Self { kind: Some(kind), ..Self::unreadable() }.with(presented)
    }

    /// A request that does not say what it wants.
    pub const fn unreadable() -> Self {
        Self {
            kind: None,
            presented: None,
            holder: None,
            login: None,
            issued: None,
            why: None,
            ended_login: false,
        }
    }

    fn with(self, presented: Option<&str>) -> Self {
        Self { presented: presented.map(hash), ..self }
    }
}

/// How an answer left the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// As it was made.
    Whole,
    /// The connection was closed without one.
    Dropped,
    /// Its end was cut off.
    Truncated,
    /// Other bytes instead of its body.
    Garbage,
    /// A fault answered in its place.
    Replaced,
}

/// A request to the token endpoint and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct TokenEvent {
    pub sequence: u64,
    pub at: Millis,
    pub attempt: Attempt,
    /// Nothing while it is under way, and for ever when the client hung up first.
    pub answer: Option<Answer>,
}

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// 0 where the connection was closed without an answer.
    pub status: u16,
    /// The member `error` of a refusal by the endpoint itself.
    pub error: Option<&'static str>,
    pub delivery: Delivery,
}

/// All events, oldest first. They are kept only where there is somebody to read them.
#[derive(Default)]
pub struct History {
    kept: bool,
    events: Vec<TokenEvent>,
}

impl History {
    pub const fn new(kept: bool) -> Self {
        Self { kept, events: Vec::new() }
    }

    pub fn add(&mut self, attempt: Attempt, at: Millis) -> Sequence {
        let sequence = self.events.len() as u64 + 1;
        if self.kept {
            self.events.push(TokenEvent { sequence, at, attempt, answer: None });
        }
        Sequence(sequence)
    }

    pub fn answered(&mut self, Sequence(sequence): Sequence, answer: Answer) {
        let index = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
        if let Some(event) = index.and_then(|index| self.events.get_mut(index)) {
            event.answer = Some(answer);
        }
    }

    pub fn after(&self, sequence: u64, person: Option<PersonIndex>) -> Vec<TokenEvent> {
        let of_person = |event: &&TokenEvent| {
            person.is_none_or(|person| event.attempt.holder.is_some_and(|holder| holder.person == person))
        };
        let seen = usize::try_from(sequence).unwrap_or(usize::MAX).min(self.events.len());
        self.events[seen..].iter().filter(of_person).copied().collect()
    }
}
