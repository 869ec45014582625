use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::{ApiKeyId, Timestamp, UserId};

/// What a program with an API key may do. Each one includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyScope {
    /// Read everybody's mirrored rows, connections and syncs.
    Read,
    /// Also make users, links and syncs, and end connections.
    Manage,
    /// Also make and revoke keys, and read the whole audit trail.
    Admin,
}

impl KeyScope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Manage, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyScope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        known.ok_or("is not a scope: it must be `read`, `manage` or `admin`")
    }
}

/// The scopes of an API key. As text: their names with a space between, `read manage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyScopes(BTreeSet<KeyScope>);

impl KeyScopes {
    /// Whether a key with these may do what `needed` allows.
    pub fn cover(&self, needed: KeyScope) -> bool {
        self.0.last().is_some_and(|most| *most >= needed)
    }

    pub fn iter(&self) -> impl Iterator<Item = KeyScope> {
        self.0.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<KeyScope> for KeyScopes {
    fn from_iter<I: IntoIterator<Item = KeyScope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for KeyScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(KeyScope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl FromStr for KeyScopes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_whitespace().map(str::parse).collect()
    }
}

/// An API key as it is kept: never the key itself, which is shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// A part of the key's own text, by which it is found.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    pub scopes: KeyScopes,
    /// Whose rows alone it opens; `None` for everybody's.
    pub user_id: Option<UserId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Noted at most once a minute.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it opens anything at this moment.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_includes_those_before_it() {
        let of = |text: &str| text.parse::<KeyScopes>().unwrap();
        let covered = |text: &str| KeyScope::ALL.map(|scope| of(text).cover(scope));
        assert_eq!(covered("read"), [true, false, false]);
        assert_eq!(covered("manage"), [true, true, false]);
        assert_eq!(covered("admin read"), [true, true, true]);
        assert_eq!(covered(""), [false; 3]);
        assert_eq!(of("admin read").to_string(), "read admin");
        assert!("write".parse::<KeyScopes>().is_err());
    }
}
