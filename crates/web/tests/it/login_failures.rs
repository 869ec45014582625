//! Logins that fail. Each failure has its own sentence: a browser takes it to the frontend, a program reads a problem.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Answer, Browser, TestApp, parameter};
use rstest::rstest;
use serde_json::{Value, json};

const LOGIN: &str = "/api/oauth/atlassian/login?state=mine";
const CALLBACK: &str = "/api/oauth/callback/atlassian";

/// Who opens the callback.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Browser,
    Program,
}
use By::{Browser as Person, Program};

async fn start(engine: Engine, by: By) -> Option<(TestApp, Browser)> {
    let app = TestApp::start(engine).await?;
    let browser = client(&app, by);
    Some((app, browser))
}

fn client(app: &TestApp, by: By) -> Browser {
    if by == Person { app.browser().for_pages() } else { app.browser() }
}

/// The sentence that a failed login ends with. `known`: whether the login is, so that the caller's state comes back.
fn sentence(answer: Answer, by: By, status: u16, known: bool) -> String {
    if by == Program {
        return answer.detail(status);
    }
    let landing = answer.expect(302).location();
    assert_eq!(landing.path(), "/connected");
    assert_eq!(parameter(&landing, "provider").as_deref(), Some("atlassian"));
    assert_eq!(parameter(&landing, "status").as_deref(), Some("error"));
    assert_eq!(parameter(&landing, "state").as_deref(), known.then_some("mine"));
    parameter(&landing, "message").unwrap()
}

/// Nothing was connected, nobody is signed in, and no code was given for tokens more often than said.
async fn nothing_came_of_it(app: &TestApp, browser: &Browser) {
    assert_eq!(app.browser().get("/api/connections").await.json()["items"], json!([]));
    assert_eq!(browser.cookie("sid"), None);
}

#[rstest]
#[tokio::test]
async fn denial(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let form = browser.consent_form(&browser.begin(LOGIN).await).await;
    let callback = browser.decide(&form, "deny").await;
    let told = sentence(browser.get(callback.as_str()).await, by, 403, true);
    assert_eq!(told, "You did not give the app access to your Atlassian account. Nothing was connected.");
    nothing_came_of_it(&app, &browser).await;
    let again = sentence(browser.get(callback.as_str()).await, by, 400, true);
    assert!(again.contains("finished already"), "{again}");
}

#[rstest]
#[case("code=c", 400, false, "without the `state`")]
#[case("code=c&state=wrong", 400, false, "not known here")]
#[case("error=access_denied", 400, false, "without the `state`")]
#[case("state={state}", 400, true, "without an authorization code")]
#[case("code=c&state={state}", 400, true, "does not accept the authorization code")]
#[case("code=c&state={state}&iss=https://evil.example", 400, true, "does not come from Atlassian")]
#[case("error=temporarily_unavailable&state={state}", 400, true, "(temporarily_unavailable)")]
#[case("error=%3Cb%3Emade-up&state={state}", 400, true, "(unknown error)")]
#[tokio::test]
async fn a_callback_that_is_not_as_it_should_be(
    #[case] query: &str,
    #[case] status: u16,
    #[case] known: bool,
    #[case] says: &str,
    #[values(Person, Program)] by: By,
) {
    let (app, browser) = start(Engine::Sqlite, by).await.unwrap();
    let state = parameter(&browser.begin(LOGIN).await, "state").unwrap();
    let answer = browser.get(&format!("{CALLBACK}?{}", query.replace("{state}", &state))).await;
    let told = sentence(answer, by, status, known);
    assert!(told.contains(says), "{told}");
    nothing_came_of_it(&app, &browser).await;
}

#[rstest]
#[tokio::test]
async fn a_callback_that_is_shown_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let before = browser.copy();
    // The cookie of the login is copied after it was set.
    let callback = browser.accept(LOGIN).await;
    let with_cookie = browser.copy();
    browser.get(callback.as_str()).await.expect(302);
    for replayed_in in [&browser, &with_cookie, &before] {
        let told = sentence(replayed_in.get(callback.as_str()).await, by, 400, true);
        assert!(told.contains("finished already"), "{told}");
    }
    assert_eq!(app.sandbox.code_exchanges().await.ok, 1);
    assert_eq!(browser.get("/api/me").await.json()["kind"], "person", "the session is not touched");
}

#[rstest]
#[tokio::test]
async fn an_attempt_that_is_too_old(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let (late, in_time) = (browser.accept(LOGIN).await, browser.accept(LOGIN).await);
    app.clock.advance(Duration::from_secs(599));
    browser.get(in_time.as_str()).await.expect(302);
    app.clock.advance(Duration::from_secs(1));
    let told = sentence(browser.get(late.as_str()).await, by, 400, true);
    assert!(told.contains("more than 10 minutes"), "{told}");
    assert_eq!(app.sandbox.code_exchanges().await.ok, 1);
}

#[rstest]
#[tokio::test]
async fn another_browser_than_the_one_it_began_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let callback = browser.accept(LOGIN).await;
    let other = browser.stranger();
    // A login of its own does not help.
    other.begin(LOGIN).await;
    let told = sentence(other.get(callback.as_str()).await, by, 400, true);
    assert!(told.contains("started in another browser"), "{told}");
    nothing_came_of_it(&app, &other).await;
    assert_eq!(app.sandbox.code_exchanges().await.ok, 0, "the code was not sent");
    // Whoever has seen the address has used the attempt up, not taken it over.
    let told = sentence(browser.get(callback.as_str()).await, by, 400, true);
    assert!(told.contains("finished already"), "{told}");
}

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
    let (app, browser) = start(Engine::Sqlite, by).await.unwrap();
    let callback = browser.accept(LOGIN).await;
    app.sandbox.lasting_fault(path, json!({"status": 503})).await;
    let told = sentence(browser.get(callback.as_str()).await, by, 502, true);
    assert_eq!(told, "Atlassian is not available right now. Try again in a few minutes.");
    nothing_came_of_it(&app, &browser).await;
    app.sandbox.clear_faults().await;
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
