//! What is synchronized is chosen, and what the choice needs of the consent is said.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp, parameter};
use rstest::rstest;
use serde_json::{Value, json};

const LOGIN: &str = "/api/oauth/atlassian/login";

async fn connection(browser: &Browser) -> Value {
    browser.get("/api/connections").await.expect(200).json()["items"][0].clone()
}

async fn address(browser: &Browser) -> String {
    format!("/api/connections/{}", connection(browser).await["id"].as_str().unwrap())
}

async fn choose(browser: &Browser, choice: &Value) -> Value {
    let address = address(browser).await;
    browser.call("PATCH", &address).json(choice).await.expect(200).json()
}

fn names(run: &Value) -> Vec<&str> {
    crate::column(&run["streams"], "name")
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_off_is_neither_read_nor_compared_and_on_again_it_is_read_whole(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let truth = app.sandbox.truth("acme").await;
    let issue = |at: usize| truth["issues"][at]["id"].as_str().unwrap().to_owned();
    let changed = choose(&browser, &json!({"streams": ["confluence_pages", "jira_projects"]})).await;
    assert_eq!(changed["chosen_streams"], json!(["confluence_pages", "jira_projects"]));
    let on = |body: &Value, name: &str| {
        let streams = body["streams"].as_array().unwrap();
        streams.iter().find(|stream| stream["name"] == name).unwrap()["chosen"].clone()
    };
    assert_eq!((on(&changed, "jira_projects"), on(&changed, "jira_issues")), (true.into(), false.into()));

    // One changed, one gone, while nobody looks.
    app.sandbox.edit("acme", "issues", &issue(0), &json!({"summary": "Changed unseen"})).await;
    app.browser().at(&app.sandbox.url).delete(&format!("/__sandbox/sites/acme/issues/{}", issue(1))).await;
    app.sandbox.clear_stats().await;
    for mode in ["incremental", "census", "full"] {
        let run = browser.sync(&json!({"mode": mode})).await;
        assert_eq!(
            (&run["status"], names(&run)),
            (&"succeeded".into(), vec!["jira_projects", "confluence_pages"])
        );
    }
    for route in ["/search/jql", "/issue/bulkfetch", "/users/search", "/field"] {
        assert_eq!(app.sandbox.requests(route).await, 0, "{route}");
    }
    let unseen =
        "SELECT remote_id FROM jira_issues WHERE summary = 'Changed unseen' OR deleted_at IS NOT NULL";
    assert_eq!(app.database.texts(unseen).await, [""; 0]);
    let proofs = "SELECT DISTINCT stream FROM sync_proofs ORDER BY stream";
    assert!(
        !app.database.texts(proofs).await.contains(&"jira_issues".to_owned()),
        "an old proof proves nothing"
    );
    let asked = browser.post("/api/syncs", &json!({"streams": ["jira_issues"]})).await;
    assert_eq!(asked.pointers(), ["/streams"]);

    // A row that nothing has changed since: only who reads the whole finds it missing.
    app.database.execute(&format!("DELETE FROM jira_issues WHERE remote_id = '{}'", issue(2))).await;
    // The trail is in the order of time.
    app.advance(Duration::from_secs(1)).await;
    choose(&browser, &json!({"streams": null})).await;
    let run = browser.sync_all().await;
    assert_eq!(run["status"], "succeeded");
    assert_eq!(names(&run).len(), 15);
    let found =
        format!("SELECT remote_id FROM jira_issues WHERE remote_id IN ('{}', '{}')", issue(0), issue(2));
    assert_eq!(app.database.texts(&found).await.len(), 2);
    assert_eq!(app.database.texts(unseen).await, [issue(0)]);
    browser.sync(&json!({"mode": "census"})).await;
    assert_eq!(app.database.texts(unseen).await.len(), 2, "now it is compared too");

    let trail = browser.get(&format!("{}/events", address(&browser).await)).await.json();
    let chosen: Vec<_> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["event"] == "streams_chosen")
        .collect();
    assert_eq!(chosen.len(), 2);
    assert_eq!(chosen[0]["details"], json!({"streams": null}));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_is_not_chosen_is_left_alone(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let id = connection(&browser).await["id"].as_str().unwrap().to_owned();
    let acme = connection(&browser).await["sites"][0]["cloud_id"].as_str().unwrap().to_owned();
    // A site of before, which Atlassian lists no more.
    app.database
        .execute(&format!(
            "INSERT INTO connection_sites (connection_id, cloud_id, url, name, scopes, seen_at, gone_at) \
             VALUES ('{id}', 'old', 'https://old.example', 'old', 'read:jira-work', 1, 2)"
        ))
        .await;
    let changed = choose(&browser, &json!({"sites": ["old"]})).await;
    assert_eq!((&changed["chosen_sites"], &changed["chosen_streams"]), (&json!(["old"]), &Value::Null));
    app.sandbox.clear_stats().await;
    let run = browser.sync(&json!({})).await;
    assert_eq!(run["status"], "failed");
    assert!(run["error"].as_str().unwrap().contains("none of the sites that are chosen"), "{run}");
    assert_eq!(app.sandbox.requests("/project/search").await, 0);
    let checkpoints = "SELECT DISTINCT cloud_id FROM sync_checkpoints";
    assert_eq!(app.database.texts(checkpoints).await, [""; 0]);

    // The trail is in the order of time.
    app.advance(Duration::from_secs(1)).await;
    choose(&browser, &json!({"sites": [acme]})).await;
    assert_eq!(browser.sync_all().await["status"], "succeeded");
    assert_eq!(app.database.texts(checkpoints).await, [acme]);
    let trail = browser.get(&format!("/api/connections/{id}/events")).await.json();
    assert_eq!(trail["items"][0]["details"], json!({"sites": ["11111111-1111-4111-8111-111111111111"]}));
}

#[tokio::test]
async fn what_cannot_be_chosen_is_refused_by_field() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.runs_jobs = false;
        setup.auth = AuthMode::Required;
    });
    let app = app.await.unwrap();
    let (browser, other) = (app.browser(), app.browser());
    browser.connect().await;
    other.connect_as("Ben").await;
    let address = address(&browser).await;
    let wrong = json!({"sites": ["nowhere"], "streams": ["jira_issues", "jira_dreams"]});
    let answer = browser.call("PATCH", &address).json(&wrong).await;
    assert_eq!(answer.pointers(), ["/sites/0", "/streams/1"]);
    for (choice, pointer) in [
        (json!({"sites": []}), "/sites"),
        (json!({"streams": []}), "/streams"),
        (json!({"streams": "all"}), "/streams"),
        (json!({"steams": null}), "/steams"),
    ] {
        assert_eq!(browser.call("PATCH", &address).json(&choice).await.pointers(), [pointer], "{choice}");
    }
    assert_eq!(connection(&browser).await["chosen_streams"], Value::Null, "nothing was stored");
    other.call("PATCH", &address).json(&json!({})).await.problem(404);
    browser.stranger().call("PATCH", &address).json(&json!({})).await.problem(401);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_choice_lacks_is_said_wherever_it_matters(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let started = TestApp::start_with(engine, |setup| {
        setup.scopes = format!("{} read:comment:confluence", setup.scopes);
    });
    let Some(app) = started.await else { return };
    let browser = app.browser();
    let landing =
        browser.connect_by(&format!("{LOGIN}?scope=read:jira-work%20read:jira-user")).await.location();
    assert_eq!(parameter(&landing, "lost_scopes"), None, "there was nothing before");
    browser.latest_sync().await;
    assert_eq!(
        connection(&browser).await["scope_check"]["missing"],
        json!([]),
        "Confluence was never asked for"
    );

    let streams = json!({"streams": ["jira_issues", "confluence_comments", "confluence_attachments"]});
    let check = choose(&browser, &streams).await["scope_check"].clone();
    let comments = ["read:comment:confluence", "read:page:confluence", "read:space:confluence"];
    let missing = [&["read:attachment:confluence"], &comments[..]].concat();
    assert_eq!(check["missing"], json!(missing));
    assert_eq!(check["not_configured"], json!(["read:attachment:confluence"]));
    assert_eq!(
        (&check["sites"][0]["name"], &check["sites"][0]["missing"]),
        (&"acme".into(), &json!(missing))
    );

    let run = browser.sync(&json!({})).await;
    assert_eq!(run["status"], "failed", "{run}");
    let error = run["error"].as_str().unwrap();
    for part in missing.iter().chain(&["confluence_comments", "the site acme"]) {
        assert!(error.contains(part), "{part}: {error}");
    }
    let page = browser.for_pages().get("/console").await.expect(200).text();
    assert!(
        page.contains("of acme, the consent has to cover read:attachment:confluence read:comment"),
        "{page}"
    );
    assert!(page.contains("does not ask for read:attachment:confluence yet"), "{page}");

    // The login that is named asks for what is missing, and for what was there.
    let login = check["login_url"].as_str().unwrap().to_owned();
    assert!(page.contains(login.strip_prefix(&app.url.trim_end_matches('/').to_owned()).unwrap()), "{login}");
    let asked = parameter(&browser.begin(&login).await, "scope").unwrap();
    for scope in comments.iter().chain(&["read:jira-work", "offline_access"]) {
        assert!(asked.split(' ').any(|one| one == *scope), "{scope}: {asked}");
    }
    browser.connect_by(&login).await;
    let check = connection(&browser).await["scope_check"].clone();
    assert_eq!(check["missing"], json!(["read:attachment:confluence"]));
}

#[rstest]
#[tokio::test]
async fn a_login_that_covers_less_says_so_until_another_covers_it_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await else { return };
    let browser = app.browser();
    let lost = |landing: &url::Url| parameter(landing, "lost_scopes");
    assert_eq!(lost(&browser.connect().await.location()), None);
    let narrow = format!("{LOGIN}?scope=read:jira-work%20read:jira-user");
    let gone = "read:page:confluence read:space:confluence";
    for _ in 0..2 {
        // The second one changes nothing, and says it again.
        let landing = browser.connect_by(&narrow).await.location();
        assert_eq!(lost(&landing).as_deref(), Some(gone));
        let page = browser.for_pages().get(landing.as_str()).await.expect(200).text();
        assert!(page.contains("covers less than the one before"), "{page}");
    }
    assert_eq!(connection(&browser).await["lost_scopes"], json!(gone.split(' ').collect::<Vec<_>>()));
    let page = browser.for_pages().get("/console").await.text();
    assert!(page.contains(&format!("less than the one before: not {gone}.")), "{page}");
    assert_eq!(lost(&browser.connect().await.location()), None);
    assert_eq!(connection(&browser).await["lost_scopes"], json!([]));
}
