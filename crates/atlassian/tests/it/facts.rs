//! What Atlassian's hosts were seen to answer when they refuse, each by the number that it has among the collected
//! facts, with the recorded answer.

use connector_atlassian::jira::{Jql, Search};
use connector_atlassian::{ApiError, Retry, TokenError, union_by_site};
use connector_domain::RefreshToken;

use crate::fixtures::recorded;
use crate::stub::{Reply, Stub};
use crate::{app, client, cloud_id, token};

/// How a call of an API ends that is answered so; `None` where no recorded answers are at hand.
async fn call(name: &str) -> Option<ApiError> {
    let stub = Stub::in_turn(vec![recorded(name)?]).await;
    Some(client(&stub.url).me(&token()).await.unwrap_err())
}

async fn refresh(reply: Reply) -> TokenError {
    let stub = Stub::in_turn(vec![reply]).await;
    client(&stub.url).refresh(&app(), &RefreshToken::new("old")).await.unwrap_err()
}

fn says(error: &impl ToString, text: &str) -> bool {
    error.to_string().contains(text)
}

/// One grant reaches several sites; 8: what it covers is said of each, since a later consent replaces the scopes.
#[tokio::test]
async fn facts_07_and_08_a_grant_covers_each_site_differently() {
    let Some(reply) = recorded("doc-accessible-resources-two-products") else { return };
    let stub = Stub::in_turn(vec![reply]).await;
    let sites = union_by_site(client(&stub.url).accessible_resources(&token()).await.unwrap());
    assert_eq!((sites.len(), sites[0].scopes.iter().count()), (1, 3));
}

#[tokio::test]
async fn fact_26_an_unknown_refresh_token_ends_the_grant() {
    let Some(reply) = recorded("obs-oauth-refresh-invalid-grant") else { return };
    let error = refresh(reply).await;
    assert!(matches!(&error, TokenError::Refused { error, .. } if error == "invalid_grant"), "{error}");
}

#[tokio::test]
async fn fact_27_an_invalid_refresh_token_ends_the_grant_under_another_name() {
    let Some(reply) = recorded("obs-oauth-refresh-unauthorized-client") else { return };
    let error = refresh(reply).await;
    assert!(matches!(&error, TokenError::Refused { error, .. } if error == "unauthorized_client"), "{error}");
}

#[tokio::test]
async fn fact_28_nothing_else_ends_a_grant() {
    let Some(reply) = recorded("obs-oauth-bad-client-secret") else { return };
    let error = refresh(reply).await;
    assert!(matches!(error, TokenError::Misconfigured { .. }), "{error}");
    for status in [429, 500, 503] {
        let error = refresh(Reply::new(status, r#"{"error":"invalid_grant"}"#)).await;
        assert!(matches!(error, TokenError::RateLimited { .. } | TokenError::Unavailable { .. }), "{error}");
    }
}

#[tokio::test]
async fn fact_45_a_scope_that_does_not_match_is_no_expired_token() {
    let Some(error) = call("obs-gateway-401-scope").await else { return };
    assert!(matches!(error, ApiError::ScopeMissing { .. }), "{error}");
}

#[tokio::test]
async fn fact_46_an_expired_token_is_told_from_the_rest_or_left_to_the_caller() {
    let Some(error) = call("obs-gateway-401-token").await else { return };
    assert_eq!(error, ApiError::TokenExpired);
    // Seen for expired tokens too: the caller compares with the token's expiry.
    let error = call("obs-confluence-v2-404").await.unwrap();
    assert!(matches!(error, ApiError::NotVisible { status: 404, .. }), "{error}");
}

#[tokio::test]
async fn fact_62_a_project_that_cannot_be_seen_fails_the_query_as_not_visible() {
    let Some(reply) = recorded("obs-jira-400-project-value") else { return };
    let stub = Stub::in_turn(vec![reply]).await;
    let search = Search { page_token: Some("t".to_owned()), ..Search::new(Jql::project(1)) };
    let error = client(&stub.url).jira(&cloud_id()).search(&token(), &search).await.unwrap_err();
    assert!(matches!(error, ApiError::NotVisible { status: 400, .. }), "{error}");
}

#[tokio::test]
async fn fact_129_jira_s_shapes_are_read() {
    let Some(error) = call("obs-jira-404-issue").await else { return };
    assert!(says(&error, "Issue does not exist or you do not have permission"), "{error}");
    let error = call("obs-jira-404-route").await.unwrap();
    assert!(matches!(error, ApiError::NotVisible { status: 404, .. }) && !says(&error, "{\""), "{error}");
    let error = call("obs-jira-410-old-search").await.unwrap();
    assert!(matches!(error, ApiError::InvalidRequest { status: Some(410), .. }), "{error}");
}

#[tokio::test]
async fn fact_130_confluence_s_shapes_are_read() {
    let Some(error) = call("obs-confluence-v2-404").await else { return };
    assert!(says(&error, "Not Found") && !says(&error, "{\""), "{error}");
    let error = call("obs-confluence-v1-410").await.unwrap();
    assert!(says(&error, "has been removed") && !says(&error, "{\""), "{error}");
    let error = call("obs-confluence-v1-error-shape").await.unwrap();
    assert!(matches!(error, ApiError::NotVisible { .. }) && !says(&error, "{\""), "{error}");
}

#[tokio::test]
async fn fact_131_the_gateway_s_shape_is_read_and_pages_of_the_edge_are_cut() {
    let Some(error) = call("obs-gateway-403-not-installed").await else { return };
    assert!(matches!(error, ApiError::NotInstalled { .. }) && !says(&error, "{\""), "{error}");
    let error = call("obs-site-403-opaque-bearer").await.unwrap();
    assert!(says(&error, "Failed to parse Connect Session Auth Token"), "{error}");
    let page = format!("<html>{}</html>", "sorry ".repeat(200));
    let stub = Stub::in_turn(vec![Reply::new(502, page)]).await;
    let error = client(&stub.url).with_retry(Retry::NEVER).me(&token()).await.unwrap_err();
    assert!(matches!(error, ApiError::Unavailable { .. }) && error.to_string().len() < 300, "{error}");
}
