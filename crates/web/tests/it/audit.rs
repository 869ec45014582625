//! What happened to a connection can be read, by its owner.

use connector_domain::{KeyScope, Secret};
use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp, within};
use rstest::rstest;
use serde_json::{Value, json};

async fn events(browser: &Browser, address: &str) -> (Vec<Value>, Option<String>) {
    let page = browser.get(address).await.expect(200).json();
    let next = page["next_cursor"].as_str().map(str::to_owned);
    (page["items"].as_array().unwrap().clone(), next)
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn a_person_reads_the_trail_of_the_own_connection_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let started = TestApp::start_with(engine, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
    });
    let Some(app) = started.await else { return };
    let (ada, ben) = (app.browser(), app.browser());
    ada.connect().await;
    ben.connect_as("Ben").await;
    let id = ada.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let address = format!("/api/connections/{id}/events");

    let (seen, next) = events(&ada, &address).await;
    let mut sorted = names(&seen);
    sorted.sort_unstable();
    assert_eq!((sorted, next), (vec!["connected", "site_appeared"], None));
    let connected = seen.iter().find(|event| event["event"] == "connected").unwrap();
    assert_eq!(connected["actor"]["kind"], "person");
    assert_eq!(connected["actor"]["id"], ada.get("/api/me").await.json()["user"]["id"].to_string());
    assert!(connected["details"]["scopes"].as_array().unwrap().contains(&"read:jira-work".into()));

    ben.get(&address).await.problem(404);
    ada.stranger().get(&address).await.problem(401);
    ada.get("/api/connections/nonsense/events").await.problem(404);
}

#[rstest]
#[tokio::test]
async fn the_trail_is_read_page_by_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await else { return };
    let browser = app.browser();
    browser.connect().await;
    let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        app.advance(std::time::Duration::from_secs(1)).await;
        browser.connect().await;
    }
    let mut address = format!("/api/connections/{id}/events?limit=3");
    let (first, next) = events(&browser, &address).await;
    assert_eq!(names(&first)[..2], ["reconnected", "reconnected"], "the latest first");
    address = format!("{address}&cursor={}", next.unwrap());
    let (rest, next) = events(&browser, &address).await;
    assert_eq!((first.len(), rest.len(), next), (3, 1, None));
    browser.get(&format!("/api/connections/{id}/events?limit=0")).await.problem(422);
    browser.get(&format!("/api/connections/{id}/events?cursor=x")).await.problem(422);
}

/// The lines of one kind, once there are so many: some are written by nobody who is waited for.
async fn lines(admin: &Browser, filter: &str, at_least: usize) -> Vec<Value> {
    let seen = async {
        loop {
            let (seen, _) = events(admin, &format!("/api/audit?{filter}")).await;
            if seen.len() >= at_least {
                return seen;
            }
        }
    };
    within(&format!("{at_least} lines of {filter}"), seen).await
}

#[rstest]
#[tokio::test]
async fn who_did_what_is_told_to_an_administrator(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let started = TestApp::start_with(engine, |setup| {
        setup.auth = AuthMode::Required;
        setup.runs_jobs = false;
    });
    let Some(app) = started.await else { return };
    let admin = app.server(&[KeyScope::Admin]).await;
    let reader = app.server(&[KeyScope::Read]).await;
    let ada = app.browser();
    ada.connect().await;
    let id = ada.get("/api/me").await.json()["user"]["id"].clone();
    let callback = app.browser().accept("/api/oauth/atlassian/login").await;
    app.browser().get(callback.as_str()).await.problem(400);
    reader.get("/api/audit").await.problem(403);
    ada.get("/api/audit").await.problem(403);
    app.browser().get("/api/audit").await.problem(401);
    let wrong = "jcc_live_000000000000_00000000000000000000000000000000000000";
    for _ in 0..5 {
        app.browser().with_key(&Secret::new(wrong)).get("/users").await.problem(401);
    }
    ada.get("/api/atlassian/resources").await.expect(200);
    let connection = ada.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    ada.delete(&format!("/api/connections/{connection}")).await.expect(204);
    let sid = ada.cookie("sid").unwrap();
    ada.call("POST", "/api/logout").await.expect(204);

    let logged_in = lines(&admin, "event=logged_in", 1).await;
    assert_eq!((logged_in.len(), &logged_in[0]["user_id"]), (1, &id));
    assert_eq!(logged_in[0]["details"], json!({"flow": "atlassian", "by_link": false}));
    let failed = lines(&admin, "event=login_failed", 1).await;
    assert_eq!(failed[0]["details"]["why"], "other_browser");
    let denied = lines(&admin, "event=access_denied", 2).await;
    assert!(
        denied
            .iter()
            .all(|line| line["details"]["route"] == "/api/audit" && line["details"]["needs"] == "admin")
    );
    assert_eq!(lines(&admin, "event=access_denied&actor=person", 1).await[0]["user_id"], id);
    let refused = lines(&admin, "event=api_key_refused", 1).await;
    assert_eq!(refused.len(), 1, "one line a minute, however many there are");
    assert_eq!(refused[0]["details"], json!({"key_id": null, "more": 0}));
    let used = lines(&admin, "event=api_key_used", 1).await;
    assert_eq!(used[0]["actor"]["kind"], "server");
    assert_eq!(lines(&admin, "event=tokens_read", 1).await[0]["connection_id"], connection.as_str());
    assert_eq!(lines(&admin, "event=logged_out", 1).await[0]["user_id"], id);
    assert_eq!(
        lines(&admin, &format!("event=disconnected&user_id={id}"), 1).await[0]["actor"]["id"],
        id.to_string()
    );

    // The next one, a minute later, tells how many were left out.
    app.clock.advance(std::time::Duration::from_mins(1));
    app.browser().with_key(&Secret::new(wrong)).get("/users").await.problem(401);
    let refused = lines(&admin, "event=api_key_refused", 2).await;
    assert_eq!(refused[0]["details"]["more"], 4);
    // Filters by time, and pages.
    let at = refused[0]["at"].as_str().unwrap();
    assert_eq!(lines(&admin, &format!("event=api_key_refused&since={at}"), 1).await.len(), 1);
    assert_eq!(lines(&admin, &format!("event=api_key_refused&until={at}"), 1).await.len(), 1);
    let (all, _) = events(&admin, "/api/audit?limit=1000").await;
    let (mut paged, mut address) = (0, "/api/audit?limit=3".to_owned());
    loop {
        let (part, next) = events(&admin, &address).await;
        paged += part.len();
        let Some(next) = next else { break };
        address = format!("/api/audit?limit=3&cursor={next}");
    }
    assert_eq!(paged, all.len());
    for bad in ["since=yesterday", "limit=0", "cursor=x", "user_id=x"] {
        admin.get(&format!("/api/audit?{bad}")).await.problem(422);
    }
    let whole = serde_json::to_string(&all).unwrap();
    for secret in [wrong, &sid, "ada@example.com", "eyJ"] {
        assert!(!whole.contains(secret), "{secret}");
    }
    // Kept for as long as the setting says.
    app.clock.advance(std::time::Duration::from_hours(24));
    app.connections.delete_old_audit(std::time::Duration::from_hours(23)).await.unwrap();
    assert_eq!(app.database.count("audit_events WHERE event = 'logged_in'").await, 0);
}
