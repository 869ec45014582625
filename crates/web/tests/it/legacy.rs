//! The seed's own login routes, one for each product, and the same under `/api`.

use connector_store::Engine;
use connector_testkit::{TestApp, parameter};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn a_legacy_login_ends_at_the_frontend_s_callback_with_the_user(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("/auth", "/api/auth")] prefix: &str,
    #[values("jira", "confluence")] provider: &str,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let login = format!("{prefix}/{provider}/login");

    let landing = browser.connect_by(&format!("{login}?state=mine")).await.location();
    assert_eq!(landing.path(), "/connected/oauth/callback");
    let given: Vec<_> =
        landing.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let expected = [("provider", provider), ("status", "success"), ("user_id", "1"), ("state", "mine")];
    assert_eq!(given, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    browser.for_pages().get(landing.as_str()).await.expect(200);

    let landing = browser.connect_by(&login).await.location();
    assert_eq!(parameter(&landing, "state"), None, "none is made up");
}

#[rstest]
#[tokio::test]
async fn the_tokens_are_stored_on_the_user_who_consented(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    for email in ["first@example.com", "ADA@example.com"] {
        browser.post("/users", &json!({"email": email})).await.expect(201);
    }
    let landing = browser.connect_by("/auth/jira/login").await.location();
    assert_eq!(parameter(&landing, "user_id").as_deref(), Some("2"), "Ada, not the first user");
    let connections = browser.get("/api/connections").await.json();
    assert_eq!(connections["items"][0]["user_id"], 2);
    assert_eq!(connections["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn where_the_consent_does_not_tell_who_it_is_the_first_user_is_meant() {
    let scopes = "read:jira-work offline_access";
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.scopes = scopes.to_owned()).await.unwrap();
    let browser = app.browser();
    let callback = browser.accept("/auth/jira/login").await;
    assert!(browser.get(callback.as_str()).await.detail(400).contains("POST /users"));
    browser.post("/users", &json!({"email": "first@example.com"})).await.expect(201);
    let landing = browser.connect_by("/auth/jira/login").await.location();
    assert_eq!(parameter(&landing, "user_id").as_deref(), Some("1"));
}

#[tokio::test]
async fn a_legacy_login_asks_for_both_products_of_an_app_that_serves_both() {
    // Atlassian keeps one grant per app and person: a narrower consent would take the other product away.
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let authorize = app.browser().begin("/auth/jira/login").await;
    let scope = parameter(&authorize, "scope").unwrap();
    assert!(scope.contains("read:jira-work") && scope.contains("read:page:confluence"), "{scope}");
}

#[tokio::test]
async fn an_app_of_their_own_returns_to_the_legacy_callback() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.own_jira_app = true).await.unwrap();
    let browser = app.browser();
    let authorize = browser.begin("/auth/jira/login").await;
    assert!(!parameter(&authorize, "scope").unwrap().contains("confluence"));
    let callback = browser.decide(&browser.consent_form(&authorize).await, "accept").await;
    assert_eq!(callback.path(), "/auth/jira/callback");
    let landing = browser.get(callback.as_str()).await.expect(302).location();
    assert_eq!(landing.path(), "/connected/oauth/callback");
    assert_eq!(parameter(&landing, "status").as_deref(), Some("success"));
}

#[rstest]
#[case("/auth/jira/callback", "jira")]
#[case("/auth/confluence/callback", "confluence")]
#[case("/api/auth/jira/callback", "jira")]
#[case("/api/auth/confluence/callback", "confluence")]
#[tokio::test]
async fn a_failure_ends_at_the_frontend_s_callback_too(#[case] path: &str, #[case] provider: &str) {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let answer = app.browser().for_pages().get(&format!("{path}?code=x&state=unknown")).await;
    let landing = answer.expect(302).location();
    assert_eq!(landing.path(), "/connected/oauth/callback");
    assert_eq!(parameter(&landing, "provider").as_deref(), Some(provider));
    assert_eq!(parameter(&landing, "status").as_deref(), Some("error"));
    app.browser().get(&format!("{path}?code=x&state=unknown")).await.problem(400);
}

#[tokio::test]
async fn there_are_no_other_products() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for path in ["/auth/bitbucket/login", "/api/auth/trello/callback"] {
        assert_eq!(app.browser().get(path).await.pointers(), ["/path/provider"]);
    }
}
