//! Tokens: kept, shared, and given up only when they are dead.

use std::sync::atomic::{AtomicBool, Ordering};

use connector_domain::CloudId;
use connector_sandbox::DEFAULT_CLOUD_ID;
use connector_testkit::{TestApp, parameter};
use serde_json::json;
use tokio::task::JoinSet;

use super::{HOUR, MINUTE, RESOURCES, connected, connection, start};

const LOGIN: &str = "/api/oauth/atlassian/login";

/// What a program is told of a login that fails.
async fn refused_login(app: &TestApp, status: u16) -> String {
    let browser = app.browser();
    let callback = browser.accept(LOGIN).await;
    browser.get(callback.as_str()).await.detail(status)
}

#[tokio::test]
async fn trap_01_a_new_refresh_token_is_kept() {
    let (app, browser) = connected().await;
    let mut last = app.sandbox.exchanges()[0].answer["refresh_token"].clone();
    for round in 1..=4 {
        // Far behind the leeway in which the old one would still do.
        app.advance(3 * HOUR).await;
        browser.get(RESOURCES).await.expect(200);
        let exchanges = app.sandbox.exchanges();
        assert_eq!(exchanges.len(), 1 + round);
        assert_eq!(exchanges[round].request["refresh_token"], last, "round {round}");
        last = exchanges[round].answer["refresh_token"].clone();
    }
    // Another process has it from the database.
    let another = app.another(|setup| setup.runs_jobs = false).await;
    app.advance(3 * HOUR).await;
    browser.at(&another.url).get(RESOURCES).await.expect(200);
    assert_eq!(app.sandbox.exchanges()[5].request["refresh_token"], last);
    assert_eq!(app.sandbox.refreshes().await.error, 0);
}

#[tokio::test]
async fn trap_02_who_waited_for_a_refresh_looks_again() {
    let (app, browser) = connected().await;
    app.advance(2 * HOUR).await;
    let exchange = app.sandbox.hold("/oauth/token");
    let mut callers = JoinSet::new();
    for _ in 0..24 {
        let browser = browser.clone();
        callers.spawn(async move { browser.get(RESOURCES).await.status });
    }
    exchange.reached().await;
    exchange.release();
    assert!(callers.join_all().await.iter().all(|status| *status == 200));
    let refreshes = app.sandbox.refreshes().await;
    assert_eq!((refreshes.ok, refreshes.error), (1, 0));
}

#[tokio::test]
async fn trap_03_both_words_for_a_dead_grant_ask_for_a_new_consent() {
    for body in [
        json!({ "error": "unauthorized_client", "error_description": "refresh_token is invalid" }),
        json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." }),
    ] {
        let (app, browser) = connected().await;
        app.sandbox.lasting_fault("/oauth/token", json!({ "status": 403, "body": body })).await;
        // One refusal is no proof; a second one a minute later is.
        for wait in [2 * HOUR, MINUTE] {
            app.advance(wait).await;
            browser.get(RESOURCES).await;
        }
        assert_eq!(connection(&browser).await.1, "needs_reconnect", "{body}");
        let asked = app.sandbox.exchanges().len();
        app.advance(2 * HOUR).await;
        browser.get(RESOURCES).await;
        assert_eq!(app.sandbox.exchanges().len(), asked, "a dead grant is left alone");
    }
}

#[tokio::test]
async fn trap_04_a_code_is_exchanged_with_the_verifier_and_the_secret() {
    let (app, _) = connected().await;
    let sent = app.sandbox.exchanges()[0].request.clone();
    for member in ["client_secret", "code_verifier"] {
        assert!(sent[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
    }
    // As Atlassian does today: PKCE is not looked at, and does not stand in for the secret.
    let app = start(|setup| {
        setup.sandbox.ignore_pkce = true;
        setup.client_secret = Some("another secret".to_owned());
    })
    .await;
    let detail = refused_login(&app, 503).await;
    assert!(detail.contains("operator"), "{detail}");
    assert_eq!(app.sandbox.exchanges()[0].answer["error"], "access_denied");
}

#[tokio::test]
async fn trap_05_a_login_without_a_refresh_token_fails_at_once() {
    let app = start(|_| {}).await;
    let narrow = app.browser().begin(&format!("{LOGIN}?scope=read:jira-work")).await;
    let asked = parameter(&narrow, "scope").expect("scopes");
    assert!(
        asked.split(' ').any(|scope| scope == "offline_access"),
        "whoever narrows the scopes keeps it: {asked}"
    );

    let app = start(|setup| setup.scopes = "read:jira-work read:me".to_owned()).await;
    let detail = refused_login(&app, 502).await;
    assert!(detail.contains("offline_access"), "{detail}");
    let connections = app.browser().get("/api/connections").await.expect(200).json();
    assert_eq!(connections["items"], json!([]), "nothing that would die within the hour");
}

#[tokio::test]
async fn trap_07_an_expired_token_that_looks_like_404_or_403_is_renewed() {
    for status in [404, 403] {
        let (app, browser) = connected().await;
        let (id, _) = connection(&browser).await;
        let (cloud_id, first) = (CloudId::new(DEFAULT_CLOUD_ID), AtomicBool::new(true));
        app.sandbox
            .fault("*/myself", 1, json!({ "status": status, "body": { "code": status, "message": "?" } }))
            .await;
        let me = app.connections.call(id, async |token| {
            // The token ends while the call is on its way.
            if first.swap(false, Ordering::SeqCst) {
                app.clock.advance(2 * HOUR);
            }
            app.connections.atlassian().jira(&cloud_id).myself(&token).await
        });
        assert_eq!(me.await.expect("the second try").display_name.as_deref(), Some("Ada Lindqvist"));
        assert_eq!(app.sandbox.refreshes().await.ok, 1);
    }
    // A good token's 404 is believed.
    let (app, browser) = connected().await;
    let (id, _) = connection(&browser).await;
    let cloud_id = CloudId::new(DEFAULT_CLOUD_ID);
    app.sandbox.fault("*/myself", 1, json!({ "status": 404 })).await;
    let me = app
        .connections
        .call(id, async |token| app.connections.atlassian().jira(&cloud_id).myself(&token).await);
    me.await.expect_err("a 404");
    assert_eq!(app.sandbox.refreshes().await.ok, 0);
}
