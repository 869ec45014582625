//! A site, a person and a server in three time zones, while clocks are put forward and back: what changes is read.

use chrono::DateTime;
use connector_store::Engine;
use connector_testkit::{Browser, SandboxOptions};
use rstest::rstest;
use serde_json::{Value, json};

use crate::workplace::Site;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;
/// 2027-03-28T00:00:00Z and 2027-10-31T00:00:00Z: within the hour after, clocks change in Europe. New York's change two
/// weeks before the first and one week after the second, Lord Howe's by half an hour on other days again.
const CHANGES: [i64; 2] = [1_806_192_000, 1_824_940_800];

/// Seconds until a moment, by the sandbox's clock.
async fn until(site: &Site, moment: i64) -> u64 {
    let control = Browser::new(&site.sandbox.url);
    let clock = control.post("/__sandbox/clock", &json!({"advance_seconds": 0})).await.expect(200).json();
    let now = DateTime::parse_from_rfc3339(clock["now"].as_str().unwrap()).unwrap();
    u64::try_from(moment - now.timestamp()).expect("the moment is to come")
}

#[rstest]
#[case::sqlite(Engine::Sqlite, "Pacific/Auckland")]
#[case::postgres(Engine::Postgres, "America/Los_Angeles")]
#[tokio::test]
async fn no_change_is_missed_when_clocks_change(#[case] engine: Engine, #[case] zone: &str) {
    let options = SandboxOptions {
        projects: Some(2),
        issues: Some(6),
        spaces: Some(1),
        pages: Some(2),
        // Months go by.
        refresh_idle_ttl: 400 * DAY,
        refresh_absolute_ttl: 800 * DAY,
        ..SandboxOptions::default()
    };
    let Some(mut site) = Site::with(engine, options).await else { return };
    site.workplace.set("TZ", zone);
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    browser.latest_sync().await;
    service.signal("TERM").await;
    service.end().await.well();

    let issue = site.sandbox.truth("acme").await["issues"][0]["id"].as_str().unwrap().to_owned();
    for change in CHANGES {
        site.sandbox.advance(until(&site, change).await).await;
        site.workplace.run(&["sync"]).await.well();
        // Through the hour that is missing, or comes twice, and the one after it.
        for step in 0..5 {
            let summary = format!("changed at {change}, step {step}");
            site.sandbox.edit("acme", "issues", &issue, &json!({"summary": summary})).await;
            let page = site.sandbox.truth("acme").await["pages"][0]["id"].as_str().unwrap().to_owned();
            site.sandbox.edit("acme", "pages", &page, &json!({"title": summary})).await;
            site.sandbox.advance(25 * MINUTE).await;
            let run = site.workplace.run(&["sync", "--json"]).await.well();
            let run: Value = serde_json::from_str(&run.stdout).unwrap();
            for stream in ["jira_issues", "confluence_pages"] {
                let streams = run["streams"].as_array().unwrap();
                let found = streams.iter().find(|told| told["name"] == stream).unwrap();
                // The one that changed, and nothing again that did not.
                assert_eq!(found["written"], 1, "{summary}: {found}");
            }
        }
    }
}
