//! Values for the tests of the console.

use std::time::Duration;

use connector_domain::{
    AccountId, CloudId, ConfluencePage, Connection, ConnectionId, ConnectionSite, ConnectionStatus,
    JiraProject, Scopes, SeededEntropy, Site, StreamProgress, SyncMode, SyncRun, SyncRunId, SyncStatus,
    Timestamp, User, UserId,
};

use connector_connections::ConsentEnd;
use connector_sync::scope_check_of;

use super::{ConnectionFacts, ConsoleData, Rows};

pub const NOW: Timestamp = Timestamp::from_millis(1_777_383_073_533);

pub fn scopes() -> Scopes {
    "read:jira-work read:jira-user read:space:confluence read:page:confluence read:me offline_access"
        .parse()
        .unwrap()
}

/// What [`ConsoleData`] borrows: a person with one connection and nothing read yet.
pub struct Owned {
    user: User,
    scopes: Scopes,
    connections: [Connection; 1],
    facts: [ConnectionFacts; 1],
}

impl Owned {
    pub fn new() -> Self {
        Self { user: user(), scopes: scopes(), connections: [connection()], facts: [facts(&connection())] }
    }

    pub fn data(&self) -> ConsoleData<'_> {
        ConsoleData {
            user: Some(&self.user),
            wanted_scopes: &self.scopes,
            connections: &self.connections,
            facts: &self.facts,
            last_sync: None,
            proofs: &[],
            projects: Rows { first: &[], total: 0 },
            spaces: 0,
            pages: Rows { first: &[], total: 0 },
        }
    }
}

pub fn user() -> User {
    User {
        id: UserId(1),
        email: "ada@example.com".parse().unwrap(),
        display_name: Some("Ada Lovelace".to_owned()),
        account_id: Some(AccountId::new("5b10ac8d82e05b22cc7d4ef5")),
        jira_base_url: None,
        confluence_base_url: None,
    }
}

pub fn connection() -> Connection {
    Connection {
        id: ConnectionId::generate(&SeededEntropy::new(1), NOW),
        user_id: UserId(1),
        client_id: "client".to_owned(),
        account_id: user().account_id,
        status: ConnectionStatus::Active,
        status_reason: None,
        scopes: scopes(),
        lost_scopes: Scopes::default(),
        sites: vec![ConnectionSite { site: site(), gone_at: None }],
        chosen_sites: None,
        chosen_streams: None,
        access_expires_at: Some(NOW.plus(Duration::from_mins(54))),
        connected_at: NOW.minus(Duration::from_hours(50)),
        updated_at: NOW,
    }
}

/// Of a connection that lacks nothing and ends in months.
pub fn facts(connection: &Connection) -> ConnectionFacts {
    let end = connection.connected_at.plus(Duration::from_hours(365 * 24));
    ConnectionFacts {
        end: Some(ConsentEnd { expires_at: end, renew_by: None }),
        check: scope_check_of(connection),
        login: Some("/api/oauth/atlassian/login?scope=read%3Ame".to_owned()),
        not_configured: Scopes::default(),
    }
}

fn site() -> Site {
    Site {
        cloud_id: CloudId::new("11111111-1111-4111-8111-111111111111"),
        url: "https://acme.atlassian.net".to_owned(),
        name: "Acme Corp".to_owned(),
        avatar_url: None,
        scopes: scopes(),
    }
}

/// A run that began 42 seconds before [`NOW`].
pub fn running() -> SyncRun {
    SyncRun {
        id: SyncRunId::generate(&SeededEntropy::new(2), NOW),
        connection_id: connection().id,
        mode: SyncMode::Incremental,
        status: SyncStatus::Running,
        created_at: NOW.minus(Duration::from_secs(43)),
        started_at: Some(NOW.minus(Duration::from_secs(42))),
        finished_at: None,
        attempt: 1,
        streams: vec![StreamProgress {
            name: "jira.projects".to_owned(),
            fetched: 12,
            ..StreamProgress::default()
        }],
        waiting: None,
        error: None,
    }
}

/// A run of 42 seconds that ended 3 minutes before [`NOW`].
pub fn succeeded() -> SyncRun {
    let finished = NOW.minus(Duration::from_mins(3));
    SyncRun {
        status: SyncStatus::Succeeded,
        started_at: Some(finished.minus(Duration::from_secs(42))),
        finished_at: Some(finished),
        ..running()
    }
}

pub fn failed() -> SyncRun {
    SyncRun {
        status: SyncStatus::Failed,
        error: Some("Atlassian did not answer. Sync again in a few minutes.".to_owned()),
        ..succeeded()
    }
}

pub fn project(key: &str, name: &str) -> JiraProject {
    JiraProject {
        id: 1,
        owner_id: UserId(1),
        key: key.to_owned(),
        name: name.to_owned(),
        lead: Some("Grace Hopper".to_owned()),
        url: Some(format!("https://acme.atlassian.net/browse/{key}")),
        cloud_id: None,
        remote_id: None,
        project_type: Some("software".to_owned()),
        description: None,
        synced_at: None,
    }
}

pub fn page(title: &str) -> ConfluencePage {
    ConfluencePage {
        id: 1,
        owner_id: UserId(1),
        space_key: "ENG".to_owned(),
        page_id: "65601".to_owned(),
        title: title.to_owned(),
        url: Some("https://acme.atlassian.net/wiki/spaces/ENG/pages/65601".to_owned()),
        cloud_id: None,
        space_id: None,
        parent_id: None,
        parent_type: None,
        status: Some("current".to_owned()),
        version: Some(3),
        modified_at: Some(NOW.minus(Duration::from_hours(30))),
        synced_at: None,
    }
}
