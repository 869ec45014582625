//! A first copy through kills. The suite has a small one; `cargo xtask kills` runs what the variables below say.

use connector_domain::{Entropy as _, SeededEntropy};
use connector_store::{Engine, MirrorKind};
use connector_testkit::{Browser, Sandbox, SandboxOptions, TestDatabase, within};
use rstest::rstest;
use serde_json::{Value, json};

use crate::workplace::{KEY, Site};

/// How often the service is killed, and how many issues it copies.
const KILLS_VAR: &str = "KILLS";
const ISSUES_VAR: &str = "KILLS_ISSUES";
const FEW_KILLS: u64 = 6;
const FEW_ISSUES: u64 = 1500;
/// For so many issues there is one page.
const ISSUES_A_PAGE: u64 = 20;
/// A kill comes within so many calls after the service has begun to ask.
const WITHIN_CALLS: u64 = 9;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// One project and one space: of each stream one list is read at a time.
fn sandbox(issues: u64) -> SandboxOptions {
    let count = |number: u64| Some(usize::try_from(number).unwrap());
    SandboxOptions {
        projects: count(1),
        issues: count(issues),
        spaces: count(1),
        pages: count(issues / ISSUES_A_PAGE),
        ..SandboxOptions::default()
    }
}

/// Calls that each bring a page of a stream, or a part of one: how they end, and how many make a page.
const PAGES: [(&str, u64); 4] =
    [("/search/jql", 1), ("/issue/bulkfetch", 2), ("/changelog/bulkfetch", 2), ("/api/v2/pages", 1)];

async fn calls(sandbox: &Sandbox) -> [u64; 4] {
    let mut counts = [0; 4];
    for (count, (route, _)) in counts.iter_mut().zip(PAGES) {
        *count = sandbox.requests(route).await;
    }
    counts
}

/// All that was mirrored: which rows there are, and what is in them.
async fn mirrored(database: &TestDatabase) -> Vec<String> {
    let mut rows = Vec::new();
    for kind in MirrorKind::ALL {
        let table = kind.as_str();
        let id = if kind == MirrorKind::ConfluencePages { "page_id" } else { "remote_id" };
        let alive = "CASE WHEN deleted_at IS NULL THEN '' ELSE ' gone' END";
        let query = format!("SELECT '{table} ' || {id} || ' ' || content_hash || {alive} FROM {table}");
        rows.extend(database.texts(&query).await);
    }
    let bodies = "SELECT 'body ' || content_id || ' ' || CAST(version AS text) FROM content_bodies";
    rows.extend(database.texts(bodies).await);
    rows.sort_unstable();
    rows
}

async fn latest_status(browser: &Browser) -> String {
    let runs = browser.get("/api/syncs?limit=1").await.expect(200).json();
    runs["items"][0]["status"].as_str().unwrap().to_owned()
}

fn counts<'r>(run: &'r Value, what: &str) -> Vec<(&'r Value, u64)> {
    let streams = run["streams"].as_array().unwrap();
    streams.iter().map(|stream| (&stream["name"], stream[what].as_u64().unwrap())).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_copy_survives_kills_and_reads_one_page_of_a_stream_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let (kills, issues) = (number(KILLS_VAR).unwrap_or(FEW_KILLS), number(ISSUES_VAR).unwrap_or(FEW_ISSUES));
    let Some(database) = TestDatabase::empty(engine).await else { return };
    let mut site = Site::with(Engine::Sqlite, sandbox(issues)).await.unwrap();
    site.workplace.set("INTEGRATION_DB_URL", database.url_text());
    site.workplace.set("CONNECTOR_ENCRYPTION_KEYS", KEY);
    site.workplace.set("CONNECTOR_SYNC_INTERVAL", "0");
    let dice = SeededEntropy::new(kills);
    let mut service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    let mut killed = 0;
    while killed < kills {
        let mut byte = [0];
        dice.fill(&mut byte);
        let until = site.sandbox.requests("").await + 2 + u64::from(byte[0]) % WITHIN_CALLS;
        // Where it is through before, it is not killed.
        within("the next calls", async {
            while site.sandbox.requests("").await < until && latest_status(&browser).await != "succeeded" {}
        })
        .await;
        if latest_status(&browser).await == "succeeded" {
            break;
        }
        service.kill().await;
        killed += 1;
        if engine == Engine::Postgres {
            // Its lease runs out by itself, after half a minute.
            database.execute("UPDATE jobs SET lease_until = 0 WHERE lease_until IS NOT NULL").await;
        }
        service = site.serve().await;
    }
    let run = browser.latest_sync().await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert!(killed > kills / 2, "it was through after {killed} kills");
    let asked = calls(&site.sandbox).await;
    let before = mirrored(&database).await;

    // Who reads everything again finds nothing to write, and nothing that is missing.
    site.sandbox.clear_stats().await;
    let again = browser.sync(&json!({"mode": "full"})).await;
    assert_eq!(again["status"], "succeeded", "{again}");
    for what in ["written", "deleted"] {
        assert!(counts(&again, what).iter().all(|(_, count)| *count == 0), "{what}: {again}");
    }
    assert!(mirrored(&database).await == before, "a full run has changed what is mirrored");
    let unequal = "SELECT stream || ' ' || scope || ' ' || state FROM sync_proofs WHERE state <> 'equal'";
    assert_eq!(database.texts(unequal).await, [""; 0]);
    assert_eq!(database.count("jira_issues").await, i64::try_from(issues).unwrap());

    let needed = needed(issues);
    let mut most = 0;
    for (((route, page), asked), needed) in PAGES.into_iter().zip(asked).zip(needed) {
        let refetched = asked.saturating_sub(needed).div_ceil(page);
        most = most.max(refetched);
        assert!(refetched <= killed, "{route}: {refetched} pages again after {killed} kills");
        println!("{engine:?}: {route}: {asked} calls, {needed} needed, {refetched} pages again");
    }
    let rows = before.len();
    println!(
        "{engine:?}: {killed} kills, {issues} issues, {rows} rows, at most {most} pages of a stream again"
    );
    drop(service);
}

/// How many of [`PAGES`] a copy needs that nobody interrupts. Issues and pages are listed once more, to compare them.
fn needed(issues: u64) -> [u64; 4] {
    let (fetches, pages) = (issues.div_ceil(100), issues / ISSUES_A_PAGE);
    [issues.div_ceil(5000) * 2, fetches, fetches, pages.div_ceil(50) + pages.div_ceil(250)]
}
