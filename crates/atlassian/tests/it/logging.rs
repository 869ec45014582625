use std::cell::RefCell;
use std::io;

use connector_atlassian::jira::ProjectQuery;
use connector_atlassian::pkce;
use connector_domain::{AuthorizationCode, RefreshToken, SystemEntropy};
use serde_json::json;

use crate::stub::{Reply, Stub};
use crate::{NoPause, app, client, cloud_id, token};

thread_local! {
    /// What this test's thread has logged; the runtime of a test has no other thread.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that this crate and the libraries below it log at the finest level.
#[tokio::test]
async fn the_log_names_calls_but_no_secret() {
    // For all threads: a subscriber of one thread misses what other threads have found uninteresting.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(|| Log)
        .init();

    let pair =
        || Reply::json(&json!({"access_token": "canary-new-access", "refresh_token": "canary-new-refresh"}));
    let stub = Stub::in_turn(vec![
        pair(),
        pair(),
        Reply::new(403, r#"{"error":"invalid_grant","error_description":"canary-refresh is unknown"}"#),
        Reply::new(200, r#"{"access_token":"canary-cut"#),
        Reply::new(503, "access-token-of-the-test"),
        Reply::json(&json!({"isLast": true, "values": [{"id": 1, "key": "K", "lead": ["canary-lead"]}]})),
    ])
    .await;
    let (client, _) = NoPause::install(client(&stub.url));
    let (verifier, _) = pkce::generate(&SystemEntropy);
    client
        .exchange_code(&app(), &AuthorizationCode::new("canary-code"), "https://app.example", &verifier)
        .await
        .unwrap();
    let refresh_token = RefreshToken::new("canary-refresh");
    client.refresh(&app(), &refresh_token).await.unwrap();
    client.refresh(&app(), &refresh_token).await.unwrap_err();
    client.refresh(&app(), &refresh_token).await.unwrap_err();
    client.jira(&cloud_id()).projects(&token(), &ProjectQuery::default()).await.unwrap();

    let log = String::from_utf8(LOG.take()).unwrap();
    for expected in [
        "method=POST route=\"/oauth/token\" status=200 duration_ms=",
        "method=GET route=\"/rest/api/3/project/search\" status=503",
        "asked again after a wait",
        "hyper",
    ] {
        assert!(log.contains(expected), "{expected} is not in the log:\n{log}");
    }
    for secret in ["canary", verifier.expose(), "s3cret-of-the-app", token().expose()] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
