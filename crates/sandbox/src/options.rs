//! What can be set when the sandbox is started.

use crate::switches::{AppSharing, DeadGrant, ExpiredToken, GrantReach, Siblings};

const DAY: u64 = 24 * 60 * 60;
const ACCESS_TOKEN_TTL: u64 = 3600;
const REFRESH_LEEWAY: u64 = 600;
const REFRESH_IDLE_TTL: u64 = 90 * DAY;
const REFRESH_ABSOLUTE_TTL: u64 = 365 * DAY;
const WEBHOOK_BACKOFF: u64 = 1000;

/// How much data the default site holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Dataset {
    /// 12 projects, 600 issues, 6 spaces, 300 pages.
    #[default]
    Small,
    /// 25 projects, 10,000 issues, 40 spaces, 5,000 pages.
    Medium,
    /// 50 projects, 100,000 issues, 200 spaces, 50,000 pages.
    Large,
}

/// Options of `connector sandbox`; the default is what the command line has without any option.
#[derive(Clone, Debug, clap::Args)]
pub struct SandboxOptions {
    /// Size of the default site
    #[arg(long, value_enum, default_value_t = Dataset::Small)]
    pub dataset: Dataset,
    /// Number of Jira projects instead of the data set's
    #[arg(long, value_name = "N")]
    pub projects: Option<usize>,
    /// Number of Jira issues instead of the data set's
    #[arg(long, value_name = "N")]
    pub issues: Option<usize>,
    /// Number of Confluence spaces instead of the data set's
    #[arg(long, value_name = "N")]
    pub spaces: Option<usize>,
    /// Number of Confluence pages instead of the data set's
    #[arg(long, value_name = "N")]
    pub pages: Option<usize>,
    /// Seed of the data: the same seed makes the same data
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Answer `/authorize` at once as the default person, without the consent page
    #[arg(long)]
    pub auto_consent: bool,
    /// Serve `/__sandbox/…`, the handles for tests
    #[arg(long)]
    pub control: bool,
    /// Seconds that an access token lives
    #[arg(long, value_name = "SECONDS", default_value_t = ACCESS_TOKEN_TTL)]
    pub access_token_ttl: u64,
    /// Seconds in which a refresh token may be used again after its first use
    #[arg(long, value_name = "SECONDS", default_value_t = REFRESH_LEEWAY)]
    pub refresh_leeway: u64,
    /// Seconds after which an unused refresh token expires
    #[arg(long, value_name = "SECONDS", default_value_t = REFRESH_IDLE_TTL)]
    pub refresh_idle_ttl: u64,
    /// Seconds after which a login ends however often it was refreshed
    #[arg(long, value_name = "SECONDS", default_value_t = REFRESH_ABSOLUTE_TTL)]
    pub refresh_absolute_ttl: u64,
    /// Milliseconds added to every answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,
    /// Seconds until searches know of a change
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub index_lag: u64,
    /// Requests per second and endpoint that a site allows before it answers 429
    #[arg(long, value_name = "PER_SECOND")]
    pub rate_limit: Option<u32>,
    /// Points that the app may spend in an hour before it gets 429 until the hour ends
    #[arg(long, value_name = "N")]
    pub points_per_hour: Option<u64>,
    /// Milliseconds before a failed webhook is tried again; each further try waits twice as long
    #[arg(long, value_name = "MS", default_value_t = WEBHOOK_BACKOFF)]
    pub webhook_backoff: u64,
    /// Another redirect URI of the registered app (repeatable)
    #[arg(long = "redirect-uri", value_name = "URL")]
    pub redirect_uri: Vec<String>,
    /// Accept a code without looking at its PKCE verifier, as Atlassian does for apps of its developer console
    #[arg(long)]
    pub ignore_pkce: bool,
    /// What a dead refresh token is answered with
    #[arg(long, value_enum, default_value_t = DeadGrant::Alternate)]
    pub dead_grant: DeadGrant,
    /// Whether a refresh token sent again within the leeway ends the tokens it gave before
    #[arg(long, value_enum, default_value_t = Siblings::Lenient)]
    pub siblings: Siblings,
    /// What an expired access token is answered with
    #[arg(long, value_enum, default_value_t = ExpiredToken::Unauthorized)]
    pub expired_token: ExpiredToken,
    /// Who may use the app: everybody, or Ada who made it
    #[arg(long, value_enum, default_value_t = AppSharing::Shared)]
    pub app: AppSharing,
    /// What the tokens of a consent reach: all sites of the account's grant, or the site that was chosen
    #[arg(long, value_enum, default_value_t = GrantReach::Account)]
    pub grants: GrantReach,
    /// Requests per minute that the token endpoint answers before it says 429
    #[arg(long, value_name = "PER_MINUTE")]
    pub token_limit: Option<u32>,
    /// Number of further people with accounts at the default site: person-1@example.com and so on
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub people: usize,
    /// Number of further small sites, each with a person of its own: company-1 and so on
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub sites: usize,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            dataset: Dataset::Small,
            projects: None,
            issues: None,
            spaces: None,
            pages: None,
            seed: 1,
            auto_consent: false,
            control: false,
            access_token_ttl: ACCESS_TOKEN_TTL,
            refresh_leeway: REFRESH_LEEWAY,
            refresh_idle_ttl: REFRESH_IDLE_TTL,
            refresh_absolute_ttl: REFRESH_ABSOLUTE_TTL,
            latency: 0,
            index_lag: 0,
            rate_limit: None,
            points_per_hour: None,
            webhook_backoff: WEBHOOK_BACKOFF,
            redirect_uri: Vec::new(),
            ignore_pkce: false,
            dead_grant: DeadGrant::Alternate,
            siblings: Siblings::Lenient,
            expired_token: ExpiredToken::Unauthorized,
            app: AppSharing::Shared,
            grants: GrantReach::Account,
            token_limit: None,
            people: 0,
            sites: 0,
        }
    }
}

/// How many of each thing a site holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub projects: usize,
    pub issues: usize,
    pub spaces: usize,
    pub pages: usize,
}

impl SandboxOptions {
    pub(crate) fn sizes(&self) -> Sizes {
        let (projects, issues, spaces, pages) = match self.dataset {
            Dataset::Small => (12, 600, 6, 300),
            Dataset::Medium => (25, 10_000, 40, 5_000),
            Dataset::Large => (50, 100_000, 200, 50_000),
        };
        Sizes {
            projects: self.projects.unwrap_or(projects),
            issues: self.issues.unwrap_or(issues),
            spaces: self.spaces.unwrap_or(spaces),
            pages: self.pages.unwrap_or(pages),
        }
    }
}
