//! Logins that succeed, and what they leave behind.

use connector_domain::Clock as _;
use connector_store::Engine;
use connector_testkit::{TestApp, parameter};
use rstest::rstest;
use serde_json::Value;

const LOGIN: &str = "/api/oauth/atlassian/login";

#[rstest]
#[tokio::test]
async fn the_caller_s_state_is_handed_back_and_is_not_the_one_that_protects_the_login(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let login = format!("{LOGIN}?state=the%20app%27s%20%26%20own");
    let authorize = browser.begin(&login).await;
    let state = parameter(&authorize, "state").unwrap();
    assert!(state.len() >= 43 && !state.contains("own"), "256 random bits: {state}");

    let forged = browser.get("/api/oauth/callback/atlassian?code=x&state=the%20app%27s%20%26%20own").await;
    assert!(forged.detail(400).contains("not known here"));

    let landing = browser.connect_by(&login).await.location();
    assert_eq!(parameter(&landing, "state").as_deref(), Some("the app's & own"));
    assert_eq!(parameter(&landing, "status").as_deref(), Some("success"));
}

#[tokio::test]
async fn a_pkce_challenge_goes_to_atlassian_and_then_the_verifier_with_the_secret() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    let form = browser.consent_form(&browser.begin(LOGIN).await).await;
    assert_eq!(form.asked("code_challenge_method"), Some("S256"));
    assert_eq!(form.asked("code_challenge").unwrap().len(), 43);
    let callback = browser.decide(&form, "accept").await;
    browser.get(callback.as_str()).await.expect(302);

    // The sandbox has compared the verifier with the challenge.
    let exchanges = app.sandbox.exchanges();
    let [exchange] = exchanges.as_slice() else { panic!("{exchanges:?}") };
    assert_eq!(exchange.status, 200);
    assert_eq!(exchange.request["client_secret"], "sandbox-secret");
    assert!((43..=128).contains(&exchange.request["code_verifier"].as_str().unwrap().len()));
    assert_eq!(exchange.request["redirect_uri"], format!("{}/api/oauth/callback/atlassian", app.url));
}

#[tokio::test]
async fn without_a_secret_the_verifier_goes_alone() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.client_secret = None).await.unwrap();
    let browser = app.browser();
    let callback = browser.accept(LOGIN).await;
    browser.get(callback.as_str()).await.problem(503);
    let exchange = &app.sandbox.exchanges()[0];
    assert!(exchange.request.get("client_secret").is_none() && exchange.request["code_verifier"].is_string());
}

#[rstest]
#[case("read:jira-work", "offline_access read:jira-work read:me")]
#[case("read:jira-work write:jira-work manage:jira-project", "offline_access read:jira-work read:me")]
#[case("offline_access read:page:confluence", "offline_access read:me read:page:confluence")]
#[tokio::test]
async fn scopes_are_narrowed_never_widened(#[case] asked: &str, #[case] expected: &str) {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let authorize = app.browser().begin(&format!("{LOGIN}?scope={}", asked.replace(' ', "%20"))).await;
    assert_eq!(parameter(&authorize, "scope").unwrap(), expected);
}

#[tokio::test]
async fn scopes_of_which_nothing_is_left_begin_no_login() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for scope in ["write:jira-work", "offline_access", "nonsense", ""] {
        let answer = app.browser().get(&format!("{LOGIN}?scope={scope}")).await;
        assert!(answer.detail(400).contains("read:jira-work"), "says what there is");
        let page = app.browser().for_pages().get(&format!("{LOGIN}?scope={scope}&state=s")).await;
        let landing = page.expect(302).location();
        assert_eq!(parameter(&landing, "status").as_deref(), Some("error"));
        assert_eq!(parameter(&landing, "state").as_deref(), Some("s"));
    }
    assert_eq!(
        app.browser().get(&format!("{LOGIN}?state={}", "x".repeat(2049))).await.pointers(),
        ["/query/state"]
    );
}

#[rstest]
#[tokio::test]
async fn several_tabs_log_in_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let mut callbacks = Vec::new();
    for tab in ["one", "two", "three"] {
        callbacks.push((tab, browser.accept(&format!("{LOGIN}?state={tab}")).await));
    }
    callbacks.rotate_left(1);
    for (tab, callback) in callbacks {
        let landing = browser.get(callback.as_str()).await.expect(302).location();
        assert_eq!(parameter(&landing, "status").as_deref(), Some("success"), "{tab}");
        assert_eq!(parameter(&landing, "state").as_deref(), Some(tab));
    }
    let left: Vec<_> = browser.cookies().into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["sid"], "the cookies of the logins have served");
    assert_eq!(browser.get("/api/connections").await.json()["items"].as_array().unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn each_login_renews_the_session_and_the_old_one_is_dead(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    browser.set_cookie("sid", "chosen-by-somebody-else-000000000000000000000");
    browser.connect().await;
    let first = browser.copy();
    let first_id = first.cookie("sid").unwrap();
    assert!(first_id.len() == 43 && !first_id.starts_with("chosen"), "{first_id}");
    assert_eq!(first.get("/api/me").await.json()["kind"], "person");

    browser.connect().await;
    assert_ne!(browser.cookie("sid").unwrap(), first_id);
    assert_eq!(browser.get("/api/me").await.json()["user"]["email"], "ada@example.com");
    let old = first.get("/api/me").await.expect(200).json();
    assert_eq!((&old["kind"], &old["user"]), (&"anonymous".into(), &Value::Null));
    first.get("/api/atlassian/resources").await.problem(401);
}

#[tokio::test]
async fn cookies_are_out_of_reach_for_scripts_and_other_sites() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    let begun = browser.get(LOGIN).await;
    let done = browser.connect().await;
    for cookie in begun.headers("set-cookie").into_iter().chain(done.headers("set-cookie")) {
        for needed in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="] {
            assert!(cookie.contains(needed), "{needed} in {cookie}");
        }
        assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(begun.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn over_https_cookies_carry_the_host_prefix() {
    let public = "https://connector.example".parse().unwrap();
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.public_url = Some(public)).await.unwrap();
    let browser = app.browser();
    let done = browser.connect().await;
    let cookies = done.headers("set-cookie");
    assert!(
        cookies.iter().all(|cookie| cookie.starts_with("__Host-") && cookie.contains("; Secure")),
        "{cookies:?}"
    );
    assert_eq!(browser.get("/api/me").await.json()["kind"], "person");
    let unprefixed = browser.stranger();
    unprefixed.set_cookie("sid", &browser.cookie("__Host-sid").unwrap());
    assert_eq!(unprefixed.get("/api/me").await.json()["kind"], "anonymous");
}

#[rstest]
#[tokio::test]
async fn a_session_ends_when_it_is_logged_out_or_long_unused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    browser.connect().await;
    let copy = browser.copy();
    browser.call("POST", "/api/logout").await.expect(204);
    assert_eq!(browser.cookie("sid"), None);
    assert_eq!(copy.get("/api/me").await.json()["kind"], "anonymous", "ended here, not only forgotten there");

    browser.connect().await;
    let day = std::time::Duration::from_hours(24);
    app.clock.advance(13 * day);
    assert_eq!(browser.get("/api/me").await.json()["kind"], "person");
    app.clock.advance(13 * day);
    assert_eq!(browser.get("/api/me").await.json()["kind"], "person", "it was used meanwhile");
    app.clock.advance(15 * day);
    assert_eq!(browser.get("/api/me").await.json()["kind"], "anonymous");
}

#[rstest]
#[case("https://app.example/done?tab=1", "https://app.example/done?tab=1&provider=atlassian&status=success")]
#[case("https://app.example", "https://app.example/?provider=atlassian&status=success")]
#[case("/connected?from=login", "/connected?from=login&provider=atlassian&status=success")]
#[tokio::test]
async fn the_frontend_s_own_query_is_kept(#[case] frontend: &str, #[case] expected: &str) {
    let frontend = frontend.to_owned();
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.frontend_url = frontend).await.unwrap();
    assert_eq!(app.browser().connect().await.header("location"), Some(expected));
}

#[tokio::test]
async fn the_login_begins_at_the_host_to_which_atlassian_returns() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let by_name = app.browser().at(&app.url.replace("127.0.0.1", "localhost"));
    let led = by_name.get(&format!("{LOGIN}?state=s")).await.expect(302);
    assert_eq!(led.header("location"), Some(format!("{}{LOGIN}?state=s", app.url).as_str()));
    assert_eq!(led.header("set-cookie"), None, "a cookie of the other name would not come back");
}

#[tokio::test]
async fn a_demo_returns_to_the_name_at_which_the_browser_began() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.any_loopback_host = true).await.unwrap();
    let by_name = app.browser().at(&app.url.replace("127.0.0.1", "localhost"));
    let callback = by_name.accept(LOGIN).await;
    assert_eq!(callback.host_str(), Some("localhost"));
    by_name.get(callback.as_str()).await.expect(302);
    assert_eq!(by_name.get("/api/me").await.json()["kind"], "person");
}

#[rstest]
#[tokio::test]
async fn people_are_told_apart_by_who_consented(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let (ada, ben) = (app.browser(), app.browser());
    ada.connect().await;
    ben.connect_as("Ben").await;
    let me = async |browser: &connector_testkit::Browser| browser.get("/api/me").await.json();
    let (ada, ben) = (me(&ada).await, me(&ben).await);
    assert_eq!(ada["user"]["email"], "ada@example.com");
    assert_eq!(ben["user"]["email"], "ben@example.com");
    assert_ne!(ada["connection_id"], ben["connection_id"]);
    assert!(ada["session_expires_at"].as_str().unwrap() > app.clock.now().to_string().as_str());
}
