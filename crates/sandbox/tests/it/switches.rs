//! Behaviour that differs between reports, and the forms of 429.

use connector_sandbox::{DeadGrant, ExpiredToken, SandboxOptions, Siblings};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, json_of, tokens};

#[rstest]
#[case(DeadGrant::InvalidGrant, ["invalid_grant", "invalid_grant"])]
#[case(DeadGrant::UnauthorizedClient, ["unauthorized_client", "unauthorized_client"])]
#[case(DeadGrant::Alternate, ["invalid_grant", "unauthorized_client"])]
#[tokio::test]
async fn a_dead_grant_has_the_answer_that_was_asked_for(
    #[case] dead_grant: DeadGrant,
    #[case] expected: [&str; 2],
) {
    let atlassian = Atlassian::start(SandboxOptions { dead_grant, ..SandboxOptions::default() }).await;
    for error in expected {
        let answer = atlassian.refresh("nonsense").await;
        assert_eq!(answer.status(), 403);
        assert_eq!(json_of(answer).await["error"], json!(error));
    }
    atlassian.control(Method::PATCH, "/switches", json!({ "dead_grant": "invalid_grant" })).await;
    for _ in 0..2 {
        assert_eq!(json_of(atlassian.refresh("nonsense").await).await["error"], json!("invalid_grant"));
    }
}

#[rstest]
#[case::lenient(Siblings::Lenient, 200)]
#[case::strict(Siblings::Strict, 403)]
#[tokio::test]
async fn an_answer_that_was_asked_for_again_ends_the_one_before(
    #[case] siblings: Siblings,
    #[case] status: u16,
) {
    let options = SandboxOptions { siblings, ..SandboxOptions::default() };
    let (atlassian, first) = Atlassian::connected_with(options).await;
    let refresh = first.refresh.expect("a refresh token");
    let lost = tokens(atlassian.refresh(&refresh).await).await;
    let newest = tokens(atlassian.refresh(&refresh).await).await;
    let works = async |token: &str| {
        atlassian.get("/me").bearer_auth(token).send().await.expect("an answer").status() == 200
    };
    assert_eq!(works(&lost.access).await, status == 200);
    assert!(works(&newest.access).await);
    assert_eq!(atlassian.refresh(&lost.refresh.expect("a token")).await.status(), status);
    assert_eq!(atlassian.refresh(&newest.refresh.expect("a token")).await.status(), 200);
}

#[tokio::test]
async fn an_expired_token_may_look_like_a_missing_page() {
    let options = SandboxOptions { expired_token: ExpiredToken::Hidden, ..SandboxOptions::default() };
    let (atlassian, tokens) = Atlassian::connected_with(options).await;
    let status = async |path: &str| atlassian.confluence(&tokens, path).await.status().as_u16();
    assert_eq!(status("/wiki/api/v2/spaces").await, 200);
    atlassian.advance(3601).await;
    assert_eq!(status("/wiki/api/v2/spaces").await, 404);
    assert_eq!(status("/wiki/rest/api/user/current").await, 403);
    assert_eq!(atlassian.jira(&tokens, "/myself").await.status(), 401);
    atlassian.control(Method::PATCH, "/switches", json!({ "expired_token": "unauthorized" })).await;
    assert_eq!(status("/wiki/api/v2/spaces").await, 401);
}

#[rstest]
#[case::burst("burst", Some("jira-burst-based"), true)]
#[case::quota("quota", Some("jira-quota-global-based"), true)]
#[case::tenant("tenant_quota", Some("jira-quota-tenant-based"), true)]
#[case::bare("no_retry_after", None, false)]
#[case::html("html", None, false)]
#[tokio::test]
async fn too_many_requests_has_many_forms(
    #[case] form: &str,
    #[case] reason: Option<&str>,
    #[case] retry_after: bool,
) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let fault = json!({ "match": { "path": "*/myself" }, "times": 1, "action": { "rate_limit": form } });
    atlassian.control(Method::POST, "/faults", fault).await;
    let answer = atlassian.jira(&tokens, "/myself").await;
    assert_eq!(answer.status(), 429);
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text"));
    assert_eq!(header("ratelimit-reason"), reason);
    assert_eq!(header("retry-after").is_some(), retry_after);
    assert_eq!(header("content-type").is_some_and(|kind| kind.starts_with("text/html")), form == "html");
    assert_eq!(atlassian.jira(&tokens, "/myself").await.status(), 200);
}

#[tokio::test]
async fn switches_are_shown_and_unknown_ones_refused() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let shown = atlassian.control(Method::GET, "/switches", Value::Null).await;
    let expected = json!({
        "dead_grant": "alternate",
        "siblings": "lenient",
        "expired_token": "unauthorized",
        "ignore_pkce": false,
        "app": "shared",
        "grants": "account",
        "index_lag": 0,
        "date_skew": 0,
        "token_limit": null,
        "people_search": "open",
    });
    assert_eq!(shown, expected);
    let wrong = atlassian.request(Method::PATCH, "/__sandbox/switches").json(&json!({ "colour": "red" }));
    assert_eq!(wrong.send().await.expect("an answer").status(), 422);
}

#[rstest]
#[case("forbidden", 403)]
#[case("too_slow", 409)]
#[tokio::test]
async fn the_list_of_people_is_refused_when_told_so(#[case] how: &str, #[case] status: u16) {
    let (atlassian, tokens) = Atlassian::connected_with(SandboxOptions::default()).await;
    atlassian.control(Method::PATCH, "/switches", json!({ "people_search": how })).await;
    assert_eq!(atlassian.jira(&tokens, "/users/search").await.status(), status);
    assert_eq!(atlassian.jira(&tokens, "/myself").await.status(), 200);
    atlassian.control(Method::PATCH, "/switches", json!({ "people_search": "open" })).await;
    assert_eq!(atlassian.jira(&tokens, "/users/search").await.status(), 200);
}
