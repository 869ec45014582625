//! Ways in which Atlassian was seen to behave differently: set by options, changed by `/__sandbox/switches`.

use serde::{Deserialize, Serialize};

use crate::options::SandboxOptions;

/// How the sandbox behaves where reports differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    pub dead_grant: DeadGrant,
    pub siblings: Siblings,
    pub expired_token: ExpiredToken,
    pub ignore_pkce: bool,
    pub app: AppSharing,
    pub grants: GrantReach,
    /// Seconds until searches know of a change.
    pub index_lag: u64,
    /// Seconds by which the `Date` header is ahead of the sandbox's clock.
    pub date_skew: i64,
    /// Requests per minute that the token endpoint answers before it says 429.
    pub token_limit: Option<u32>,
    pub people_search: PeopleSearch,
}

/// What a refresh token that is no good is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum DeadGrant {
    /// Both answers in turn.
    #[default]
    Alternate,
    /// `invalid_grant`, as documented.
    InvalidGrant,
    /// `unauthorized_client`, as often seen.
    UnauthorizedClient,
}

/// What a refresh token that is sent again within the leeway does to the answer that it gave before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Siblings {
    /// Both answers stay valid.
    #[default]
    Lenient,
    /// Only the newest answer is valid.
    Strict,
}

/// What the gateway answers to an access token that has expired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum ExpiredToken {
    /// 401.
    #[default]
    Unauthorized,
    /// For Confluence 404 on version 2 and 403 on version 1.
    Hidden,
}

/// Who may use the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum AppSharing {
    /// Everybody.
    #[default]
    Shared,
    /// Ada, who made it.
    Private,
}

/// What the tokens of a consent reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum GrantReach {
    /// All sites that the person ever chose for the app.
    #[default]
    Account,
    /// The site that was chosen with this consent.
    Site,
}

/// What the list of all people is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeopleSearch {
    /// With people.
    #[default]
    Open,
    /// 403, as to somebody without the global permission to browse users.
    Forbidden,
    /// 409, as on a site where the search takes longer than ten seconds.
    TooSlow,
}

impl Switches {
    pub fn new(options: &SandboxOptions) -> Self {
        Self {
            dead_grant: options.dead_grant,
            siblings: options.siblings,
            expired_token: options.expired_token,
            ignore_pkce: options.ignore_pkce,
            app: options.app,
            grants: options.grants,
            index_lag: options.index_lag,
            date_skew: 0,
            token_limit: options.token_limit,
            people_search: PeopleSearch::default(),
        }
    }
}
