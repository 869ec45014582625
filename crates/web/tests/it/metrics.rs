use connector_store::Engine;
use connector_testkit::TestApp;
use rstest::rstest;
use serde_json::json;

/// The value of a line that begins with `name`, and has all of these labels.
fn value(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let is_it = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
            && labels.iter().all(|label| line.contains(label))
    };
    text.lines().find(is_it)?.rsplit_once(' ')?.1.parse().ok()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn figures_tell_of_everything_and_of_nobody(#[case] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let me = browser.get("/api/me").await.expect(200).text();
    let census = browser.sync(&json!({"mode": "census"})).await;
    assert_eq!(census["status"], "succeeded", "{census}");
    let answer = browser.get("/metrics").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();

    // As the database has it.
    assert_eq!(value(&text, "connector_connections", &["status=\"active\""]), Some(1.0), "{text}");
    assert_eq!(value(&text, "connector_connections", &["status=\"needs_reconnect\""]), Some(0.0));
    let ended = ["mode=\"census\"", "status=\"succeeded\""];
    assert_eq!(value(&text, "connector_sync_runs", &ended), Some(1.0));
    assert_eq!(value(&text, "connector_jobs", &["state=\"queued\""]), Some(0.0));
    assert_eq!(value(&text, "connector_jobs_oldest_due_seconds", &[]), Some(0.0));
    let equal = ["stream=\"jira_issues\"", "state=\"equal\""];
    assert_eq!(value(&text, "connector_completeness_lists", &equal), Some(12.0));
    assert_eq!(value(&text, "connector_completeness_difference", &["jira_issues"]), Some(0.0));
    assert_eq!(value(&text, "connector_scheduler_pauses", &["scope=\"app\""]), Some(0.0));
    // As this process has counted it, together with the other tests of this program.
    let me_route = ["method=\"GET\"", "route=\"/api/me\"", "status=\"200\""];
    assert!(value(&text, "connector_http_requests_total", &me_route) >= Some(1.0), "{text}");
    let buckets = ["route=\"/api/me\"", "le=\"+Inf\""];
    assert!(value(&text, "connector_http_request_duration_seconds_bucket", &buckets) >= Some(1.0), "{text}");
    let granted = ["grant_type=\"authorization_code\"", "outcome=\"granted\""];
    assert!(value(&text, "connector_token_exchanges_total", &granted) >= Some(1.0), "{text}");
    let written = ["stream=\"jira_issues\"", "what=\"written\""];
    assert!(value(&text, "connector_sync_rows_total", &written) >= Some(12.0), "{text}");
    assert!(value(&text, "connector_sync_runs_ended_total", &["mode=\"census\""]) >= Some(1.0), "{text}");

    // Nothing that names somebody.
    let connection = census["connection_id"].as_str().unwrap();
    let ids = app.database.texts("SELECT cloud_id FROM connection_sites").await;
    let names = app.database.texts("SELECT email FROM users").await;
    for secret in ids.iter().chain(&names).map(String::as_str).chain([connection]) {
        assert!(!text.contains(secret), "{secret} is in the metrics of {me}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_waits_shows(#[case] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let quota = json!({"status": 429, "headers": {"Retry-After": "600", "RateLimit-Reason": "jira-quota-tenant-based"}});
    app.sandbox.fault("*/search/jql", 1, quota).await;
    let run = browser.post("/api/syncs", &json!({})).await.expect(202).json();
    let mut events = browser.events(run["id"].as_str().unwrap()).await;
    events.wait_for("a wait", |run| run["status"] == "waiting").await;
    let text = browser.get("/metrics").await.expect(200).text();
    // The run says that it waits a moment before its job is put off.
    let jobs =
        ["running", "delayed"].map(|state| value(&text, "connector_jobs", &[state]).unwrap_or_default());
    assert!((jobs[0] + jobs[1] - 1.0).abs() < f64::EPSILON, "{text}");
    let waiting = ["mode=\"incremental\"", "status=\"waiting\""];
    assert_eq!(value(&text, "connector_sync_runs", &waiting), Some(1.0));
    let pause = value(&text, "connector_scheduler_pause_seconds", &["scope=\"site\""]);
    assert!(pause > Some(500.0), "{text}");
}
