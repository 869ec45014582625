use connector_connections::ConsentEnd;
use connector_domain::{Connection, ConnectionStatus, Product, Scopes, Site, Timestamp, User};
use connector_store::{CompletenessProof, ProofState};
use connector_sync::{ScopeCheck, scope_check_of};

use super::choice::ChoiceView;
use super::format::{self, Moment};
use super::permissions::{self, Permission};
use super::view::ConsoleData;
use crate::{App, Reconsent};

/// What is known of a connection besides itself.
#[derive(Debug, Clone)]
pub struct ConnectionFacts {
    /// When Atlassian ends the consent.
    pub end: Option<ConsentEnd>,
    pub check: ScopeCheck,
    /// The path of the login that asks for what is missing.
    pub login: Option<String>,
    /// What is missing and that login does not ask for.
    pub not_configured: Scopes,
}

impl ConnectionFacts {
    pub(crate) fn of(app: &App, connection: &Connection) -> Self {
        let check = scope_check_of(connection);
        let mut wanted = check.missing();
        wanted.extend(&connection.lost_scopes);
        let again = Reconsent::new(app.connections().settings(), connection, &wanted);
        Self {
            end: app.connections().consent_end(connection),
            login: again.as_ref().map(|again| again.path().to_owned()),
            not_configured: again.map(|again| again.not_configured).unwrap_or_default(),
            check,
        }
    }
}

/// A short text with a colour; `tone` is a class of the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Badge {
    pub tone: &'static str,
    pub text: &'static str,
}

/// One connection, ready to show.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a template asks a yes or no at a time")]
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
    /// When Atlassian ends the consent.
    pub end: Option<EndView>,
    pub permissions: Vec<Permission>,
    /// What the consent does not cover, and what follows from it.
    pub lacking: Vec<String>,
    /// The login that asks for it.
    pub login: Option<String>,
    /// What is synchronized; nothing where nothing is.
    pub choice: Option<ChoiceView>,
    pub may_sync: bool,
    pub syncing: bool,
    pub may_disconnect: bool,
    /// `None` where nothing was compared yet.
    pub completeness: Option<CompletenessView>,
    /// Ended here: the consent may still stand at Atlassian.
    pub is_disconnected: bool,
}

/// How the mirror compared with Atlassian's lists.
#[derive(Debug)]
pub(super) struct CompletenessView {
    pub text: String,
    /// The comparison that is the longest ago.
    pub checked: Moment,
}

/// When Atlassian ends the consent, ready to show.
#[derive(Debug)]
pub(super) struct EndView {
    pub at: Moment,
    pub relative: String,
    /// So soon that the person should connect again.
    pub is_near: bool,
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
    pub fn new(
        connection: &Connection,
        facts: &ConnectionFacts,
        data: &ConsoleData<'_>,
        now: Timestamp,
    ) -> Self {
        let status = connection.status;
        let open = status != ConnectionStatus::Disconnected;
        let active = status == ConnectionStatus::Active;
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
            end: facts.end.map(|end| EndView {
                at: end.expires_at.into(),
                relative: format::relative(end.expires_at, now),
                is_near: end.renew_by.is_some(),
            }),
            lacking: if active { lacking(connection, facts) } else { Vec::new() },
            login: facts.login.clone(),
            choice: active.then(|| ChoiceView::new(connection, &facts.check)),
            permissions: if open { permissions::in_plain_words(&connection.scopes) } else { Vec::new() },
            may_sync: active,
            syncing: data
                .last_sync
                .is_some_and(|run| run.connection_id == connection.id && !run.status.is_final()),
            may_disconnect: open,
            completeness: completeness(connection, data.proofs),
            is_disconnected: !open,
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

/// What the consent does not cover, a sentence each.
fn lacking(connection: &Connection, facts: &ConnectionFacts) -> Vec<String> {
    let mut said = Vec::new();
    if !connection.lost_scopes.is_empty() {
        said.push(format!(
            "The last consent covers less than the one before: not {}.",
            connection.lost_scopes
        ));
    }
    for site in &facts.check.sites {
        let missing = site.missing();
        if !missing.is_empty() {
            let name = format::plain(&site.site.name, 60);
            said.push(format!(
                "To read everything that is switched on of {name}, the consent has to cover {missing}."
            ));
        }
    }
    if !facts.not_configured.is_empty() {
        let scopes = &facts.not_configured;
        said.push(format!(
            "Connector does not ask for {scopes} yet: whoever runs it adds that to ATLASSIAN_SCOPES and to the app first."
        ));
    }
    said
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
            "Connect again to go on syncing.",
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
        view_with(connection, &samples::facts(connection))
    }

    fn view_with(connection: &Connection, facts: &ConnectionFacts) -> ConnectionView {
        ConnectionView::new(connection, facts, &samples::Owned::new().data(), samples::NOW)
    }

    #[test]
    fn an_active_connection_asks_for_nothing() {
        let view = view(&samples::connection());
        assert_eq!(view.badge.text, "Active");
        assert!(view.notice.is_none() && view.reconnect.is_none() && view.may_sync && view.may_disconnect);
        assert!(view.lacking.is_empty() && view.choice.is_some());
        assert!(
            view.end.as_ref().is_some_and(|end| !end.is_near && end.relative == "in 362 days"),
            "{:?}",
            view.end
        );
        assert_eq!(view.account, "Ada Lovelace");
        let access = view.access.unwrap();
        assert_eq!((access.relative.as_str(), access.renewed), ("in 54 minutes", "Renewed by itself."));
    }

    #[test]
    fn the_end_of_the_year_is_said_ahead() {
        let connection = samples::connection();
        let at = samples::NOW.plus(Duration::from_hours(10 * 24));
        let end = Some(ConsentEnd { expires_at: at, renew_by: Some(at) });
        let view = view_with(&connection, &ConnectionFacts { end, ..samples::facts(&connection) });
        let end = view.end.unwrap();
        assert_eq!((end.is_near, end.relative.as_str()), (true, "in 10 days"));
    }

    #[test]
    fn what_a_consent_lacks_is_said_with_its_site() {
        let mut connection = samples::connection();
        connection.lost_scopes = "read:jira-work".parse().unwrap();
        connection.scopes = connection.scopes.without(&connection.lost_scopes);
        connection.sites[0].site.scopes = connection.scopes.clone();
        let lacking = view(&connection).lacking;
        assert_eq!(lacking.len(), 2);
        assert!(lacking[0].ends_with("less than the one before: not read:jira-work."), "{lacking:?}");
        assert!(lacking[1].contains("of Acme Corp, the consent has to cover read:jira-work"), "{lacking:?}");
        connection.status = ConnectionStatus::NeedsReconnect;
        assert!(view(&connection).lacking.is_empty(), "a new consent is asked for anyway");
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
