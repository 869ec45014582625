//! The log of a whole run at its most talkative, and the files beside it, hold no secret.

use std::fs;

use connector_store::Engine;
use connector_testkit::{LeakScanner, parameter};

use crate::workplace::Site;

#[tokio::test]
async fn the_log_at_trace_and_the_files_hold_no_secret() {
    let mut site = Site::new(Engine::Sqlite).await.unwrap();
    site.workplace.set("LOG_LEVEL", "trace");
    let service = site.serve().await;
    let browser = site.browser();
    let mut secrets: Vec<(String, String)> = Vec::new();
    let callback = browser.accept("/auth/confluence/login").await;
    secrets.extend(browser.cookies());
    browser.stranger().get(callback.as_str()).await.problem(400);
    browser.connect().await;
    secrets.extend(browser.cookies());
    browser.latest_sync().await;
    site.sandbox.expire_access_tokens().await;
    browser.get("/api/atlassian/resources").await.expect(200);
    site.sandbox
        .fault("/oauth/token", 1, serde_json::json!({"status": 401, "body": {"error": "access_denied"}}))
        .await;
    browser.call("POST", "/api/oauth/atlassian/refresh").await.problem(503);
    service.line("refreshed the token").await;

    // Killed, so that the write-ahead log stays as it is.
    let log = service.text();
    service.kill().await;
    for exchange in site.sandbox.exchanges() {
        for (part, members) in [
            (&exchange.request, &["code", "code_verifier", "refresh_token", "client_secret"][..]),
            (&exchange.answer, &["access_token", "refresh_token"]),
        ] {
            let there = members
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), part[*name].as_str()?.to_owned())));
            secrets.extend(there);
        }
    }
    for address in site.sandbox.returns() {
        secrets.extend(["code", "state"].map(|name| (name.to_owned(), parameter(&address, name).unwrap())));
    }
    let key_file = site.workplace.folder().join("integration.db.key");
    let key = fs::read_to_string(&key_file).unwrap();
    secrets.push(("key".to_owned(), key.trim().split_once(':').unwrap().1.to_owned()));
    assert!(secrets.len() >= 15, "{}", secrets.len());

    let scanner = LeakScanner::new(secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_bytes())));
    assert!(log.contains("\"level\":\"DEBUG\"") && log.contains("Atlassian answered"), "{log}");
    scanner.assert_clean("the log", log.as_bytes());
    let mut looked_at = 0;
    // The spool is empty again, but for the locks of the processes that wrote there.
    let spool = site.workplace.folder().join("integration.db.spool");
    for process in fs::read_dir(&spool).unwrap() {
        let names = fs::read_dir(process.unwrap().path()).unwrap().map(|file| file.unwrap().file_name());
        assert!(names.into_iter().all(|name| name == "lock"));
    }
    for file in fs::read_dir(site.workplace.folder()).unwrap() {
        let path = file.unwrap().path();
        if path != key_file && path != spool {
            scanner.assert_clean(&path.display().to_string(), &fs::read(&path).unwrap());
            looked_at += 1;
        }
    }
    assert!(looked_at >= 3, "the database, its write-ahead log and its index");
    assert!(!scanner.find(key.as_bytes()).is_empty(), "the eyes see what is there");
}
