//! Scopes: which product one belongs to and what it means in plain words.

use std::collections::BTreeSet;

/// The scopes that somebody agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(BTreeSet<String>);

/// Asks for a refresh token; it is not a scope of any product.
const OFFLINE_ACCESS: &str = "offline_access";

/// A product that a site may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    Jira,
    Confluence,
}

impl ScopeSet {
    /// Scopes as they stand in a URL: separated by spaces.
    pub fn parse(text: &str) -> Self {
        Self(text.split_whitespace().map(String::from).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    pub fn wants_refresh_token(&self) -> bool {
        self.contains(OFFLINE_ACCESS)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn of(&self, product: Product) -> Vec<&str> {
        self.iter().filter(|scope| product_of(scope) == Some(product)).collect()
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }
}

impl std::fmt::Display for ScopeSet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(formatter, "{space}{scope}")?;
        }
        Ok(())
    }
}

/// The product of a scope: `read:jira-work` and `read:page:confluence` say it themselves.
pub fn product_of(scope: &str) -> Option<Product> {
    if scope.contains("confluence") {
        Some(Product::Confluence)
    } else if scope.contains("jira") || scope.contains("servicedesk") {
        Some(Product::Jira)
    } else {
        None
    }
}

/// What a scope lets an app do, as the consent page puts it.
pub fn in_plain_words(scope: &str) -> String {
    let known = match scope {
        "read:jira-work" => "View projects, issues, comments and worklogs in Jira",
        "read:jira-user" => "View people in Jira: names, avatars, e-mail addresses",
        "write:jira-work" => "Create and edit issues in Jira",
        "manage:jira-webhook" => "Be told by Jira when something changes",
        "read:me" => "View your profile: name, e-mail address, picture",
        OFFLINE_ACCESS => "Stay connected while you are away",
        "search:confluence" => "Search in Confluence",
        "read:confluence-user" => "View people in Confluence",
        "readonly:content.attachment:confluence" => "Download attachments from Confluence",
        _ => return derived_words(scope),
    };
    String::from(known)
}

/// `read:inline.comment:confluence` → "View inline comments in Confluence".
fn derived_words(scope: &str) -> String {
    let mut parts = scope.split(':');
    let verb = match parts.next() {
        Some("read" | "readonly") => "View",
        Some("write") => "Create and edit",
        Some("delete") => "Delete",
        Some("manage" | "configure") => "Manage",
        _ => return format!("Use {scope}"),
    };
    let thing = parts.next().unwrap_or("content").replace(['.', '-', '_'], " ");
    let product = match product_of(scope) {
        Some(Product::Jira) => " in Jira",
        Some(Product::Confluence) => " in Confluence",
        None => "",
    };
    format!("{verb} {thing}s{product}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_its_product() {
        assert_eq!(product_of("read:jira-work"), Some(Product::Jira));
        assert_eq!(product_of("read:page:confluence"), Some(Product::Confluence));
        assert_eq!(product_of("offline_access"), None);
    }

    #[test]
    fn unknown_scopes_are_put_into_words() {
        assert_eq!(in_plain_words("read:page:confluence"), "View pages in Confluence");
        assert_eq!(in_plain_words("shout"), "Use shout");
    }
}
