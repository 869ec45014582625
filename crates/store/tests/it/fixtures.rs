//! People, connections and mirrored rows for the tests, and many tasks at once.

use std::sync::Arc;
use std::time::Duration;

use connector_domain::{
    AccountId, Actor, Audit, CloudId, ConnectionId, ConnectionSite, DataFate, Email, Scopes, SeededEntropy,
    Site, SystemEntropy, Timestamp, User, UserId,
};
use connector_store::{
    Consent, Durability, NewConnection, NewUser, PageKey, ProjectKey, RemotePage, RemoteProject, SealedPair,
    Store,
};
use connector_testkit::TestDatabase;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::sync::Barrier;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// `NOW` and some seconds.
pub(crate) fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// Runs that many tasks, which begin together, and gives what they answer.
pub(crate) async fn at_once<F>(number: usize, task: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let start = Arc::new(Barrier::new(number));
    let spawn = |i| {
        let (start, task) = (Arc::clone(&start), task(i));
        tokio::spawn(async move {
            start.wait().await;
            task.await
        })
    };
    let tasks: Vec<_> = (0..number).map(spawn).collect();
    futures::future::try_join_all(tasks).await.unwrap()
}

/// What one query answers to somebody with a database shell.
pub(crate) async fn number(db: &TestDatabase, query: &str) -> i64 {
    let query = AssertSqlSafe(query.to_owned());
    if let Some(path) = db.path() {
        let options = SqliteConnectOptions::new().filename(path);
        let mut shell = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query_scalar(query).fetch_one(&mut shell).await.unwrap()
    } else {
        let mut shell = PgConnection::connect(db.url_text()).await.unwrap();
        sqlx::query_scalar(query).fetch_one(&mut shell).await.unwrap()
    }
}

pub(crate) fn email(text: &str) -> Email {
    text.parse().unwrap()
}

pub(crate) fn new_user(address: &str) -> NewUser {
    NewUser { email: email(address), display_name: None, jira_base_url: None, confluence_base_url: None }
}

pub(crate) async fn user(store: &Store, address: &str) -> User {
    store.create_user(&new_user(address), NOW, |_| Vec::new()).await.unwrap().0
}

pub(crate) async fn owner(store: &Store) -> UserId {
    user(store, "ada@example.com").await.id
}

pub(crate) fn project(owner_id: UserId, key: &str, name: &str) -> ProjectKey {
    ProjectKey { owner_id, key: key.to_owned(), name: name.to_owned(), lead: None, url: None }
}

/// A project with all there can be.
pub(crate) fn remote_project(remote_id: &str, key: &str, name: &str) -> RemoteProject {
    RemoteProject {
        remote_id: remote_id.to_owned(),
        key: key.to_owned(),
        name: name.to_owned(),
        lead: Some("Ada".to_owned()),
        url: Some(format!("https://one.example/browse/{key}")),
        project_type: Some("software".to_owned()),
        description: Some("Analytical".to_owned()),
    }
}

pub(crate) fn page(owner_id: UserId, space_key: &str, page_id: &str, title: &str) -> PageKey {
    PageKey {
        owner_id,
        space_key: space_key.to_owned(),
        page_id: page_id.to_owned(),
        title: title.to_owned(),
        url: None,
    }
}

pub(crate) fn remote_page(page_id: &str, space_key: &str, title: &str) -> RemotePage {
    RemotePage {
        remote_id: page_id.to_owned(),
        space_id: format!("id of {space_key}"),
        space_key: space_key.to_owned(),
        title: title.to_owned(),
        url: Some(format!("https://one.example/wiki/{page_id}")),
        parent_id: Some("1".to_owned()),
        parent_type: Some("folder".to_owned()),
        status: Some("current".to_owned()),
        version: Some(3),
        modified_at: Some(NOW),
        author_id: None,
        body_version: None,
    }
}

/// Writes the projects as a sync does; says how many rows that changed.
pub(crate) async fn sync_projects(
    store: &Store,
    owner: UserId,
    site: &str,
    projects: &[RemoteProject],
    now: Timestamp,
) -> u64 {
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let written = tx.upsert_remote(owner, &CloudId::new(site), projects, now).await.unwrap();
    tx.commit().await.unwrap();
    written.changed()
}

pub(crate) async fn sync_pages(
    store: &Store,
    owner: UserId,
    site: &str,
    pages: &[RemotePage],
    now: Timestamp,
) -> u64 {
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let written = tx.upsert_remote(owner, &CloudId::new(site), pages, now).await.unwrap();
    tx.commit().await.unwrap();
    written.changed()
}

pub(crate) fn scopes(words: &str) -> Scopes {
    words.split_whitespace().collect()
}

pub(crate) fn site(cloud_id: &str, name: &str) -> Site {
    Site {
        cloud_id: CloudId::new(cloud_id),
        url: format!("https://{cloud_id}.example"),
        name: name.to_owned(),
        avatar_url: None,
        scopes: scopes("read:jira-work"),
    }
}

/// What a consent of `account` brings; the same `seed` gives the same id.
pub(crate) fn new_connection(user_id: UserId, account: &str, seed: u64) -> NewConnection {
    NewConnection {
        id: ConnectionId::generate(&SeededEntropy::new(seed), NOW),
        user_id,
        client_id: "app".to_owned(),
        account_id: Some(AccountId::new(account)),
        scopes: scopes("offline_access read:jira-work"),
        sites: vec![site("one", "One")],
        consented_at: NOW,
    }
}

pub(crate) fn pair(text: &str, access_expires_at: Timestamp) -> SealedPair {
    SealedPair {
        access_token: format!("access {text}").into_bytes(),
        refresh_token: Some(format!("refresh {text}").into_bytes()),
        access_expires_at,
        next_attempt_at: access_expires_at,
        used_at: None,
    }
}

/// A change that a person makes.
pub(crate) fn by_ada(now: Timestamp) -> Audit<'static> {
    Audit::new(&SystemEntropy, now, Actor::Person(Some(UserId(1))))
}

/// A change that the service makes by itself.
pub(crate) fn by_system(now: Timestamp) -> Audit<'static> {
    Audit::new(&SystemEntropy, now, Actor::System)
}

/// The end of a grant at Atlassian.
pub(crate) fn revoked(now: Timestamp) -> Audit<'static> {
    by_system(now).because("revoked")
}

/// A site that Atlassian lists, as a connection has it.
pub(crate) fn listed(cloud_id: &str, name: &str) -> ConnectionSite {
    ConnectionSite { site: site(cloud_id, name), gone_at: None }
}
/// How long a holder of a grant's lock may do nothing, where the test does not care.
pub(crate) const IDLE: Duration = Duration::from_mins(5);
/// The process of the tests.
pub(crate) const REPLICA: &str = "here";

/// A consent with its tokens, in one transaction.
pub(crate) async fn consent(store: &Store, new: &NewConnection, pair: SealedPair, now: Timestamp) -> Consent {
    let mut tx = store.begin_write(Durability::Full).await.unwrap();
    let new = NewConnection { consented_at: now, ..new.clone() };
    let consent = tx.record_consent(&new, &by_ada(now)).await.unwrap().expect("nothing came after it");
    tx.put_pair(&consent, pair, now).await.unwrap();
    tx.commit().await.unwrap();
    consent
}

/// A connection of Ada's with the tokens "first", good for an hour.
pub(crate) async fn connected(store: &Store) -> Consent {
    let new = new_connection(owner(store).await, "account", 1);
    consent(store, &new, pair("first", later(3600)), NOW).await
}

pub(crate) async fn disconnect(store: &Store, id: ConnectionId, now: Timestamp) {
    let mut tx = store.begin_write(Durability::Full).await.unwrap();
    let audit = by_ada(now);
    tx.disconnect(id, "disconnected here", DataFate::Kept, &audit).await.unwrap();
    tx.commit().await.unwrap();
}
