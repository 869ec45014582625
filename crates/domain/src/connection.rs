use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AccountId, CloudId, ConnectionId, Product, Timestamp, UserId};

/// A person's consent to one Atlassian app, and what came of it.
#[derive(Debug, Clone)]
pub struct Connection {
    pub id: ConnectionId,
    pub user_id: UserId,
    /// The app: Atlassian keeps one grant per app and account.
    pub client_id: String,
    pub account_id: Option<AccountId>,
    pub status: ConnectionStatus,
    /// Why the status is what it is, for people.
    pub status_reason: Option<String>,
    /// What the grant covers.
    pub scopes: Scopes,
    /// What the consent before covered and this one does not. It stays until a consent has other scopes.
    pub lost_scopes: Scopes,
    pub sites: Vec<ConnectionSite>,
    /// The sites that somebody chose to synchronize; `None` for all that the grant reaches, also those to come.
    pub chosen_sites: Option<BTreeSet<CloudId>>,
    /// The streams that somebody chose to synchronize; `None` for all there are.
    pub chosen_streams: Option<BTreeSet<String>>,
    /// When the stored access token ends; `None` once disconnected.
    pub access_expires_at: Option<Timestamp>,
    pub connected_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Connection {
    /// Whether `site` is to be synchronized, as far as anybody has chosen.
    pub fn wants_site(&self, site: &CloudId) -> bool {
        self.chosen_sites.as_ref().is_none_or(|chosen| chosen.contains(site))
    }

    /// Whether `stream` is to be synchronized, as far as anybody has chosen.
    pub fn wants_stream(&self, stream: &str) -> bool {
        self.chosen_streams.as_ref().is_none_or(|chosen| chosen.contains(stream))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    Active,
    /// Atlassian has ended the grant: only the person can give a new one.
    NeedsReconnect,
    /// Ended here: the tokens are destroyed.
    Disconnected,
}

impl ConnectionStatus {
    pub const ALL: [Self; 3] = [Self::Active, Self::NeedsReconnect, Self::Disconnected];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Disconnected => "disconnected",
        }
    }
}

/// One Atlassian site that a connection reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    pub cloud_id: CloudId,
    /// Address for people and deep links, without a trailing slash; never a base for API calls.
    pub url: String,
    pub name: String,
    pub avatar_url: Option<String>,
    /// What the grant covers on this site, over all its products.
    pub scopes: Scopes,
}

impl Site {
    /// The products that the grant covers on this site.
    ///
    /// Taken from the scopes, not by asking: a site without Confluence answers in several ways.
    pub fn products(&self) -> Vec<Product> {
        Product::ALL.into_iter().filter(|product| self.scopes.covers(*product)).collect()
    }
}

/// A site as a connection knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSite {
    pub site: Site,
    /// Since when Atlassian lists it no more; what was read of it stays.
    pub gone_at: Option<Timestamp>,
}

/// A set of OAuth scopes (RFC 6749 section 3.3), written as words with spaces between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn extend(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }

    /// The scopes of `self` that `wanted` names too.
    #[must_use]
    pub fn narrowed_to(&self, wanted: &Self) -> Self {
        Self(self.0.intersection(&wanted.0).cloned().collect())
    }

    /// The scopes of `self` that `other` lacks.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// Whether any scope belongs to `product`.
    pub fn covers(&self, product: Product) -> bool {
        self.iter().any(|scope| Product::of_scope(scope) == Some(product))
    }
}

impl FromStr for Scopes {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.split_whitespace().map(str::to_owned).collect())
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_may_be_narrowed_never_widened() {
        let configured: Scopes = "read:jira-work read:me offline_access".parse().unwrap();
        let asked: Scopes = "read:jira-work  write:jira-work".parse().unwrap();
        assert_eq!(configured.narrowed_to(&asked).to_string(), "read:jira-work");
    }

    #[test]
    fn products_come_from_scopes() {
        let scopes: Scopes = "read:me read:page:confluence".parse().unwrap();
        assert!(scopes.covers(Product::Confluence) && !scopes.covers(Product::Jira));
    }
}
