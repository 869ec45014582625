//! The ways in: bearer tokens at the gateway, API tokens at the site, and the limits of both.

use connector_sandbox::{DEFAULT_CLOUD_ID, SandboxOptions};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{ALL_SCOPES, Atlassian, json_of, read};

const BOREALIS: &str = "22222222-2222-4222-8222-222222222222";
const FJORD: &str = "33333333-3333-4333-8333-333333333333";

#[tokio::test]
async fn a_site_has_one_resource_per_product() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let answer = atlassian.get("/oauth/token/accessible-resources").bearer_auth(&tokens.access).send().await;
    let resources = json_of(answer.expect("an answer")).await;
    let resources = resources.as_array().expect("a list");
    assert_eq!(resources.len(), 2);
    assert!(resources.iter().all(|resource| resource["id"] == DEFAULT_CLOUD_ID));
    assert!(resources.iter().all(|resource| resource["url"] == format!("{}/sites/acme", atlassian.url)));
    let scopes: Vec<&Vec<Value>> =
        resources.iter().filter_map(|resource| resource["scopes"].as_array()).collect();
    assert!(scopes[0].iter().all(|scope| scope.as_str().is_some_and(|scope| scope.contains("confluence"))));
    assert!(scopes[1].iter().all(|scope| scope.as_str().is_some_and(|scope| scope.contains("jira"))));
}

#[tokio::test]
async fn a_product_without_scopes_is_no_resource() {
    let (atlassian, _) = Atlassian::connected().await;
    let tokens = atlassian.log_in("read:me read:jira-work").await;
    let answer = atlassian.get("/oauth/token/accessible-resources").bearer_auth(&tokens.access).send().await;
    assert_eq!(json_of(answer.expect("an answer")).await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn me_needs_its_scope() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let me = atlassian.get("/me").bearer_auth(&tokens.access).send().await.expect("an answer");
    assert_eq!(json_of(me).await["email"], json!("ada@example.com"));
    let tokens = atlassian.log_in("read:jira-work").await;
    assert_eq!(
        atlassian.get("/me").bearer_auth(&tokens.access).send().await.expect("an answer").status(),
        401
    );
}

#[rstest]
#[case::classic("read:jira-work", "/ex/jira/{}/rest/api/3/project/search", 200)]
#[case::other_product("read:page:confluence", "/ex/jira/{}/rest/api/3/project/search", 401)]
#[case::part_of_the_granular(
    "read:project:jira read:user:jira",
    "/ex/jira/{}/rest/api/3/project/search",
    401
)]
#[case::user_scope_for_projects("read:jira-user", "/ex/jira/{}/rest/api/3/project/search", 401)]
#[case::work_scope_for_users("read:jira-work", "/ex/jira/{}/rest/api/3/myself", 401)]
#[case::no_scope_needed("read:page:confluence", "/ex/jira/{}/rest/api/3/serverInfo", 200)]
#[case::spaces("read:space:confluence", "/ex/confluence/{}/wiki/api/v2/spaces", 200)]
#[case::spaces_for_pages("read:space:confluence", "/ex/confluence/{}/wiki/api/v2/pages", 401)]
#[case::classic_on_v2("read:confluence-content.all", "/ex/confluence/{}/wiki/api/v2/pages", 401)]
#[case::current_user("read:confluence-user", "/ex/confluence/{}/wiki/rest/api/user/current", 200)]
#[tokio::test]
async fn every_operation_asks_for_its_scopes(#[case] scopes: &str, #[case] path: &str, #[case] status: u16) {
    let (atlassian, _) = Atlassian::connected().await;
    let tokens = atlassian.log_in(scopes).await;
    let path = path.replace("{}", DEFAULT_CLOUD_ID);
    let answer = atlassian.get(&path).bearer_auth(&tokens.access).send().await.expect("an answer");
    assert_eq!(answer.status(), status);
    if status == 401 {
        assert_eq!(answer.headers()["X-Failure-Category"], "FAILURE_CLIENT_SCOPE_CHECK");
        assert_eq!(
            json_of(answer).await,
            json!({ "code": 401, "message": "Unauthorized; scope does not match" })
        );
    }
}

#[rstest]
#[case::jira(&format!("/ex/jira/{DEFAULT_CLOUD_ID}/rest/api/3/project/search"))]
#[case::confluence(&format!("/ex/confluence/{DEFAULT_CLOUD_ID}/wiki/api/v2/spaces"))]
#[case::me("/me")]
#[case::resources("/oauth/token/accessible-resources")]
#[tokio::test]
async fn a_token_is_always_needed(#[case] path: &str) {
    let (atlassian, _) = Atlassian::connected().await;
    let without = atlassian.get(path).send().await.expect("an answer");
    assert_eq!(read(without).await, (401, json!({ "code": 401, "message": "Unauthorized" })));
    let wrong = atlassian.get(path).bearer_auth("nonsense").send().await.expect("an answer");
    assert!(wrong.headers().get("X-Failure-Category").is_none());
    assert_eq!(wrong.status(), 401);
}

#[rstest]
#[case::unknown_site("jira", "44444444-4444-4444-8444-444444444444", 404)]
#[case::not_granted("jira", BOREALIS, 403)]
#[tokio::test]
async fn another_cloud_id_is_refused(#[case] product: &str, #[case] cloud_id: &str, #[case] status: u16) {
    let (atlassian, tokens) = Atlassian::connected().await;
    let path = format!("/ex/{product}/{cloud_id}/rest/api/3/project/search");
    let answer = atlassian.get(&path).bearer_auth(&tokens.access).send().await.expect("an answer");
    let (found, body) = read(answer).await;
    assert_eq!((found, &body["code"]), (status, &json!(status)));
}

#[tokio::test]
async fn a_site_without_confluence_has_none() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let mut form: Vec<(String, String)> =
        atlassian.authorize_url(&[]).query_pairs().map(|(name, value)| (name.into(), value.into())).collect();
    form.extend([("cloud_id".into(), FJORD.into()), ("decision".into(), "accept".into())]);
    let answer = atlassian.request(Method::POST, "/authorize").form(&form).send().await.expect("an answer");
    let code = crate::atlassian::callback_parameter(&answer, "code").expect("a code");
    let tokens = crate::atlassian::tokens(atlassian.exchange(&code, &[]).await).await;
    let get = |path: String| atlassian.get(&path).bearer_auth(&tokens.access).send();
    assert_eq!(
        get(format!("/ex/jira/{FJORD}/rest/api/3/project/search")).await.expect("an answer").status(),
        200
    );
    assert_eq!(
        get(format!("/ex/confluence/{FJORD}/wiki/api/v2/spaces")).await.expect("an answer").status(),
        404
    );
}

#[tokio::test]
async fn unknown_paths_have_the_errors_of_their_product() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let jira = atlassian.jira(&tokens, "/nope/at/all").await;
    assert_eq!(jira.headers()["content-type"], "application/problem+json");
    let (status, body) = read(jira).await;
    assert_eq!((status, &body["detail"]), (404, &json!("No endpoint GET /rest/api/3/nope/at/all.")));
    let (status, body) = read(atlassian.confluence(&tokens, "/wiki/api/v2/nope").await).await;
    assert_eq!((status, &body["errors"][0]["code"]), (404, &json!("NOT_FOUND")));
    let (status, body) = read(atlassian.confluence(&tokens, "/wiki/rest/api/content").await).await;
    assert_eq!((status, &body["statusCode"]), (410, &json!(410)));
}

#[tokio::test]
async fn the_site_knows_api_tokens_but_no_bearer() {
    let (atlassian, tokens) = Atlassian::connected().await;
    let me = json_of(atlassian.site("ada@example.com", "/rest/api/3/myself").await).await;
    assert_eq!(me["emailAddress"], json!("ada@example.com"));
    for path in
        ["/wiki/api/v2/spaces", "/api/v2/spaces", "/wiki/rest/api/user/current", "/rest/api/2/project/search"]
    {
        assert_eq!(atlassian.site("ada@example.com", path).await.status(), 200, "{path}");
    }
    let bearer = atlassian.get("/sites/acme/rest/api/3/myself").bearer_auth(&tokens.access).send().await;
    assert_eq!(bearer.expect("an answer").status(), 403);
}

#[tokio::test]
async fn without_credentials_a_site_looks_empty() {
    let (atlassian, _) = Atlassian::connected().await;
    let projects = atlassian.get("/sites/acme/rest/api/3/project/search").send().await.expect("an answer");
    assert_eq!(projects.status(), 200);
    assert_eq!(json_of(projects).await["total"], json!(0));
    let pages = atlassian
        .get("/sites/acme/wiki/api/v2/pages")
        .basic_auth("ada@example.com", Some("wrong"))
        .send()
        .await;
    assert_eq!(json_of(pages.expect("an answer")).await["results"], json!([]));
    let me = atlassian.get("/sites/acme/rest/api/3/myself").send().await.expect("an answer");
    assert_eq!(me.status(), 401);
}

#[tokio::test]
async fn a_colleague_sees_less() {
    let (atlassian, _) = Atlassian::connected().await;
    let total = async |person: &str| {
        json_of(atlassian.site(person, "/rest/api/3/project/search").await).await["total"].clone()
    };
    assert_eq!(total("ada@example.com").await, json!(12));
    assert_eq!(total("ben@example.com").await, json!(11));
    assert_eq!(atlassian.site("ben@example.com", "/rest/api/3/project/SEC").await.status(), 404);
    assert_eq!(atlassian.site("ada@example.com", "/rest/api/3/project/SEC").await.status(), 200);
}

#[tokio::test]
async fn bursts_are_limited_per_endpoint() {
    let (atlassian, tokens) =
        Atlassian::connected_with(SandboxOptions { rate_limit: Some(2), ..SandboxOptions::default() }).await;
    let mut refused = None;
    for _ in 0..10 {
        let answer = atlassian.jira(&tokens, "/project/search").await;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.headers()["X-RateLimit-Limit"], "2");
    }
    let refused = refused.expect("ten requests in a row are too many");
    assert_eq!(refused.headers()["Retry-After"], "1");
    assert_eq!(refused.headers()["RateLimit-Reason"], "jira-burst-based");
    assert_eq!(refused.headers()["X-RateLimit-Remaining"], "0");
    assert_eq!(atlassian.jira(&tokens, "/myself").await.status(), 200);
    atlassian.advance(2).await;
    assert_eq!(atlassian.jira(&tokens, "/project/search").await.status(), 200);
}

#[tokio::test]
async fn points_run_out_until_the_hour_ends() {
    let options = SandboxOptions { points_per_hour: Some(20), ..SandboxOptions::default() };
    let (atlassian, tokens) = Atlassian::connected_with(options).await;
    // Twelve projects and the call itself are 13 points.
    let first = atlassian.jira(&tokens, "/project/search").await;
    assert_eq!(first.headers()["Beta-RateLimit-Policy"], "\"global-app-quota\";q=20;w=3600");
    assert!(first.headers().get("Beta-RateLimit").is_none());
    let second = atlassian.jira(&tokens, "/project/search").await;
    assert!(second.headers().get("Beta-RateLimit").is_some());
    let refused = atlassian.confluence(&tokens, "/wiki/api/v2/spaces").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["RateLimit-Reason"], "confluence-quota-global-based");
    let wait: i64 = refused.headers()["Retry-After"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=3601).contains(&wait));
    // API tokens are not part of the app's quota.
    assert_eq!(atlassian.site("ada@example.com", "/rest/api/3/project/search").await.status(), 200);
    atlassian.advance(wait).await;
    let tokens = atlassian.log_in(ALL_SCOPES).await;
    assert_eq!(atlassian.jira(&tokens, "/project/search").await.status(), 200);
}
