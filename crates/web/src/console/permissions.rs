use connector_domain::{Product, Scopes};

/// One thing that a grant lets Connector do, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Permission {
    pub title: &'static str,
    pub text: String,
}

/// What `scopes` let Connector do. A scope that has no words here is named as it is: nobody should consent to
/// something that this page kept quiet about.
pub(super) fn in_plain_words(scopes: &Scopes) -> Vec<Permission> {
    let mut permissions = Vec::new();
    for (product, title) in [(Product::Jira, "Jira"), (Product::Confluence, "Confluence")] {
        let things = things_of(product, scopes);
        if !things.is_empty() {
            permissions.push(Permission { title, text: sentence(&things) });
        }
    }
    if scopes.contains("read:me") || scopes.contains("read:account") {
        let text = "Your name, e-mail address and picture, to know who connected.".to_owned();
        permissions.push(Permission { title: "You", text });
    }
    if scopes.contains("offline_access") {
        let text = "Reading goes on while you are away, until you end it.".to_owned();
        permissions.push(Permission { title: "Staying connected", text });
    }
    let other: Vec<&str> =
        scopes.iter().filter(|scope| words(scope).is_none() && !is_about_account(scope)).collect();
    if !other.is_empty() {
        permissions.push(Permission { title: "Also asked for", text: other.join(", ") });
    }
    permissions
}

/// Whether nothing at Atlassian can be changed with `scopes`.
pub(super) fn only_read(scopes: &Scopes) -> bool {
    scopes.iter().all(|scope| {
        scope == "offline_access"
            || ["read:", "readonly:", "search:"].iter().any(|verb| scope.starts_with(verb))
    })
}

/// The things of one product, in a fixed order and each once.
fn things_of(product: Product, scopes: &Scopes) -> Vec<&'static str> {
    let mut things: Vec<(u8, &str)> = scopes
        .iter()
        .filter(|scope| Product::of_scope(scope) == Some(product))
        .filter_map(words)
        .flatten()
        .copied()
        .collect();
    things.sort_unstable();
    things.dedup();
    things.into_iter().map(|(_, thing)| thing).collect()
}

fn sentence(things: &[&str]) -> String {
    let list = match things {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    let mut chars = list.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).chain(['.']).collect()).unwrap_or_default()
}

fn is_about_account(scope: &str) -> bool {
    matches!(scope, "read:me" | "read:account" | "offline_access")
}

/// What a scope of Jira or Confluence reads, each with its place in the sentence.
fn words(scope: &str) -> Option<&'static [(u8, &'static str)]> {
    Some(match scope {
        "read:jira-work" => &[(0, "projects"), (1, "issues")],
        "read:project:jira" => &[(0, "projects")],
        "read:issue:jira" | "read:issue-details:jira" => &[(1, "issues")],
        "read:confluence-space.summary" | "read:space:confluence" => &[(2, "spaces")],
        "read:page:confluence"
        | "read:content:confluence"
        | "read:content-details:confluence"
        | "read:confluence-content.all"
        | "read:confluence-content.summary"
        | "search:confluence" => &[(3, "pages")],
        "read:blogpost:confluence" => &[(4, "blog posts")],
        "read:comment:confluence" => &[(5, "comments")],
        "read:attachment:confluence" | "readonly:content.attachment:confluence" => &[(6, "attachments")],
        "read:label:confluence" => &[(7, "labels")],
        "read:jira-user" | "read:user:jira" | "read:confluence-user" | "read:user:confluence" => {
            &[(9, "the names of people in them")]
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        text.parse().unwrap()
    }

    fn texts(text: &str) -> Vec<(&'static str, String)> {
        in_plain_words(&scopes(text)).into_iter().map(|p| (p.title, p.text)).collect()
    }

    #[test]
    fn the_usual_scopes() {
        let usual =
            "read:jira-work read:jira-user read:space:confluence read:page:confluence read:me offline_access";
        let said = texts(usual);
        assert_eq!(said[0], ("Jira", "Projects, issues and the names of people in them.".to_owned()));
        assert_eq!(said[1], ("Confluence", "Spaces and pages.".to_owned()));
        assert_eq!(
            said.iter().map(|(title, _)| *title).skip(2).collect::<Vec<_>>(),
            ["You", "Staying connected"]
        );
        assert!(only_read(&scopes(usual)));
    }

    #[test]
    fn nothing_is_kept_quiet() {
        assert_eq!(texts("write:jira-work"), [("Also asked for", "write:jira-work".to_owned())]);
        assert!(!only_read(&scopes("read:jira-work write:jira-work")));
        assert!(!only_read(&scopes("manage:jira-project")));
    }
}
