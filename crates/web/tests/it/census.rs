//! What is gone at Atlassian is gone here after a census, and nothing is because a list was not whole.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, SandboxOptions, TestApp, within};
use rstest::rstest;
use serde_json::{Value, json};

use crate::column;

const SEARCH: &str = "*/search/jql";
const PAGES: &str = "*/pages";
const PROJECTS: &str = "*/project/search";
const SPACES: &str = "*/spaces";

async fn census(app: &TestApp, browser: &Browser) -> Value {
    let run = browser.post("/api/syncs", &json!({"mode": "census"})).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    let mut last = run;
    while let Some(run) = events.next().await {
        if run["status"] == "waiting" {
            app.advance(Duration::from_mins(20)).await;
        }
        last = run;
    }
    last
}

async fn start(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| {
        setup.sandbox = SandboxOptions {
            projects: Some(2),
            issues: Some(120),
            spaces: Some(2),
            pages: Some(60),
            ..SandboxOptions::default()
        };
    })
    .await?;
    let browser = app.connected().await;
    Some((app, browser))
}

async fn tombstones(app: &TestApp) -> Vec<String> {
    let of = |table: &str, id: &str| {
        format!(
            "SELECT '{table} ' || {id} || ' ' || deleted_reason FROM {table} WHERE deleted_at IS NOT NULL"
        )
    };
    let query = [
        ("jira_projects", "remote_id"),
        ("jira_issues", "remote_id"),
        ("confluence_spaces", "remote_id"),
        ("confluence_pages", "page_id"),
    ]
    .map(|(table, id)| of(table, id))
    .join(" UNION ALL ");
    let mut found = app.database.texts(&query).await;
    found.sort_unstable();
    found
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_removed_by_a_list_that_is_not_whole(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let empty_search = json!({"status": 200, "body": {"issues": [], "isLast": true}});
    let empty_list = json!({"status": 200, "body": {"results": [], "_links": {}}});
    let no_projects = json!({"status": 200, "body": {"startAt": 0, "maxResults": 50, "total": 0, "isLast": true, "values": []}});
    let refused = json!({"status": 403, "body": {"errorMessages": ["You do not have permission."]}});
    let faults = [
        json!({"status": 500}),
        json!({"status": 429, "headers": {"Retry-After": "60"}}),
        json!({"truncate": 40}),
        json!({"garbage": true}),
        json!({"drop": "after"}),
        refused,
    ];
    let mut incomplete = 0;
    let truth = app.sandbox.truth("acme").await;
    let first = json!({"id": truth["issues"][0]["id"]});
    // A page that lacks most of what it should have, and one that leads back to itself.
    let short = json!({"status": 200, "body": {"issues": [first], "isLast": true}});
    let circle =
        json!({"status": 200, "body": {"issues": [first], "isLast": false, "nextPageToken": "again"}});
    for fault in [short, circle] {
        app.sandbox.fault(SEARCH, 40, fault.clone()).await;
        census(&app, &browser).await;
        app.sandbox.clear_faults().await;
        incomplete += 1;
        assert_eq!(tombstones(&app).await, [""; 0], "{fault}");
    }
    // The first pages are there, and then one is not.
    for path in [SEARCH, PAGES] {
        for (pages, fault) in (1..=3).zip(&faults) {
            app.sandbox.fault(path, pages, json!({"page_size": 5})).await;
            app.sandbox.fault(path, 12, fault.clone()).await;
            census(&app, &browser).await;
            app.sandbox.clear_faults().await;
            incomplete += 1;
            assert_eq!(tombstones(&app).await, [""; 0], "{path} behind page {pages}: {fault}");
        }
    }
    let project = truth["projects"][0]["id"].as_str().unwrap();
    let space = truth["spaces"][0]["id"].as_str().unwrap();
    for (kind, id) in [("projects", project), ("spaces", space)] {
        app.sandbox.edit("acme", kind, id, &json!({"hidden_from": ["ada@example.com"]})).await;
        census(&app, &browser).await;
        app.sandbox.edit("acme", kind, id, &json!({"hidden_from": []})).await;
        incomplete += 1;
        assert_eq!(tombstones(&app).await, [""; 0], "{kind}");
    }
    for path in [SEARCH, PAGES, PROJECTS, SPACES] {
        let empty = match path {
            SEARCH => &empty_search,
            PROJECTS => &no_projects,
            _ => &empty_list,
        };
        for fault in faults.iter().chain([empty]) {
            // A list that fails at its beginning, and one that fails for as long as the client tries.
            let at_its_beginning = fault["status"] != 429 && fault["drop"].is_null();
            for times in if at_its_beginning { vec![1, 12] } else { vec![12] } {
                app.sandbox.fault(path, times, fault.clone()).await;
                census(&app, &browser).await;
                app.sandbox.clear_faults().await;
                incomplete += 1;
                assert_eq!(tombstones(&app).await, [""; 0], "{path} {times} times {fault}");
            }
        }
    }
    assert!(incomplete >= 50, "{incomplete}");
}

#[rstest]
#[tokio::test]
async fn what_is_deleted_archived_or_in_the_trash_is_told_apart(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let truth = app.sandbox.truth("acme").await;
    let id = |kind: &str, at: usize| truth[kind][at]["id"].as_str().unwrap().to_owned();
    let control = Browser::new(&app.sandbox.url);
    let sites = "/__sandbox/sites/acme";
    control.delete(&format!("{sites}/issues/{}", id("issues", 3))).await;
    control.delete(&format!("{sites}/pages/{}", id("pages", 3))).await;
    control.delete(&format!("{sites}/pages/{}?purge=true", id("pages", 4))).await;
    app.sandbox.edit("acme", "pages", &id("pages", 5), &json!({"status": "archived"})).await;

    let run = census(&app, &browser).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let mut expected = vec![
        format!("jira_issues {} deleted", id("issues", 3)),
        format!("confluence_pages {} trashed", id("pages", 3)),
        format!("confluence_pages {} deleted", id("pages", 4)),
        format!("confluence_pages {} archived", id("pages", 5)),
    ];
    expected.sort_unstable();
    assert_eq!(tombstones(&app).await, expected);
    let unequal = "SELECT stream || ' ' || scope || ' ' || state FROM sync_proofs WHERE state <> 'equal'";
    assert_eq!(app.database.texts(unequal).await, [""; 0]);

    app.sandbox.edit("acme", "pages", &id("pages", 5), &json!({"status": "current"})).await;
    census(&app, &browser).await;
    assert_eq!(tombstones(&app).await.len(), 3, "what comes back lives again");
}

#[rstest]
#[tokio::test]
async fn much_at_once_is_removed_when_a_later_census_finds_the_same(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let truth = app.sandbox.truth("acme").await;
    let control = Browser::new(&app.sandbox.url);
    let issues = truth["issues"].as_array().unwrap();
    for issue in issues.iter().take(100) {
        control.delete(&format!("/__sandbox/sites/acme/issues/{}", issue["id"].as_str().unwrap())).await;
    }
    let run = census(&app, &browser).await;
    assert_eq!(tombstones(&app).await.len(), 0);
    assert!(run["streams"].to_string().contains("missing at once"), "{run}");
    app.advance(Duration::from_mins(61)).await;
    census(&app, &browser).await;
    assert_eq!(tombstones(&app).await.len(), 100);
}

#[rstest]
#[tokio::test]
async fn an_issue_that_was_hidden_when_its_parent_went_is_read_once_it_is_seen(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let truth = app.sandbox.truth("acme").await;
    let projects = truth["projects"].as_array().unwrap();
    let first_of = |project: &Value| {
        let prefix = format!("{}-", project["key"].as_str().unwrap());
        let of_project = |issue: &&Value| issue["key"].as_str().unwrap().starts_with(&prefix);
        truth["issues"].as_array().unwrap().iter().find(of_project).unwrap()["id"].as_str().unwrap()
    };
    let (parent, child) = (first_of(&projects[0]), first_of(&projects[1]));
    app.sandbox.edit("acme", "issues", child, &json!({"parent": parent})).await;
    app.advance(Duration::from_mins(10)).await;
    browser.sync_all().await;
    let stored = format!("SELECT COALESCE(parent_id, 'none') FROM jira_issues WHERE remote_id = '{child}'");
    assert_eq!(app.database.texts(&stored).await, [parent]);
    // So that it is not one of those that have changed since the census before.
    census(&app, &browser).await;
    app.advance(Duration::from_mins(10)).await;

    let hide = async |from: Value| {
        let project = projects[1]["id"].as_str().unwrap();
        app.sandbox.edit("acme", "projects", project, &json!({"hidden_from": from})).await;
    };
    hide(json!(["ada@example.com"])).await;
    let control = Browser::new(&app.sandbox.url);
    control.delete(&format!("/__sandbox/sites/acme/issues/{parent}")).await;
    census(&app, &browser).await;
    assert!(tombstones(&app).await.contains(&format!("jira_issues {parent} deleted")));
    hide(json!([])).await;
    census(&app, &browser).await;
    assert_eq!(app.database.texts(&stored).await, ["none"]);
}

#[rstest]
#[tokio::test]
async fn a_census_that_has_to_wait_reads_what_changes_meanwhile(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let truth = app.sandbox.truth("acme").await;
    let id = truth["issues"][0]["id"].as_str().unwrap();
    let summary = format!("SELECT summary FROM jira_issues WHERE remote_id = '{id}'");
    let quota = json!({
        "status": 429,
        "headers": {"Retry-After": "3600", "RateLimit-Reason": "confluence-quota-tenant-based"},
    });
    app.sandbox.lasting_fault(PAGES, quota).await;
    let run = browser.post("/api/syncs", &json!({"mode": "census"})).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    let mut waits = async |attempt: u64| {
        events.wait_for("a wait", |run| run["status"] == "waiting" && run["attempt"] == attempt).await;
    };
    waits(1).await;
    for attempt in [2, 3] {
        let changed = format!("changed while a census waits, {attempt}");
        app.sandbox.edit("acme", "issues", id, &json!({"summary": changed})).await;
        app.advance(Duration::from_hours(1)).await;
        waits(attempt).await;
        assert_eq!(app.database.texts(&summary).await, [changed]);
    }
    app.sandbox.clear_faults().await;
    app.advance(Duration::from_hours(1)).await;
    let last = events.all().await.pop().unwrap();
    assert_eq!(last["status"], "succeeded", "{last}");
}

#[rstest]
#[tokio::test]
async fn connections_are_synced_by_themselves(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((app, browser)) = start(engine).await else { return };
    let first = browser.latest_sync().await;
    assert_eq!(app.request_due().await, 0, "it was synced when it was connected");
    app.advance(Duration::from_secs(331)).await;
    assert_eq!(app.request_due().await, 1);
    let second = browser.latest_sync().await;
    assert_ne!(second["id"], first["id"]);
    assert_eq!((&second["mode"], &second["status"]), (&json!("incremental"), &json!("succeeded")));
    assert_eq!(app.request_due().await, 0);
    app.advance(Duration::from_hours(27)).await;
    assert_eq!(app.request_due().await, 1);
    assert_eq!(browser.latest_sync().await["mode"], "census");
}

#[rstest]
#[tokio::test]
async fn what_the_second_look_may_not_see_is_not_called_deleted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start_with(engine, |setup| {
        setup.sandbox.projects = Some(1);
        setup.sandbox.issues = Some(20);
    })
    .await
    else {
        return;
    };
    let browser = app.connected().await;
    let truth = app.sandbox.truth("acme").await;
    let ids = column(&truth["issues"], "id");
    let listed: Vec<_> = ids.iter().skip(1).map(|id| json!({ "id": id })).collect();
    app.sandbox.fault(SEARCH, 1, json!({"status": 200, "body": {"issues": listed, "isLast": true}})).await;
    let refused = json!({"status": 403, "body": {"errorMessages": ["You do not have permission."]}});
    app.sandbox.fault(&format!("*/issue/{}", ids[0]), 1, refused).await;
    let run = census(&app, &browser).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(tombstones(&app).await, [format!("jira_issues {} access_lost", ids[0])]);
    census(&app, &browser).await;
    assert_eq!(tombstones(&app).await, [""; 0], "it is listed again");
}

#[rstest]
#[tokio::test]
async fn a_whole_list_that_has_lost_something_is_not_believed_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let living = async |table: &str| {
        let query = format!("SELECT remote_id FROM {table} WHERE deleted_at IS NULL ORDER BY remote_id");
        app.database.texts(&query).await
    };
    // Comments behind the twentieth have a list of their own.
    let truth = app.sandbox.truth("acme").await;
    let ids = column(&truth["issues"], "id");
    for number in 0..21 {
        let comment = json!({"body": number.to_string()});
        app.sandbox.create("acme", &format!("issues/{}/comments", ids[0]), &comment).await;
    }
    app.advance(Duration::from_mins(10)).await;
    browser.sync_all().await;
    let before = (living("jira_comments").await, living("confluence_labels").await);
    assert!(before.0.len() > 20 && !before.1.is_empty());

    let none = json!({"status": 200, "body": {"comments": [], "startAt": 0, "maxResults": 100, "total": 0}});
    app.sandbox.fault(&format!("*/issue/{}/comment", ids[0]), 1, none).await;
    // Each list of labels is empty, and the second look at one of them is not.
    let labelled = "SELECT container_id FROM confluence_labels WHERE deleted_at IS NULL \
                    AND container_id IN (SELECT page_id FROM confluence_pages)";
    let page = &app.database.texts(labelled).await[0];
    let no_labels = json!({"status": 200, "body": {"results": [], "_links": {}}});
    app.sandbox.fault(&format!("*/pages/{page}/labels"), 1, no_labels).await;
    let run = browser.sync(&json!({"mode": "full"})).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!((living("jira_comments").await, living("confluence_labels").await), before);
}

#[rstest]
#[tokio::test]
async fn a_record_that_can_never_be_read_fails_no_census(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    let projects = app.sandbox.truth("acme").await["projects"].clone();
    let (good, bad) = (&projects[0], &projects[1]["id"]);
    let values = json!([
        {"id": good["id"], "key": good["key"], "name": good["name"], "projectTypeKey": "software"},
        {"id": bad, "name": "without a key"},
    ]);
    let body = json!({"startAt": 0, "maxResults": 50, "total": 2, "isLast": true, "values": values});
    app.sandbox.lasting_fault(PROJECTS, json!({"status": 200, "body": body})).await;
    let proof = "SELECT state || ' ' || remote_count || ' ' || COALESCE(detail, '') FROM sync_proofs \
                 WHERE stream = 'jira_projects'";
    for _ in 0..2 {
        let run = census(&app, &browser).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let projects = &run["streams"][0];
        assert!(projects["notice"].as_str().is_some_and(|notice| notice.contains("set aside")), "{run}");
        assert_eq!(tombstones(&app).await, [""; 0]);
        let id = bad.as_str().unwrap();
        let expected = format!("different 2 cannot be read and set aside: 1, such as {id}");
        assert_eq!(app.database.texts(proof).await, [expected]);
        app.advance(Duration::from_mins(61)).await;
    }
    app.sandbox.clear_faults().await;
    // The list is read behind the comparison: what could be read now is compared by the next one.
    for _ in 0..2 {
        census(&app, &browser).await;
    }
    assert_eq!(app.database.texts(proof).await, ["equal 2 "]);
    assert_eq!(app.database.texts("SELECT remote_id FROM sync_bad_records").await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn a_census_that_is_killed_goes_on_behind_what_it_has_compared(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((app, browser)) = start(engine).await else { return };
    app.sandbox.clear_stats().await;
    // Those of the first run.
    app.database.execute("DELETE FROM sync_proofs").await;
    let held = app.sandbox.hold("/api/v2/pages");
    let run = browser.post("/api/syncs", &json!({"mode": "census"})).await.expect(202).json();
    let events = browser.events(run["id"].as_str().unwrap()).await;
    held.reached().await;
    // The projects are compared beside the space that is held up.
    let proofs = "SELECT scope FROM sync_proofs WHERE stream = 'jira_issues'";
    let projects = app.database.texts("SELECT remote_id FROM jira_projects").await.len();
    within("all projects", async { while app.database.texts(proofs).await.len() < projects {} }).await;
    app.kill_jobs().await;
    let listed = app.sandbox.requests("/search/jql").await;
    held.release();
    app.run_jobs();
    app.advance(Duration::from_secs(31)).await;
    let last = events.all().await.pop().unwrap();
    assert_eq!((&last["status"], &last["attempt"]), (&json!("succeeded"), &json!(2)), "{last}");
    assert!(listed >= projects as u64);
    assert_eq!(app.sandbox.requests("/search/jql").await, listed, "no project is listed again");
    let unequal = "SELECT stream || ' ' || scope || ' ' || state FROM sync_proofs WHERE state <> 'equal'";
    assert_eq!(app.database.texts(unequal).await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn a_list_goes_on_behind_a_wait_and_begins_anew_where_its_place_is_lost(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values((SEARCH, "/search/jql", "jira"), (PAGES, "/api/v2/pages", "confluence"))] list: (
        &str,
        &str,
        &str,
    ),
) {
    const READ_BEFORE: u64 = 3;
    let (path, route, product) = list;
    let Some((app, browser)) = start(engine).await else { return };
    let asked = async |refusals: &[Value]| {
        let before = app.sandbox.requests(route).await;
        if !refusals.is_empty() {
            app.sandbox.fault(path, READ_BEFORE, json!({"page_size": 5})).await;
        }
        for refusal in refusals {
            app.sandbox.fault(path, 1, refusal.clone()).await;
        }
        app.sandbox.lasting_fault(path, json!({"page_size": 5})).await;
        let run = census(&app, &browser).await;
        app.sandbox.clear_faults().await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let unequal = "SELECT stream || ' ' || scope || ' ' || state FROM sync_proofs WHERE state <> 'equal'";
        assert_eq!(app.database.texts(unequal).await, [""; 0]);
        assert_eq!(tombstones(&app).await, [""; 0]);
        app.sandbox.requests(route).await - before
    };
    let undisturbed = asked(&[]).await;
    assert!(undisturbed > 10, "{undisturbed} pages");
    let reason = format!("{product}-quota-tenant-based");
    let quota = json!({"status": 429, "headers": {"Retry-After": "600", "RateLimit-Reason": reason}});
    // What was refused is asked for again, and so may be what was under way beside it.
    let interrupted = asked(std::slice::from_ref(&quota)).await;
    assert!((undisturbed + 1..=undisturbed + 2).contains(&interrupted), "{interrupted} of {undisturbed}");
    let expired =
        json!({"status": 400, "body": {"errorMessages": ["The next page token is invalid or has expired."]}});
    let lost = asked(&[quota, expired]).await;
    // The list, of which so many pages were read at most, is read anew.
    assert!((interrupted + 1..=interrupted + 2 + READ_BEFORE).contains(&lost), "{lost} of {interrupted}");
}
