//! What goes wrong once the callback is good.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Setup, TestApp, within};
use rstest::rstest;
use serde_json::{Value, json};

use super::By::{self, Person, Program};
use super::{LOGIN, client, nothing_came_of_it, sentence, start};

#[rstest]
#[case(json!({"status": 500}))]
#[case(json!({"status": 503, "headers": {"Retry-After": "5"}}))]
#[case(json!({"status": 429, "headers": {"Retry-After": "5"}}))]
#[case(json!({"garbage": true}))]
#[case(json!({"status": 200, "body": "<html>maintenance</html>"}))]
#[case(json!({"drop": "before"}))]
#[case(json!({"drop": "after"}))]
#[case(json!({"truncate": 20}))]
#[tokio::test]
async fn a_token_endpoint_out_of_order(#[case] fault: Value, #[values(Person, Program)] by: By) {
    let (app, browser) = start(Engine::Sqlite, by).await.unwrap();
    let callback = browser.accept(LOGIN).await;
    app.sandbox.fault("/oauth/token", 1, fault).await;
    let told = sentence(browser.get(callback.as_str()).await, by, 502, true);
    assert_eq!(told, "Atlassian is not available right now. Try again in a few minutes.");
    nothing_came_of_it(&app, &browser).await;
    assert_eq!(app.sandbox.exchanges().len(), 1, "a code is good for one exchange");
    browser.connect().await;
}

#[rstest]
#[tokio::test]
async fn no_token_endpoint_at_all(#[values(Person, Program)] by: By) {
    // Nobody listens on port 1.
    let nowhere = "http://127.0.0.1:1".parse().unwrap();
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.auth_url = Some(nowhere)).await.unwrap();
    let browser = client(&app, by);
    let authorize = browser.get(LOGIN).await.expect(302).location();
    let there = app.sandbox.address().join(&authorize.as_str()["http://127.0.0.1:1".len()..]).unwrap();
    let callback = browser.decide(&browser.consent_form(&there).await, "accept").await;
    let told = sentence(browser.get(callback.as_str()).await, by, 502, true);
    assert_eq!(told, "Atlassian is not available right now. Try again in a few minutes.");
}

#[rstest]
#[tokio::test]
async fn no_refresh_token(#[values(Person, Program)] by: By) {
    let scopes = "read:jira-work read:me";
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.scopes = scopes.to_owned()).await.unwrap();
    let browser = client(&app, by);
    let callback = browser.accept(LOGIN).await;
    let told = sentence(browser.get(callback.as_str()).await, by, 502, true);
    assert!(told.contains("offline_access"), "{told}");
    nothing_came_of_it(&app, &browser).await;
}

#[rstest]
#[tokio::test]
async fn a_wrong_client_secret(#[values(Person, Program)] by: By) {
    let secret = Some("not-the-secret".to_owned());
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.client_secret = secret).await.unwrap();
    let browser = client(&app, by);
    let callback = browser.accept(LOGIN).await;
    let told = sentence(browser.get(callback.as_str()).await, by, 503, true);
    assert!(told.contains("Tell the operator"), "{told}");
    assert!(!told.contains("not-the-secret"));
    nothing_came_of_it(&app, &browser).await;
}

#[rstest]
#[tokio::test]
async fn a_code_that_is_too_old(#[values(Person, Program)] by: By) {
    let (app, browser) = start(Engine::Sqlite, by).await.unwrap();
    let callback = browser.accept(LOGIN).await;
    app.sandbox.advance(61).await;
    let told = sentence(browser.get(callback.as_str()).await, by, 400, true);
    assert!(told.contains("used or is too old"), "{told}");
}

#[rstest]
#[case("/me")]
#[case("/oauth/token/accessible-resources")]
#[tokio::test]
async fn an_api_out_of_order_after_the_exchange(#[case] path: &str, #[values(Person, Program)] by: By) {
    let quickly = |setup: &mut Setup| setup.timings.retry_first = Duration::from_millis(20);
    let app = TestApp::start_with(Engine::Sqlite, quickly).await.unwrap();
    let browser = client(&app, by);
    let callback = browser.accept(LOGIN).await;
    app.sandbox.lasting_fault(path, json!({"status": 503})).await;
    let told = sentence(browser.get(callback.as_str()).await, by, 503, true);
    assert!(told.contains("is kept safe"), "{told}");
    nothing_came_of_it(&app, &browser).await;
    app.sandbox.clear_faults().await;
    let connected =
        async { while app.browser().get("/api/connections").await.json()["items"] == json!([]) {} };
    within("the connection", connected).await;
    assert_eq!(app.sandbox.exchanges().len(), 1, "by the tokens of the first consent");
    // One that passes is not noticed at all.
    app.sandbox.fault(path, 2, json!({"status": 503})).await;
    browser.connect().await;
    assert_eq!(browser.get("/api/me").await.json()["kind"], "person");
}

#[rstest]
#[tokio::test]
async fn a_verifier_that_was_moved_from_another_attempt(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let callbacks = [browser.accept(LOGIN).await, browser.accept(LOGIN).await];
    app.database
        .execute(
            "UPDATE login_attempts SET sealed_code_verifier = \
             (SELECT sealed_code_verifier FROM login_attempts ORDER BY state_hash LIMIT 1)",
        )
        .await;
    let mut opened = 0;
    for callback in callbacks {
        let answer = browser.get(callback.as_str()).await;
        if answer.header("location").is_some_and(|to| to.contains("status=success")) {
            opened += 1;
        } else {
            let told = sentence(answer, by, 400, true);
            assert!(told.contains("encryption keys"), "{told}");
        }
    }
    assert_eq!(opened, 1, "a sealed value opens in its own row only");
}
