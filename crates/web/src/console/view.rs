use connector_domain::{
    ConfluencePage, Connection, ConnectionStatus, JiraProject, Scopes, SyncRun, SyncStatus, Timestamp, User,
};
use connector_store::CompletenessProof;

use super::connection::{self, ConnectionFacts, ConnectionView};
use super::format;
use super::permissions::{self, Permission};
use super::rows::{PageRow, ProjectRow, Rows, TableView};
use super::sync::{self, SyncView};

/// What the console shows, as it comes from the services.
#[derive(Debug, Clone, Copy)]
pub struct ConsoleData<'a> {
    /// Who is signed in.
    pub user: Option<&'a User>,
    /// What a new consent would ask for.
    pub wanted_scopes: &'a Scopes,
    /// The person's, those in use first.
    pub connections: &'a [Connection],
    /// What is known of each of them besides, in the same order.
    pub facts: &'a [ConnectionFacts],
    /// The newest run of any of the connections.
    pub last_sync: Option<&'a SyncRun>,
    /// How the mirror of the connections compared with Atlassian's lists.
    pub proofs: &'a [CompletenessProof],
    pub projects: Rows<'a, JiraProject>,
    /// How many Confluence spaces are stored.
    pub spaces: u64,
    pub pages: Rows<'a, ConfluencePage>,
}

/// The whole page, ready to show.
#[derive(Debug)]
pub(super) struct ConsoleView {
    pub headline: String,
    /// At least one connection is active.
    pub is_connected: bool,
    /// Shown instead of everything else while nobody has connected.
    pub hero: Option<HeroView>,
    pub stats: Vec<Stat>,
    pub connections: Vec<ConnectionView>,
    pub sync: Option<SyncView>,
    /// What to do where nothing was synced yet.
    pub no_sync: &'static str,
    pub projects: TableView<ProjectRow>,
    pub pages: TableView<PageRow>,
    /// Rows may be here before any connection: an application can put them in.
    pub has_rows: bool,
}

#[derive(Debug)]
pub(super) struct HeroView {
    pub permissions: Vec<Permission>,
    pub only_read: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub label: &'static str,
    pub value: String,
    /// A sentence in the place of a number: set smaller.
    pub is_text: bool,
}

impl ConsoleView {
    pub fn new(data: &ConsoleData<'_>, now: Timestamp) -> Self {
        let active = data.connections.iter().any(|connection| connection.status == ConnectionStatus::Active);
        let may_sync = |run: &SyncRun| {
            data.connections.iter().any(|c| c.id == run.connection_id && c.status == ConnectionStatus::Active)
        };
        let empty = |things: &str, product: &str| empty_text(things, product, active, data);
        let projects = TableView::new(data.projects, empty("projects", "Jira"));
        let pages = TableView::new(data.pages, empty("pages", "Confluence"));
        Self {
            headline: headline(data.connections),
            is_connected: active,
            hero: data.connections.is_empty().then(|| HeroView {
                permissions: permissions::in_plain_words(data.wanted_scopes),
                only_read: permissions::only_read(data.wanted_scopes),
            }),
            stats: vec![
                Stat::number("Jira projects", projects.total.clone()),
                Stat::number("Confluence spaces", format::grouped(data.spaces)),
                Stat::number("Confluence pages", pages.total.clone()),
                Stat { label: "Last sync", value: last_sync_text(data.last_sync, now), is_text: true },
            ],
            connections: data
                .connections
                .iter()
                .zip(data.facts)
                .map(|(connection, facts)| ConnectionView::new(connection, facts, data, now))
                .collect(),
            sync: data.last_sync.map(|run| SyncView::new(run, may_sync(run), now)),
            no_sync: if active {
                "Nothing has been synced yet. Start with “Sync now” beside the connection."
            } else {
                "Nothing has been synced yet. Syncing starts once Atlassian is connected."
            },
            has_rows: !projects.rows.is_empty() || !pages.rows.is_empty(),
            projects,
            pages,
        }
    }
}

impl Stat {
    fn number(label: &'static str, value: String) -> Self {
        Self { label, value, is_text: false }
    }
}

fn headline(connections: &[Connection]) -> String {
    let of = |status| connections.iter().filter(move |connection| connection.status == status);
    let mut sites: Vec<_> = of(ConnectionStatus::Active)
        .flat_map(|connection| &connection.sites)
        .filter(|known| known.gone_at.is_none())
        .map(|known| &known.site)
        .collect();
    sites.sort_by(|a, b| a.cloud_id.cmp(&b.cloud_id));
    sites.dedup_by(|a, b| a.cloud_id == b.cloud_id);
    if of(ConnectionStatus::Active).next().is_some() {
        match sites.as_slice() {
            [] => "Connected, but to no site".to_owned(),
            [site] if !site.name.trim().is_empty() => {
                format!("Connected to {}", format::plain(&site.name, 60))
            }
            _ => format!("Connected to {}", format::counted(sites.len() as u64, "site", "sites")),
        }
    } else if of(ConnectionStatus::NeedsReconnect).next().is_some() {
        "Atlassian needs your consent again".to_owned()
    } else {
        "Disconnected".to_owned()
    }
}

fn last_sync_text(last: Option<&SyncRun>, now: Timestamp) -> String {
    match last {
        None => "Not yet".to_owned(),
        Some(run) => match run.finished_at {
            Some(finished) if run.status == SyncStatus::Succeeded => format::relative(finished, now),
            Some(finished) => format!("{} {}", sync::badge(run.status).text, format::relative(finished, now)),
            None => sync::badge(run.status).text.to_owned(),
        },
    }
}

/// Why a list is empty and what to do about it.
fn empty_text(things: &str, product: &str, active: bool, data: &ConsoleData<'_>) -> String {
    if !active {
        let connect = if data.connections.is_empty() { "Connect" } else { "Reconnect" };
        return format!("No {product} {things} here. {connect} Atlassian to read them.");
    }
    match data.last_sync.map(|run| run.status) {
        None => format!("No {product} {things} yet. “Sync now” reads them."),
        Some(SyncStatus::Queued | SyncStatus::Running | SyncStatus::Waiting) => {
            format!("No {product} {things} yet. They appear here when the sync is through.")
        }
        Some(SyncStatus::Failed | SyncStatus::Cancelled) => {
            format!(
                "No {product} {things} here: the last sync did not finish. What went wrong is shown above."
            )
        }
        Some(SyncStatus::Succeeded) => format!(
            "The connected account sees no {product} {things}. Check at Atlassian that the site has {product} and \
             that the account may see its {things}, then sync again."
        ),
    }
}

/// How the page addresses the person signed in.
#[derive(Debug, Clone)]
pub(super) struct PersonView {
    pub id: i64,
    pub name: String,
    pub email: String,
    pub initials: String,
    pub tone: u8,
}

impl From<&User> for PersonView {
    fn from(user: &User) -> Self {
        let name = connection::person_name(user);
        Self {
            id: user.id.0,
            initials: format::initials(&name),
            tone: format::tone(&name),
            email: user.email.to_string(),
            name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{self, Owned};
    use super::*;

    #[test]
    fn the_headline_says_the_state() {
        let mut connection = samples::connection();
        assert_eq!(headline(std::slice::from_ref(&connection)), "Connected to Acme Corp");
        assert_eq!(headline(&[connection.clone(), connection.clone()]), "Connected to Acme Corp");
        connection.status = ConnectionStatus::NeedsReconnect;
        assert_eq!(headline(std::slice::from_ref(&connection)), "Atlassian needs your consent again");
        connection.status = ConnectionStatus::Disconnected;
        assert_eq!(headline(&[connection.clone()]), "Disconnected");
        connection.status = ConnectionStatus::Active;
        connection.sites.clear();
        assert_eq!(headline(&[connection]), "Connected, but to no site");
    }

    #[test]
    fn the_hero_stands_until_the_first_connection() {
        let owned = Owned::new();
        assert!(ConsoleView::new(&owned.data(), samples::NOW).hero.is_none());
        let data = ConsoleData { connections: &[], ..owned.data() };
        assert!(ConsoleView::new(&data, samples::NOW).hero.is_some_and(|hero| hero.only_read));
    }

    #[test]
    fn empty_lists_say_what_to_do() {
        let owned = Owned::new();
        let text = |data: &ConsoleData<'_>| ConsoleView::new(data, samples::NOW).pages.empty;
        let mut data = owned.data();
        assert!(text(&data).contains("“Sync now” reads them"));
        let (running, failed, succeeded) = (samples::running(), samples::failed(), samples::succeeded());
        data.last_sync = Some(&running);
        assert!(text(&data).contains("when the sync is through"));
        data.last_sync = Some(&failed);
        assert!(text(&data).contains("shown above"));
        data.last_sync = Some(&succeeded);
        assert!(text(&data).contains("Check at Atlassian"));
        data.connections = &[];
        assert_eq!(text(&data), "No Confluence pages here. Connect Atlassian to read them.");
    }

    #[test]
    fn the_last_sync_in_two_words() {
        assert_eq!(last_sync_text(None, samples::NOW), "Not yet");
        assert_eq!(last_sync_text(Some(&samples::running()), samples::NOW), "Running");
        assert_eq!(last_sync_text(Some(&samples::succeeded()), samples::NOW), "3 minutes ago");
        assert_eq!(last_sync_text(Some(&samples::failed()), samples::NOW), "Failed 3 minutes ago");
    }

    #[test]
    fn people_without_a_name_go_by_their_address() {
        let mut user = samples::user();
        user.display_name = Some(" ".to_owned());
        assert_eq!(PersonView::from(&user).name, "ada@example.com");
    }
}
