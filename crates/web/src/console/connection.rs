use connector_domain::{Connection, ConnectionStatus, Product, Site, Timestamp, User};
use connector_store::{CompletenessProof, ProofState};

use super::format::{self, Moment};
use super::permissions::{self, Permission};
use super::view::ConsoleData;

/// A short text with a colour; `tone` is a class of the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Badge {
    pub tone: &'static str,
    pub text: &'static str,
}

/// One connection, ready to show.
#[derive(Debug)]
pub(super) struct ConnectionView {
    pub id: String,
    pub badge: Badge,
    /// Why the status is what it is and what mends it; `None` while all is well.
    pub notice: Option<String>,
    /// The text of the link that gives a new consent, where one is needed.
    pub reconnect: Option<&'static str>,
    /// Who consented: the person's name, where it is the one signed in.
    pub account: String,
    pub account_id: Option<String>,
    pub sites: Vec<SiteView>,
    pub connected: Moment,
    /// When the access token ends, and what that means.
    pub access: Option<AccessView>,
    pub permissions: Vec<Permission>,
    pub may_sync: bool,
    pub syncing: bool,
    pub may_disconnect: bool,
    /// `None` where nothing was compared yet.
    pub completeness: Option<CompletenessView>,
}

/// How the mirror compared with Atlassian's lists.
#[derive(Debug)]
pub(super) struct CompletenessView {
    pub text: String,
    /// The comparison that is the longest ago.
    pub checked: Moment,
}

#[derive(Debug)]
pub(super) struct AccessView {
    pub label: &'static str,
    pub until: Moment,
    pub relative: String,
    pub renewed: &'static str,
}

/// One Atlassian site, ready to show.
#[derive(Debug)]
pub(super) struct SiteView {
    pub name: String,
    pub initials: String,
    pub tone: u8,
    pub picture: Option<String>,
    pub link: Option<String>,
    /// The address as people say it, without `https://`.
    pub address: String,
    pub products: Vec<&'static str>,
}

impl ConnectionView {
    pub fn new(connection: &Connection, data: &ConsoleData<'_>, now: Timestamp) -> Self {
        let status = connection.status;
        let open = status != ConnectionStatus::Disconnected;
        let owner = data.user.filter(|user| user.id == connection.user_id);
        Self {
            id: connection.id.to_string(),
            badge: badge(status),
            notice: notice(connection),
            reconnect: match status {
                ConnectionStatus::Active => None,
                ConnectionStatus::NeedsReconnect => Some("Reconnect"),
                ConnectionStatus::Disconnected => Some("Connect again"),
            },
            account: owner.map_or_else(|| "Atlassian account".to_owned(), person_name),
            account_id: connection.account_id.as_ref().map(ToString::to_string),
            sites: connection.sites.iter().map(|known| SiteView::from(&known.site)).collect(),
            connected: connection.connected_at.into(),
            access: connection
                .access_expires_at
                .filter(|_| open)
                .map(|until| AccessView::new(until, status, now)),
            permissions: if open { permissions::in_plain_words(&connection.scopes) } else { Vec::new() },
            may_sync: status == ConnectionStatus::Active,
            syncing: data
                .last_sync
                .is_some_and(|run| run.connection_id == connection.id && !run.status.is_final()),
            may_disconnect: open,
            completeness: completeness(connection, data.proofs),
        }
    }
}

impl AccessView {
    fn new(until: Timestamp, status: ConnectionStatus, now: Timestamp) -> Self {
        let renewed = match status {
            ConnectionStatus::Active if until > now => "Renewed by itself.",
            ConnectionStatus::Active => "Renewed by itself at the next sync.",
            _ => "Not renewed until you reconnect.",
        };
        let label = if until > now { "Access ends" } else { "Access ended" };
        Self { label, until: until.into(), relative: format::relative(until, now), renewed }
    }
}

impl From<&Site> for SiteView {
    fn from(site: &Site) -> Self {
        let address = site.url.split_once("://").map_or(site.url.as_str(), |(_, rest)| rest);
        let name = if site.name.trim().is_empty() { address } else { site.name.as_str() };
        Self {
            name: name.to_owned(),
            initials: format::initials(name),
            tone: format::tone(name),
            picture: site.avatar_url.as_deref().and_then(format::picture),
            link: format::web_link(&site.url),
            address: address.trim_end_matches('/').to_owned(),
            products: site.products().into_iter().map(product_name).collect(),
        }
    }
}

fn completeness(connection: &Connection, proofs: &[CompletenessProof]) -> Option<CompletenessView> {
    let theirs = || proofs.iter().filter(|proof| proof.at.connection_id == connection.id);
    let checked = theirs().map(|proof| proof.checked_at).min()?;
    let (all, equal) = (theirs().count(), theirs().filter(|proof| proof.state == ProofState::Equal).count());
    let text = if equal == all {
        format!("All {all} lists are as at Atlassian")
    } else {
        format!("{equal} of {all} lists are as at Atlassian; the next syncs look into the others")
    };
    Some(CompletenessView { text, checked: checked.into() })
}

/// What people call the person: the name, else the e-mail address.
pub(super) fn person_name(user: &User) -> String {
    match user.display_name.as_deref().map(str::trim) {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => user.email.to_string(),
    }
}

const fn product_name(product: Product) -> &'static str {
    match product {
        Product::Jira => "Jira",
        Product::Confluence => "Confluence",
    }
}

const fn badge(status: ConnectionStatus) -> Badge {
    match status {
        ConnectionStatus::Active => Badge { tone: "good", text: "Active" },
        ConnectionStatus::NeedsReconnect => Badge { tone: "warn", text: "Needs reconnect" },
        ConnectionStatus::Disconnected => Badge { tone: "idle", text: "Disconnected" },
    }
}

fn notice(connection: &Connection) -> Option<String> {
    let reason = connection.status_reason.as_deref().map(|reason| format::plain(reason, 500));
    let (default, remedy) = match connection.status {
        ConnectionStatus::Active => return reason.filter(|reason| !reason.is_empty()),
        ConnectionStatus::NeedsReconnect => (
            "Atlassian has ended this consent.",
            "Nothing is lost: what was read stays here, and syncing goes on after you reconnect.",
        ),
        ConnectionStatus::Disconnected => (
            "This connection was ended here and its tokens were destroyed.",
            "What was read stays in your database. Connect again to go on syncing.",
        ),
    };
    let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| default.to_owned());
    let stop = if reason.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    Some(format!("{reason}{stop} {remedy}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples;
    use super::*;

    fn view(connection: &Connection) -> ConnectionView {
        ConnectionView::new(connection, &samples::Owned::new().data(), samples::NOW)
    }

    #[test]
    fn an_active_connection_asks_for_nothing() {
        let view = view(&samples::connection());
        assert_eq!(view.badge.text, "Active");
        assert!(view.notice.is_none() && view.reconnect.is_none() && view.may_sync && view.may_disconnect);
        assert_eq!(view.account, "Ada Lovelace");
        let access = view.access.unwrap();
        assert_eq!((access.relative.as_str(), access.renewed), ("in 54 minutes", "Renewed by itself."));
    }

    #[test]
    fn an_expired_access_token_is_no_alarm() {
        let mut connection = samples::connection();
        connection.access_expires_at = Some(samples::NOW.minus(Duration::from_hours(2)));
        assert_eq!(view(&connection).access.unwrap().renewed, "Renewed by itself at the next sync.");
    }

    #[test]
    fn a_reason_comes_with_its_remedy() {
        let mut connection = samples::connection();
        connection.status = ConnectionStatus::NeedsReconnect;
        connection.status_reason = Some("The password was changed".to_owned());
        let view = view(&connection);
        assert!(view.notice.unwrap().starts_with("The password was changed. Nothing is lost"));
        assert_eq!((view.reconnect, view.may_sync, view.may_disconnect), (Some("Reconnect"), false, true));
    }

    #[test]
    fn a_disconnected_one_has_no_access() {
        let mut connection = samples::connection();
        connection.status = ConnectionStatus::Disconnected;
        let view = view(&connection);
        assert!(view.access.is_none() && !view.may_disconnect && view.reconnect == Some("Connect again"));
    }

    #[test]
    fn sites_are_shown_safely() {
        let mut site = samples::connection().sites.remove(0).site;
        let view = SiteView::from(&site);
        assert_eq!((view.address.as_str(), view.initials.as_str()), ("acme.atlassian.net", "AC"));
        assert_eq!(view.products, ["Jira", "Confluence"]);
        site.url = "javascript:alert(1)".to_owned();
        site.avatar_url = Some("http://plain.example/a.png".to_owned());
        site.name = String::new();
        let view = SiteView::from(&site);
        assert!(view.link.is_none() && view.picture.is_none());
        assert_eq!(view.name, "javascript:alert(1)");
    }
}
