//! Some sites refuse calls by 429, again and again, while four processes read them and others. The suite has a short
//! form; `cargo xtask storms` runs what the variable below says, and looks at the speed of the others too.

use std::time::{Duration, Instant};

use connector_store::Engine;
use connector_testkit::{Browser, Sandbox, SandboxOptions};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::workplace::{Site, free_port};

/// How long the storms last.
const SECONDS_VAR: &str = "STORMS_SECONDS";
const FEW_SECONDS: u64 = 20;
const PROCESSES: usize = 4;
/// How long one kind of refusal lasts.
const EACH: Duration = Duration::from_secs(5);
/// Milliseconds that each answer takes, so that the speed of a site is not that of the machine.
const LATENCY: u64 = 40;

/// How many sites there are, and how many of them refuse.
struct Size {
    sites: usize,
    stormy: usize,
}

/// What a site answers for a while, and how often at most. Two forms name no time.
fn refusals() -> [(Value, Option<u64>); 6] {
    let answer = |headers: Value| json!({"status": 429, "headers": headers});
    [
        (json!({"rate_limit": "burst"}), None),
        (answer(json!({"Retry-After": "2"})), None),
        (answer(json!({"Retry-After": "4", "RateLimit-Reason": "jira-quota-tenant-based"})), Some(2)),
        (json!({"rate_limit": "no_retry_after"}), Some(2)),
        (answer(json!({"Retry-After": "7", "RateLimit-Reason": "jira-burst-based"})), None),
        (json!({"rate_limit": "html"}), Some(2)),
    ]
}

fn cloud_id(number: usize) -> String {
    format!("44444444-4444-4444-8444-{number:012}")
}

/// Reads everything of one person's site again and again; answers how often it came to its end.
async fn keep_reading(browser: &Browser, stop: &CancellationToken) -> usize {
    let mut times = 0;
    while !stop.is_cancelled() {
        let run = browser.post("/api/syncs", &json!({"mode": "full"})).await.expect(202).json();
        let ended = browser.follow(run["id"].as_str().unwrap());
        if let Some(run) = stop.run_until_cancelled(ended).await {
            assert_eq!(run["status"], "succeeded", "{run}");
            times += 1;
        }
    }
    times
}

/// Everybody reads for so long, while `meanwhile` goes on; answers how often each came to an end, and the calls a second
/// of each site.
async fn phase(
    sandbox: &Sandbox,
    people: &[Browser],
    lasts: Duration,
    meanwhile: impl Future<Output = ()>,
) -> (Vec<usize>, Vec<f64>) {
    let stop = CancellationToken::new();
    sandbox.clear_stats().await;
    let began = Instant::now();
    let clock = async {
        // The time of a measurement: nothing is waited for.
        let time = tokio::time::sleep(lasts);
        tokio::select! { () = time => {}, () = meanwhile => {} }
        stop.cancel();
        sandbox.limits().await
    };
    let (ends, limits) =
        tokio::join!(join_all(people.iter().map(|person| keep_reading(person, &stop))), clock);
    let seconds = began.elapsed().as_secs_f64();
    let rate = |number| {
        limits["by_site"][cloud_id(number)]
            .as_u64()
            .map_or(0.0, |calls| f64::from(u32::try_from(calls).unwrap()) / seconds)
    };
    (ends, (1..=people.len()).map(rate).collect())
}

/// Goes through the kinds of refusal, another one at each site.
async fn storm(sandbox: &Sandbox, stormy: usize) {
    let kinds = refusals();
    for turn in 0.. {
        sandbox.clear_faults().await;
        for number in 1..=stormy {
            let path = format!("/ex/*/{}/*", cloud_id(number));
            let (action, times) = kinds[(turn + number) % kinds.len()].clone();
            match times {
                Some(times) => sandbox.fault(&path, times, action).await,
                None => sandbox.lasting_fault(&path, action).await,
            }
        }
        tokio::time::sleep(EACH).await;
        if turn % 12 == 11 {
            eprintln!("storms: {}", sandbox.limits().await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_asks_before_the_time_that_a_refusal_named_and_other_sites_go_on() {
    let long = std::env::var(SECONDS_VAR).ok().map(|text| text.parse::<u64>().expect("seconds"));
    let scale = if long.is_some() { Size { sites: 20, stormy: 8 } } else { Size { sites: 6, stormy: 3 } };
    let lasts = Duration::from_secs(long.unwrap_or(FEW_SECONDS));
    let options = SandboxOptions { sites: scale.sites, latency: LATENCY, ..SandboxOptions::default() };
    let Some(mut site) = Site::with(Engine::Postgres, options).await else { return };
    // Nothing is read but what is asked for here, and asking is not what is limited.
    site.workplace.set("CONNECTOR_SYNC_INTERVAL", "0");
    let mut processes = vec![site.serve().await];
    let mut addresses = vec![site.browser().base().to_string()];
    for _ in 1..PROCESSES {
        let port = free_port();
        processes.push(site.serve_at(port).await);
        addresses.push(format!("http://127.0.0.1:{port}"));
    }
    let mut people = Vec::new();
    for number in 1..=scale.sites {
        let browser = site.browser();
        let form = browser.consent_form(&browser.begin("/api/oauth/atlassian/login").await).await;
        let form = form
            .choose("account_id", &format!("Person {number},"))
            .choose("cloud_id", &format!("Company {number} "));
        let callback = browser.decide(&form, "accept").await;
        browser.get(callback.as_str()).await.expect(302);
        browser.latest_sync().await;
        people.push(browser.at(&addresses[number % PROCESSES]));
    }

    let (_, before) = phase(&site.sandbox, &people, lasts / 5, std::future::pending()).await;
    let (ends, during) = phase(&site.sandbox, &people, lasts, storm(&site.sandbox, scale.stormy)).await;
    let limits = site.sandbox.limits().await;
    site.sandbox.clear_faults().await;
    let sum = |rates: &[f64]| rates[scale.stormy..].iter().sum::<f64>();
    let kept = sum(&during) / sum(&before);
    println!(
        "{PROCESSES} processes, {} sites, {} of them stormy for {} s: {} refusals that named a time, {} calls before it; the \
         others made {:.1} calls a second instead of {:.1} ({:.0} %)",
        scale.sites,
        scale.stormy,
        lasts.as_secs(),
        limits["refusals"],
        limits["early"],
        sum(&during),
        sum(&before),
        kept * 100.0
    );
    assert_eq!(limits["early"], 0, "{limits}");
    let least = lasts.as_secs() / EACH.as_secs();
    assert!(limits["refusals"].as_u64().unwrap() >= least, "too few refusals to say anything: {limits}");
    assert!(ends[scale.stormy..].iter().all(|times| *times > 0), "somebody's site was held up: {ends:?}");
    if long.is_some() {
        assert!(kept >= 0.9, "the storms slow the others down: {kept}");
    }
    // Who was refused comes to the end once it is over.
    for person in &people[..scale.stormy] {
        let run = person.latest_sync().await;
        assert_eq!(run["status"], "succeeded", "{run}");
    }
    drop(processes);
}
