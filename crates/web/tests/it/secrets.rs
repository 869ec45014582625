//! Where secrets may not be: in the database file, in the log, in an answer.

use std::fs;

use connector_store::Engine;
use connector_testkit::{Browser, LeakScanner, LogCapture, TestApp, parameter};
use serde_json::json;

/// Everything secret that a run has had, by name.
struct Secrets(Vec<(String, Vec<u8>)>);

impl Secrets {
    fn scanner(&self) -> LeakScanner {
        LeakScanner::new(self.0.iter().map(|(name, secret)| (name.as_str(), secret.as_slice())))
    }

    fn add(&mut self, name: &str, secret: &str) {
        self.0.push((name.to_owned(), secret.as_bytes().to_vec()));
    }

    fn add_cookies(&mut self, browser: &Browser) {
        for (name, value) in browser.cookies() {
            self.add(&format!("cookie {name}"), &value);
        }
    }

    /// What the wire has seen, as the sandbox was told and has told.
    fn add_wire(&mut self, app: &TestApp) {
        for exchange in app.sandbox.exchanges() {
            for member in ["code", "code_verifier", "refresh_token", "client_secret"] {
                if let Some(secret) = exchange.request[member].as_str() {
                    self.add(&format!("sent {member}"), secret);
                }
            }
            for member in ["access_token", "refresh_token"] {
                if let Some(secret) = exchange.answer[member].as_str() {
                    self.add(&format!("given {member}"), secret);
                }
            }
        }
        for address in app.sandbox.returns() {
            for name in ["code", "state"] {
                if let Some(secret) = parameter(&address, name) {
                    self.add(name, &secret);
                }
            }
        }
    }

    fn add_key(&mut self, app: &TestApp) {
        use base64::Engine as _;
        let (_, key) = app.setup.keys.split_once(':').unwrap();
        self.add("key", key);
        self.0.push(("key bytes".to_owned(), base64::engine::general_purpose::STANDARD.decode(key).unwrap()));
    }
}

/// Uses everything that handles secrets, well and badly.
async fn whole_run(app: &TestApp, secrets: &mut Secrets) -> Vec<u8> {
    let mut answers = Vec::new();
    let browser = app.browser();
    let tokens = json!({"email": "ben@example.com", "jira_token": "jira-token-of-ben-4711",
        "confluence_token": "confluence-token-of-ben-4712"});
    for secret in ["jira-token-of-ben-4711", "confluence-token-of-ben-4712"] {
        secrets.add("user token", secret);
    }
    answers.push(browser.post("/users", &tokens).await.expect(201));

    let denied = browser.consent_form(&browser.begin("/api/oauth/atlassian/login").await).await;
    secrets.add_cookies(&browser);
    answers.push(browser.get(browser.decide(&denied, "deny").await.as_str()).await);
    let callback = browser.accept("/auth/jira/login").await;
    secrets.add_cookies(&browser);
    answers.push(browser.stranger().get(callback.as_str()).await);
    app.sandbox.fault("/oauth/token", 1, json!({"garbage": true})).await;
    let callback = browser.accept("/api/oauth/atlassian/login").await;
    answers.push(browser.for_pages().get(callback.as_str()).await);

    browser.connect().await;
    secrets.add_cookies(&browser);
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
    app.sandbox.expire_access_tokens().await;
    for path in
        ["/api/atlassian/resources", "/api/connections", "/api/me", "/api/syncs", "/users", "/console"]
    {
        answers.push(browser.get(path).await.expect(200));
    }
    answers.push(browser.call("POST", "/api/oauth/atlassian/refresh").await.expect(200));
    let refusal = json!({"error": "invalid_grant", "error_description": app.sandbox.exchanges().last().unwrap().request});
    app.sandbox.fault("/oauth/token", 1, json!({"status": 403, "body": refusal})).await;
    answers.push(browser.call("POST", "/api/oauth/atlassian/refresh").await);
    app.advance(std::time::Duration::from_mins(2)).await;
    answers.push(browser.call("POST", "/api/oauth/atlassian/refresh").await.expect(200));

    let connection =
        browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    browser.delete(&format!("/api/connections/{connection}")).await.expect(204);
    browser.connect().await;
    secrets.add_cookies(&browser);
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
    answers.iter().flat_map(|answer| answer.bytes().to_vec()).collect()
}

#[tokio::test]
async fn no_secret_is_in_the_database_file_the_log_or_an_answer() {
    let log = LogCapture::start().await;
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let mut secrets = Secrets(Vec::new());
    let answers = whole_run(&app, &mut secrets).await;
    secrets.add_wire(&app);
    secrets.add_key(&app);
    let names: Vec<_> = secrets.0.iter().map(|(name, _)| name.as_str()).collect();
    for needed in [
        "code",
        "state",
        "sent code_verifier",
        "sent client_secret",
        "given access_token",
        "sent refresh_token",
        "given refresh_token",
        "cookie sid",
        "key bytes",
        "user token",
    ] {
        assert!(names.contains(&needed), "{needed} is not among what is looked for: {names:?}");
    }
    let scanner = secrets.scanner();

    let folder = app.database.path().unwrap().parent().unwrap();
    let mut looked_at = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        scanner.assert_clean(&path.display().to_string(), &bytes);
        looked_at.push((path.extension().unwrap().to_string_lossy().into_owned(), bytes.len()));
    }
    assert!(looked_at.iter().any(|(kind, size)| kind == "db-wal" && *size > 0), "{looked_at:?}");

    let logged = log.bytes();
    let text = String::from_utf8_lossy(&logged);
    for line in
        ["refreshed the token", "a login failed", "Atlassian answered", "sync ended", "\"level\":\"TRACE\""]
    {
        assert!(text.contains(line), "the log does not even have `{line}`");
    }
    scanner.assert_clean("the log", &logged);
    scanner.assert_clean("an answer", &answers);

    // The same eyes see a secret that is there.
    let (name, secret) = &secrets.0[0];
    tracing::trace!(planted = %String::from_utf8_lossy(secret), "a leak");
    assert_eq!(scanner.find(&log.bytes())[0], format!("{name} (JSON-escaped)"));
}
