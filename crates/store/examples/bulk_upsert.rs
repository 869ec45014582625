//! How fast issues are written, beside a bare multi-row insert of sqlx into the same table on the same database.
//!
//! ```sh
//! cargo run --release -p connector-store --example bulk_upsert -- sqlite://bulk.db
//! cargo run --release -p connector-store --example bulk_upsert -- postgres://postgres@127.0.0.1/empty_database
//! ```
//!
//! The database must be empty; what is written stays in it.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops where something fails")]

use std::time::{Duration, Instant};

use connector_domain::{CloudId, Json, Timestamp, UserId};
use connector_store::{DatabaseUrl, Durability, Engine, NewUser, RemoteIssue, Store, Written};
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Sqlite};

const ISSUES: usize = 10_000;
/// What one answer of Jira's has at most, and what one transaction writes.
const PAGE: usize = 100;
const TURNS: usize = 3;
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn main() {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite:///:memory:".to_owned());
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure(&url));
}

async fn measure(url: &str) {
    let store = Store::open(&url.parse::<DatabaseUrl>().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let new = |email: String| NewUser {
        email: email.parse().unwrap(),
        display_name: None,
        jira_base_url: None,
        confluence_base_url: None,
    };
    println!(
        "{:>10} {:>10} {:>10} {:>10}  rows/s, medians of {TURNS}",
        "bare", "new", "unchanged", "changed"
    );
    let mut turns: [Vec<f64>; 4] = Default::default();
    for turn in 0..TURNS {
        let (issues, changed) = (issues("first"), issues("second"));
        let mut owners = Vec::new();
        for who in ["bare", "ours"] {
            let user = new(format!("{who}{turn}@example.com"));
            owners.push(store.create_user(&user, NOW, |_| Vec::new()).await.unwrap().0.id);
        }
        let took = match store.engine() {
            Engine::Sqlite => bare_sqlite(url, owners[0], &issues).await,
            Engine::Postgres => bare_postgres(url, owners[0], &issues).await,
        };
        turns[0].push(per_second(took));
        for (column, issues) in [(1, &issues), (2, &issues), (3, &changed)] {
            let (took, written) = ours(&store, owners[1], issues).await;
            let all = ISSUES as u64;
            let expected = [(all, 0, 0), (0, 0, all), (0, all, 0)][column - 1];
            assert_eq!((written.inserted, written.updated, written.unchanged), expected);
            turns[column].push(per_second(took));
        }
    }
    let medians = turns.map(|mut rates| {
        rates.sort_unstable_by(f64::total_cmp);
        rates[TURNS / 2]
    });
    println!("{:>10.0} {:>10.0} {:>10.0} {:>10.0}", medians[0], medians[1], medians[2], medians[3]);
    println!("new: {:.0} % of bare", 100.0 * medians[1] / medians[0]);
}

#[expect(clippy::cast_precision_loss, reason = "ten thousand is exact")]
fn per_second(took: Duration) -> f64 {
    ISSUES as f64 / took.as_secs_f64()
}

async fn ours(store: &Store, owner: UserId, issues: &[RemoteIssue]) -> (Duration, Written) {
    let (begun, site, mut written) = (Instant::now(), CloudId::new("one"), Written::default());
    for page in issues.chunks(PAGE) {
        let mut tx = store.begin_write(Durability::Normal).await.unwrap();
        written += tx.upsert_remote(owner, &site, page, NOW).await.unwrap();
        tx.commit().await.unwrap();
    }
    (begun.elapsed(), written)
}

/// The statement that both bare inserts have.
macro_rules! bare_insert {
    ($engine:ty, $tx:expr, $owner:expr, $page:expr, $json:literal) => {{
        let mut query = QueryBuilder::<$engine>::new(COLUMNS);
        query.push_values($page, |mut row, issue: &RemoteIssue| {
            row.push_bind($owner.0).push_bind("one").push_bind(&issue.remote_id);
            row.push_bind(&issue.project_id).push_bind(&issue.project_key).push_bind(&issue.key);
            row.push_bind(&issue.summary).push_bind(&issue.description).push_bind(&issue.status);
            row.push_bind(issue.labels.as_str()).push_unseparated($json);
            row.push_bind(issue.custom_fields.as_str()).push_unseparated($json);
            row.push_bind(issue.fields.as_str()).push_unseparated($json);
            row.push_bind(NOW.as_millis()).push_bind("hash");
            row.push_bind(NOW.as_millis()).push_bind(NOW.as_millis()).push_bind(NOW.as_millis());
        });
        query.build().execute(&mut *$tx).await.unwrap();
    }};
}

const COLUMNS: &str = "INSERT INTO jira_issues (owner_id, cloud_id, remote_id, project_id, project_key, key, summary, \
                       description, status, labels, custom_fields, fields, remote_updated_at, content_hash, \
                       created_at, updated_at, synced_at) ";

async fn bare_sqlite(url: &str, owner: UserId, issues: &[RemoteIssue]) -> Duration {
    let path = url.trim_start_matches("sqlite://");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Normal)
        .pragma("secure_delete", "ON");
    let pool = sqlx::Pool::<Sqlite>::connect_with(options).await.unwrap();
    let begun = Instant::now();
    for page in issues.chunks(PAGE) {
        let mut tx = pool.begin().await.unwrap();
        bare_insert!(Sqlite, tx, owner, page, "");
        tx.commit().await.unwrap();
    }
    begun.elapsed()
}

async fn bare_postgres(url: &str, owner: UserId, issues: &[RemoteIssue]) -> Duration {
    let pool = sqlx::Pool::<Postgres>::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe("SELECT 1")).execute(&pool).await.unwrap();
    let begun = Instant::now();
    for page in issues.chunks(PAGE) {
        let mut tx = pool.begin().await.unwrap();
        bare_insert!(Postgres, tx, owner, page, "::json");
        tx.commit().await.unwrap();
    }
    begun.elapsed()
}

/// Issues of about 4 KB of JSON each.
fn issues(word: &str) -> Vec<RemoteIssue> {
    let some = |text: &str| Some(text.to_owned());
    let json = |text: String| Json::parse(text).unwrap();
    let issue = |number: usize| {
        let members: Vec<_> = (0..74)
            .map(|field| {
                format!(
                    r#""customfield_{}":{{"value":"{word} {}","id":"{field}"}}"#,
                    10_000 + field,
                    number * field
                )
            })
            .collect();
        RemoteIssue {
            remote_id: (10_000 + number).to_string(),
            project_id: "10".to_owned(),
            project_key: "CORE".to_owned(),
            key: format!("CORE-{number}"),
            summary: format!("The {word} thing with the number {number} does not work as it should"),
            description: Some(format!("It is {word}. ").repeat(40)),
            issue_type: some("Bug"),
            status: some("In Progress"),
            status_category: some("indeterminate"),
            priority: some("High"),
            resolution: None,
            assignee_account_id: some("5b10ac8d82e05b22cc7d4ef5"),
            assignee_name: some("Ada Lovelace"),
            reporter_account_id: some("5b10ac8d82e05b22cc7d4ef5"),
            reporter_name: some("Ada Lovelace"),
            creator_account_id: some("5b10ac8d82e05b22cc7d4ef5"),
            creator_name: some("Ada Lovelace"),
            parent_id: None,
            parent_key: None,
            labels: json(r#"["red","blue"]"#.to_owned()),
            due_date: some("2026-03-02"),
            resolved_at: None,
            remote_created_at: Some(NOW),
            remote_updated_at: Some(NOW),
            custom_fields: json(r#"{"Story Points":5,"Team":"Engines"}"#.to_owned()),
            fields: json(format!("{{{}}}", members.join(","))),
        }
    };
    (0..ISSUES).map(issue).collect()
}
